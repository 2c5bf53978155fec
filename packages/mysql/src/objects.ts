import type { ObjectKind, OtherObjects, Visibility } from '@dbsync/core/plugin'
import type { MysqlConnection } from './connection.ts'
import { serverErrno } from './errors.ts'
import { type Grant, grants, holds } from './grants.ts'
import { quoteText } from './identifiers.ts'

/** What a database holds besides tables. With SELECT alone triggers, routines and events look like none: `undefined` then. */
export async function otherObjects(connection: MysqlConnection, database: string): Promise<OtherObjects> {
  const seen = await visibleKinds(connection, database)
  const names = (table: string, name: string, schema: string, where = '') => objectNames(connection, database, { table, name, schema, where })
  return {
    views: await names('TABLES', 'TABLE_NAME', 'TABLE_SCHEMA', "AND TABLE_TYPE = 'VIEW'"),
    sequences: await names('TABLES', 'TABLE_NAME', 'TABLE_SCHEMA', "AND TABLE_TYPE = 'SEQUENCE'"),
    triggers: seen.has('triggers') ? await names('TRIGGERS', 'TRIGGER_NAME', 'TRIGGER_SCHEMA') : undefined,
    routines: seen.has('routines') ? await names('ROUTINES', 'ROUTINE_NAME', 'ROUTINE_SCHEMA') : undefined,
    events: seen.has('events') ? await names('EVENTS', 'EVENT_NAME', 'EVENT_SCHEMA') : undefined,
  }
}

const ROUTINE_PRIVILEGES = ['EXECUTE', 'ALTER ROUTINE', 'CREATE ROUTINE', 'SHOW CREATE ROUTINE']

/** The kinds of which these rights show every object, by name at least: what is not in the list may be there all the same. */
export async function visibleKinds(connection: MysqlConnection, database: string): Promise<ReadonlySet<ObjectKind>> {
  const all = await grants(connection)
  const may = (...privileges: string[]) => holds(all, database, privileges)
  const seen = new Set<ObjectKind>()
  if (may('SELECT')) seen.add('views')
  if (may('TRIGGER')) seen.add('triggers')
  if (may('EVENT')) seen.add('events')
  if (may(...ROUTINE_PRIVILEGES) || seesRoutines(all) || (await readsRoutineTable(connection))) seen.add('routines')
  return seen
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

/** A grant of its own on the table of routines shows them all, with their text. MySQL has no such table any more. */
async function readsRoutineTable(connection: MysqlConnection): Promise<boolean> {
  if (connection.server.flavour === 'mysql' && connection.server.versionNumber >= 80000) return false
  try {
    await connection.query('SELECT 1 FROM mysql.proc WHERE FALSE')
    return true
  } catch (error) {
    if (connection.alive && REFUSED.has(serverErrno(error) ?? 0)) return false
    throw error
  }
}

const REFUSED = new Set([1044, 1142, 1146])

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
