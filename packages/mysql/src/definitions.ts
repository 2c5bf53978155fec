import type { ObjectDefinition, ObjectDefinitions, ObjectKind, ObjectType } from '@dbsync/core/plugin'
import type { MysqlConnection } from './connection.ts'
import { serverErrno } from './errors.ts'
import { quoteId, quoteText } from './identifiers.ts'
import { parseObject } from './object-text.ts'
import { sameName, visibleKinds } from './objects.ts'
import { quotingOf } from './sql-tokens.ts'

type Cell = string | null

/** One object as information_schema lists it. */
type Listed = { readonly kind: ObjectKind; readonly type: ObjectType; readonly name: string; readonly trigger?: NonNullable<ObjectDefinition['trigger']> }
type Unreadable = ObjectDefinitions['unreadable'][number]

/** Views, triggers, routines and events of a database with their texts, as far as these rights show them. */
export async function readDefinitions(connection: MysqlConnection, database: string, kinds: readonly ObjectKind[]): Promise<ObjectDefinitions> {
  const seen = await visibleKinds(connection, database)
  const [[user = null] = []] = await connection.query('SELECT CURRENT_USER()')
  const [[collation] = []] = await connection.query(`SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${quoteText(database)}`)
  const objects: ObjectDefinition[] = []
  const unreadable: Unreadable[] = []
  // The server keeps a text in the character set of the client that wrote it.
  await connection.execute('SET character_set_results = utf8mb4')
  try {
    for (const kind of kinds) {
      const { listed, strange } = await list(connection, database, kind)
      unreadable.push(...strange)
      for (const object of listed) {
        const read = await readOne(connection, database, object, user ?? '')
        if (read === undefined) continue
        if ('reason' in read) unreadable.push(read)
        else objects.push(read)
      }
    }
  } finally {
    if (connection.alive) await connection.execute('SET character_set_results = NULL')
  }
  return {
    objects,
    unreadable,
    complete: kinds.filter((kind) => seen.has(kind)),
    hidden: kinds
      .filter((kind) => !seen.has(kind))
      .map((kind) => `${kind} of ${database} are not visible with these rights: ${grantFor(connection, kind, database, user)}`),
    settings: collation ? { collation } : {},
  }
}

async function list(
  connection: MysqlConnection,
  database: string,
  kind: ObjectKind,
): Promise<{ readonly listed: readonly Listed[]; readonly strange: Unreadable[] }> {
  const ask = async (columns: string, table: string, schema: string, rest: string): Promise<readonly (readonly Cell[])[]> => {
    const rows = await connection.query(`SELECT ${schema}, ${columns} FROM information_schema.${table} WHERE ${schema} = ${quoteText(database)} ${rest}`)
    return rows.filter(([found]) => sameName(connection, found ?? '', database)).map((row) => row.slice(1))
  }
  const named = (rows: readonly (readonly Cell[])[], type: ObjectType): readonly Listed[] => rows.map(([name]) => ({ kind, type, name: name ?? '' }))
  switch (kind) {
    case 'views':
      return { listed: named(await ask('TABLE_NAME', 'TABLES', 'TABLE_SCHEMA', "AND TABLE_TYPE = 'VIEW' ORDER BY TABLE_NAME"), 'view'), strange: [] }
    case 'events':
      return { listed: named(await ask('EVENT_NAME', 'EVENTS', 'EVENT_SCHEMA', 'ORDER BY EVENT_NAME'), 'event'), strange: [] }
    case 'routines': {
      const rows = await ask('ROUTINE_NAME, ROUTINE_TYPE', 'ROUTINES', 'ROUTINE_SCHEMA', 'ORDER BY ROUTINE_TYPE, ROUTINE_NAME')
      const of = (type: string) => rows.filter((row) => row[1] === type)
      const strange = rows.filter((row) => row[1] !== 'FUNCTION' && row[1] !== 'PROCEDURE')
      return {
        listed: [...named(of('FUNCTION'), 'function'), ...named(of('PROCEDURE'), 'procedure')],
        strange: strange.map(([name, type]) => ({
          kind,
          type: (type ?? '').toLowerCase(),
          name: name ?? '',
          reason: `is a ${(type ?? '').toLowerCase()}, which dbsync does not copy`,
        })),
      }
    }
    case 'triggers': {
      const order = 'ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER'
      const rows = await ask('TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION', 'TRIGGERS', 'TRIGGER_SCHEMA', order)
      const trigger = ([name, table, timing, event]: readonly Cell[]): Listed => ({
        kind,
        type: 'trigger',
        name: name ?? '',
        trigger: { table: table ?? '', moment: `${timing} ${event}` },
      })
      return { listed: rows.map(trigger), strange: [] }
    }
  }
}

/** It has gone since it was listed. */
const GONE = new Set([1146, 1305, 1360, 1539])
const DENIED = new Set([1044, 1142, 1227, 1370])
const VIEW_INVALID = '1356'

async function readOne(connection: MysqlConnection, database: string, object: Listed, user: string): Promise<ObjectDefinition | Unreadable | undefined> {
  const { kind, type, name } = object
  const unreadable = (reason: string): Unreadable => ({ kind, type, name, reason })
  const hidden = () => unreadable(`has a text that these rights hide: ${grantFor(connection, kind, database, user)}`)
  try {
    const [row] = await connection.query(`SHOW CREATE ${type.toUpperCase()} ${quoteId(database)}.${quoteId(name)}`)
    const broken = type === 'view' ? (await connection.query('SHOW WARNINGS')).find(([, code]) => code === VIEW_INVALID) : undefined
    if (broken !== undefined) return { ...unreadable(`is broken at ${connection.server.label}: ${broken[2]}`), broken: true }
    const { create, settings } = columnsOf(type, row ?? [])
    if (create === undefined) return hidden()
    const { definer, ...text } = parseObject(type, create, quotingOf(settings['sql_mode'] ?? ''))
    return { ...object, database, ...text, settings, definer, own: definer === user }
  } catch (error) {
    const errno = serverErrno(error) ?? 0
    if (connection.alive && GONE.has(errno)) return undefined
    if (connection.alive && DENIED.has(errno)) return hidden()
    throw error
  }
}

/** Each statement answers with columns of its own. A text that is NULL may not be seen. */
function columnsOf(type: ObjectType, row: readonly Cell[]): { readonly create: string | undefined; readonly settings: Record<string, string> } {
  const names = {
    view: ['', 'create', 'character_set_client', 'collation_connection'],
    trigger: ['', 'sql_mode', 'create', 'character_set_client', 'collation_connection', 'database_collation'],
    procedure: ['', 'sql_mode', 'create', 'character_set_client', 'collation_connection', 'database_collation'],
    function: ['', 'sql_mode', 'create', 'character_set_client', 'collation_connection', 'database_collation'],
    event: ['', 'sql_mode', 'time_zone', 'create', 'character_set_client', 'collation_connection', 'database_collation'],
  }[type]
  const found = new Map(names.map((name, i) => [name, row[i] ?? undefined]))
  const settings = [...found].flatMap(([name, value]) => (name === '' || name === 'create' || value === undefined ? [] : [[name, value] as const]))
  return { create: found.get('create'), settings: Object.fromEntries(settings) }
}

/** What it takes to see the texts of this kind. */
export function grantFor({ server }: MysqlConnection, kind: ObjectKind, database: string, user: Cell): string {
  const to = `TO ${account(user ?? '')};`
  const on = `ON ${quoteId(database)}.*`
  switch (kind) {
    case 'views':
      return `GRANT SELECT, SHOW VIEW ${on} ${to}`
    case 'triggers':
      return `GRANT TRIGGER ${on} ${to}`
    case 'events':
      return `GRANT EVENT ${on} ${to}`
    case 'routines':
      if (server.flavour === 'mysql')
        return server.versionNumber >= 80020
          ? `GRANT SHOW_ROUTINE ON *.* ${to}`
          : `GRANT SELECT ON ${server.versionNumber >= 80000 ? '*.*' : 'mysql.proc'} ${to}`
      return server.versionNumber >= 110300 ? `GRANT SHOW CREATE ROUTINE ${on} ${to}` : `GRANT SELECT ON mysql.proc ${to}`
  }
}

/** `'user'@'host'`: a user's name may hold an @, a host's may not. */
export function account(user: string): string {
  const at = user.lastIndexOf('@')
  const quote = (text: string) => `'${text.replaceAll("'", "''")}'`
  return at < 0 ? quote(user) : `${quote(user.slice(0, at))}@${quote(user.slice(at + 1))}`
}
