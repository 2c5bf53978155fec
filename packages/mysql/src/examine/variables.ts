import type { Fix } from '@dbsync/core/plugin'
import type { MysqlConnection } from '../connection.ts'
import { quoteText } from '../identifiers.ts'

/** Global settings of a server, as far as it has them. */
export type Variables = ReadonlyMap<string, string>

/** SHOW and not SELECT: a setting that this server does not know is missing in the answer instead of being an error. */
export async function readVariables(connection: MysqlConnection, names: readonly string[], signal: AbortSignal): Promise<Variables> {
  const rows = await connection.query(`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names.map(quoteText).join(', ')})`, signal)
  return new Map(rows.map(([name, value]) => [(name ?? '').toLowerCase(), value ?? '']))
}

/** Sets it now, and says what the option file needs so that it holds after a restart. */
export const setGlobal = (name: string, value: string | number): Fix => ({
  by: 'sql',
  statements: [`SET GLOBAL ${name} = ${typeof value === 'number' ? value : `'${value}'`};`],
  keep: `${name} = ${value}`,
})
