import type { OtherObjects, Visibility } from '@dbsync/core/plugin'
import type { MysqlConnection } from './connection.ts'
import { type Grant, grants, holds } from './grants.ts'
import { quoteText } from './identifiers.ts'

/** What a database holds besides tables. With SELECT alone triggers, routines and events look like none: `undefined` then. */
export async function otherObjects(connection: MysqlConnection, database: string): Promise<OtherObjects> {
  const all = await grants(connection)
  const may = (...privileges: string[]) => holds(all, database, privileges)
  const names = (table: string, name: string, schema: string, where = '') => objectNames(connection, database, { table, name, schema, where })
  return {
    views: await names('TABLES', 'TABLE_NAME', 'TABLE_SCHEMA', "AND TABLE_TYPE = 'VIEW'"),
    sequences: await names('TABLES', 'TABLE_NAME', 'TABLE_SCHEMA', "AND TABLE_TYPE = 'SEQUENCE'"),
    triggers: may('TRIGGER') ? await names('TRIGGERS', 'TRIGGER_NAME', 'TRIGGER_SCHEMA') : undefined,
    routines: may('EXECUTE', 'ALTER ROUTINE', 'CREATE ROUTINE') || seesRoutines(all) ? await names('ROUTINES', 'ROUTINE_NAME', 'ROUTINE_SCHEMA') : undefined,
    events: may('EVENT') ? await names('EVENTS', 'EVENT_NAME', 'EVENT_SCHEMA') : undefined,
  }
}

/** Whether every table is certain to be seen: SELECT on the whole database, not table by table. */
export async function visibility(connection: MysqlConnection, database: string): Promise<Visibility> {
  if (holds(await grants(connection), database, ['SELECT'])) return { scope: 'complete' }
  const [[user] = []] = await connection.query('SELECT CURRENT_USER()')
  return { scope: 'partial', user: user ?? connection.user }
}

/** SELECT on everything includes the table of routines. */
const seesRoutines = (all: readonly Grant[]): boolean =>
  all.some((grant) => grant.on.level === 'global' && (grant.privileges.has('SELECT') || grant.privileges.has('SHOW_ROUTINE')))

type Listing = { readonly table: string; readonly name: string; readonly schema: string; readonly where: string }

async function objectNames(connection: MysqlConnection, database: string, { table, name, schema, where }: Listing): Promise<string[]> {
  const rows = await connection.query(`SELECT ${schema}, ${name} FROM information_schema.${table} WHERE ${schema} = ${quoteText(database)} ${where}`)
  return rows
    .filter(([found]) => sameName(connection, found ?? '', database))
    .map(([, found]) => found ?? '')
    .sort()
}

/** information_schema compares without regard to case; two databases may differ in nothing else. */
export const sameName = (connection: MysqlConnection, a: string, b: string): boolean =>
  a === b || (connection.server.lowerCaseTableNames !== 0 && a.toLowerCase() === b.toLowerCase())
