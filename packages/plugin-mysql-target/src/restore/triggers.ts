import type { TableRef } from '@dbsync/core/plugin'
import { type MysqlConnection, quoteId, quoteTable, quoteText, sameName } from '@dbsync/mysql'

/** A trigger as it is made again, under the database of its table. */
export type Trigger = {
  readonly table: TableRef
  readonly name: string
  /** `BEFORE INSERT`. */
  readonly when: string
  readonly definer: string
  readonly body: string
  /** The session in which it was made decides what the body means. */
  readonly sqlMode: string
  readonly charset: string
  readonly collation: string
}

/** The triggers of a database that these rights show, in the order in which making them again gives the same order. */
export async function readTriggers(connection: MysqlConnection, database: string, signal: AbortSignal): Promise<readonly Trigger[]> {
  const columns = 'TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, DEFINER, SQL_MODE'
  const order = 'ORDER BY EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER'
  // The text comes in the character set of whoever made it, unless it is asked for in another one.
  await connection.execute('SET character_set_results = utf8mb4', signal)
  const rows = await connection.query(`SELECT ${columns} FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${quoteText(database)} ${order}`, signal)
  const triggers: Trigger[] = []
  for (const [schema, name, table, timing, event, definer, sqlMode] of rows) {
    if (!sameName(connection, schema ?? '', database)) continue
    const [shown] = await connection.query(`SHOW CREATE TRIGGER ${quoteTable({ database, name: name ?? '' })}`, signal)
    const [, , statement, charset, collation] = shown ?? []
    triggers.push({
      table: { database, name: table ?? '' },
      name: name ?? '',
      when: `${timing} ${event}`,
      definer: definer ?? '',
      body: triggerBody(statement ?? ''),
      sqlMode: sqlMode ?? '',
      charset: charset ?? '',
      collation: collation ?? '',
    })
  }
  await connection.execute('SET character_set_results = NULL', signal)
  return triggers
}

export const dropTrigger = ({ table, name }: Trigger): string => `DROP TRIGGER IF EXISTS ${quoteTable({ database: table.database, name })}`

export const createTrigger = ({ table, name, when, definer, body }: Trigger): string =>
  `CREATE ${definerClause(definer)}TRIGGER ${quoteTable({ database: table.database, name })} ${when} ON ${quoteTable(table)} FOR EACH ROW ${body}`

/** Makes a trigger in the session that it was made in, as far as a session that sends UTF-8 can be that. */
export async function makeTrigger(connection: MysqlConnection, trigger: Trigger): Promise<void> {
  const utf8 = /^utf8/.test(trigger.charset)
  const names = utf8 ? `character_set_client = ${trigger.charset}, collation_connection = ${trigger.collation}, ` : ''
  const [[before] = []] = await connection.query('SELECT @@sql_mode')
  await connection.execute(`SET ${names}sql_mode = ${quoteText(trigger.sqlMode)}`)
  try {
    await connection.execute(createTrigger(trigger))
  } finally {
    if (connection.alive) await connection.execute(`SET NAMES utf8mb4 COLLATE utf8mb4_bin, character_set_results = NULL, sql_mode = ${quoteText(before ?? '')}`)
  }
}

/** What stands behind FOR EACH ROW, without a place among the other triggers: that is given by the order in which they are made. */
export function triggerBody(statement: string): string {
  for (const { 0: token, index } of statement.matchAll(TOKEN)) {
    if (!/^for\s/i.test(token)) continue
    return statement
      .slice(index + token.length)
      .trimStart()
      .replace(PLACE, '')
  }
  throw new Error('a trigger without FOR EACH ROW')
}

/** Names, strings and comments may hold the words too. */
const TOKEN = /`(?:[^`]|``)*`|'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*"|\/\*.*?\*\/|(?:--\s|#)[^\n]*|\bfor\s+each\s+row\b/gis
const PLACE = /^(?:FOLLOWS|PRECEDES)\s+(?:`(?:[^`]|``)*`|[^\s`]+)\s*/i

/** `user@host`; a role has no host. */
function definerClause(definer: string): string {
  const at = definer.lastIndexOf('@')
  if (definer === '') return ''
  return at < 0 ? `DEFINER=${quoteId(definer)} ` : `DEFINER=${quoteId(definer.slice(0, at))}@${quoteId(definer.slice(at + 1))} `
}
