import type { MysqlConnection } from './connection.ts'

export type Grant = {
  /** Upper case; `ALL PRIVILEGES` as it is. Column lists are left out: see `columns`. */
  readonly privileges: ReadonlySet<string>
  /** What it is on; a database may be a pattern. */
  readonly on: { readonly level: 'global' } | { readonly level: 'database'; readonly pattern: string } | { readonly level: 'object' }
  readonly grantee: string
  /** A partial revoke of MySQL: takes away what a wider grant gives. */
  readonly revoke: boolean
}

/** All that this session may do, roles in force included. */
export async function grants(connection: MysqlConnection): Promise<readonly Grant[]> {
  const lines = (await connection.query('SHOW GRANTS')).map(([line]) => line ?? '')
  if (connection.server.flavour === 'mysql' && connection.server.versionNumber >= 80000) {
    const [[roles] = []] = await connection.query('SELECT CURRENT_ROLE()')
    if (roles && roles !== 'NONE') lines.push(...(await connection.query(`SHOW GRANTS FOR CURRENT_USER() USING ${roles}`)).map(([line]) => line ?? ''))
  }
  return lines.flatMap((line) => parseGrant(line) ?? [])
}

const LINE =
  /^(GRANT|REVOKE) (.+?) ON (?:(?:TABLE|FUNCTION|PROCEDURE|PACKAGE|PACKAGE BODY) )?(\*|`(?:[^`]|``)*`|"(?:[^"]|"")*"|'(?:[^']|'')*')\.(\*|`(?:[^`]|``)*`|\S+) (?:TO|FROM) (\S+)/s

export function parseGrant(line: string): Grant | undefined {
  const match = LINE.exec(line)
  if (match === null) return undefined
  const [, verb, privileges = '', database = '', object = '', grantee = ''] = match
  const names = privileges.replace(/\([^)]*\)/g, '(columns)').split(', ')
  return {
    privileges: new Set(names.filter((name) => !name.includes('(columns)')).map((name) => name.trim().toUpperCase())),
    on: database === '*' ? { level: 'global' } : object === '*' ? { level: 'database', pattern: unquote(database) } : { level: 'object' },
    grantee,
    revoke: verb === 'REVOKE',
  }
}

const unquote = (name: string): string => name.slice(1, -1).replaceAll('``', '`')

/**
 * Whether one of `privileges` holds for everything in `database`. Of one account's patterns the server uses the most specific only,
 * so where several fit all of them must grant it.
 */
export function holds(all: readonly Grant[], database: string, privileges: readonly string[]): boolean {
  const gives = (grant: Grant) => grant.privileges.has('ALL PRIVILEGES') || grant.privileges.has('ALL') || privileges.some((name) => grant.privileges.has(name))
  const fits = (grant: Grant) => grant.on.level === 'database' && matches(grant.on.pattern, database)
  if (all.some((grant) => grant.revoke && gives(grant) && fits(grant))) return false
  const granted = all.filter((grant) => !grant.revoke)
  if (granted.some((grant) => grant.on.level === 'global' && gives(grant))) return true
  for (const grantee of new Set(granted.map((grant) => grant.grantee))) {
    const fitting = granted.filter((grant) => grant.grantee === grantee && fits(grant))
    const exact = fitting.filter((grant) => grant.on.level === 'database' && literal(grant.on.pattern) === database)
    const deciding = exact.length > 0 ? exact : fitting
    if (deciding.length > 0 && deciding.every(gives)) return true
  }
  return false
}

/** Whether what holds for `database` comes from a pattern: a GRANT on its own name takes that one's place there, and with it all that it gave. */
export const grantedByPattern = (all: readonly Grant[], database: string): boolean => {
  const fitting = all.flatMap(({ on, revoke }) => (!revoke && on.level === 'database' && matches(on.pattern, database) ? [on.pattern] : []))
  return fitting.length > 0 && !fitting.some((pattern) => literal(pattern) === database)
}

/** A database pattern without wildcards as the name that it stands for. */
function literal(pattern: string): string | undefined {
  const plain = pattern.replace(/\\([_%])/g, '')
  return /[_%]/.test(plain) ? undefined : pattern.replace(/\\([_%])/g, '$1')
}

function matches(pattern: string, database: string): boolean {
  if (pattern === database) return true
  const source = pattern.replace(/\\([_%])|([_%])|([\s\S])/g, (_, escaped?: string, wild?: string, other?: string) => {
    if (wild !== undefined) return wild === '_' ? '[\\s\\S]' : '[\\s\\S]*'
    return (escaped ?? other ?? '').replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
  })
  return new RegExp(`^${source}$`, 'iu').test(database)
}
