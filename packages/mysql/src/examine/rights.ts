import type { Finding } from '@dbsync/core/plugin'
import type { MysqlConnection } from '../connection.ts'
import { type Grant, grantedByPattern, holds } from '../grants.ts'
import { quoteId } from '../identifiers.ts'

/** Rights that must hold for everything in one database. */
export type Need = {
  readonly database: string
  readonly privileges: readonly string[]
  readonly level: 'failure' | 'warning'
  /** What does not work without them, to follow "… lacks X on Y:". */
  readonly why: string
}

/** The account by which the server knows this session, as it names it: `user@host`. */
export async function currentUser(connection: MysqlConnection): Promise<string> {
  const [[user] = []] = await connection.query('SELECT CURRENT_USER()')
  return user ?? connection.user
}

/** One finding for each need that is not met, with the GRANT that meets it. */
export function rightsFindings(all: readonly Grant[], user: string, needs: readonly Need[]): readonly Finding[] {
  return needs.flatMap(({ database, privileges, level, why }): readonly Finding[] => {
    const missing = privileges.filter((privilege) => !holds(all, database, [privilege]))
    if (missing.length === 0) return []
    const granted = grantedByPattern(all, database) ? privileges : missing
    return [
      {
        level,
        ...(level === 'failure' ? { kind: 'privilege' as const } : {}),
        id: 'rights',
        message: `${user} lacks ${missing.join(', ')} on ${database}: ${why}.`,
        fix: { by: 'sql', statements: [`GRANT ${granted.join(', ')} ON ${onDatabase(database)} TO ${user};`] },
      },
    ]
  })
}

/** In a GRANT a database's name is a pattern. */
export const onDatabase = (database: string): string => `${quoteId(database.replaceAll(/[_%\\]/g, '\\$&'))}.*`
