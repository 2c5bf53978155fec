import type { ExamineRequest, Finding, ObjectKind } from '@dbsync/core/plugin'
import { account, currentUser, type Grant, grantFor, grants, holds, type MysqlConnection, onDatabase, rightsFindings, serverErrno } from '@dbsync/mysql'

/** Those that cannot change a row or a definition, and those that objects are read with. */
const READING = new Set([
  'USAGE',
  'SELECT',
  'SHOW VIEW',
  'SHOW DATABASES',
  'SHOW CREATE ROUTINE',
  'SHOW_ROUTINE',
  'TRIGGER',
  'EVENT',
  'EXECUTE',
  'LOCK TABLES',
  'PROCESS',
  'REPLICATION CLIENT',
  'REPLICATION SLAVE',
  'BINLOG MONITOR',
  'SLAVE MONITOR',
  'REPLICA MONITOR',
])

export async function sourceRights(connection: MysqlConnection, { databases, objects }: ExamineRequest): Promise<readonly Finding[]> {
  const all = await grants(connection)
  const raw = await currentUser(connection)
  const user = account(raw)
  const seen = new Set((await connection.query('SHOW DATABASES')).map(([name]) => name ?? ''))
  const found: Finding[] = []
  for (const database of databases) {
    const partly = seen.has(database)
    const why = partly
      ? 'rights are given table by table, so that new tables are not noticed and a table that is missing proves nothing'
      : 'it does not exist, or this user may not see it'
    found.push(...rightsFindings(all, user, [{ database, privileges: ['SELECT'], level: partly ? 'warning' : 'failure', why }]))
  }
  const there = databases.filter((name) => seen.has(name))
  found.push(...(await objectRights(connection, all, raw, there, objects)))
  if (found.length === 0) found.push({ level: 'ok', id: 'rights', message: `${user} may read ${databases.join(', ')}.` })
  return [...found, ...surplus(connection, all, raw, databases, objects)]
}

const PRIVILEGES: Readonly<Partial<Record<ObjectKind, string>>> = { views: 'SHOW VIEW', triggers: 'TRIGGER', events: 'EVENT' }

async function objectRights(
  connection: MysqlConnection,
  all: readonly Grant[],
  raw: string,
  databases: readonly string[],
  objects: readonly ObjectKind[],
): Promise<readonly Finding[]> {
  const found: Finding[] = []
  const why = (kind: ObjectKind) => `the texts of ${kind} cannot be read, so that they are not copied`
  for (const database of databases) {
    for (const kind of objects) {
      const privilege = PRIVILEGES[kind]
      if (privilege === undefined || holds(all, database, [privilege])) continue
      found.push(...rightsFindings(all, account(raw), [{ database, privileges: [privilege], level: 'warning', why: why(kind) }]))
    }
  }
  if (!objects.includes('routines') || (await readsRoutines(connection, all))) return found
  const statements = [...new Set(databases.map((database) => grantFor(connection, 'routines', database, raw)))]
  return [...found, { level: 'warning', id: 'rights', message: `${account(raw)}: ${why('routines')}.`, fix: { by: 'sql', statements } }]
}

async function readsRoutines(connection: MysqlConnection, all: readonly Grant[]): Promise<boolean> {
  const named = (...privileges: string[]) => all.some((grant) => !grant.revoke && privileges.some((name) => grant.privileges.has(name)))
  if (named('SHOW CREATE ROUTINE', 'SHOW_ROUTINE', 'ALL PRIVILEGES')) return true
  if (all.some(({ on, privileges }) => on.level === 'global' && privileges.has('SELECT'))) return true
  try {
    await connection.query('SELECT 1 FROM mysql.proc WHERE FALSE')
    return true
  } catch (error) {
    if (connection.alive && [1044, 1142, 1146].includes(serverErrno(error) ?? 0)) return false
    throw error
  }
}

/** dbsync never writes to the source. Whoever gets hold of its password then cannot either. */
function surplus(
  connection: MysqlConnection,
  all: readonly Grant[],
  raw: string,
  databases: readonly string[],
  objects: readonly ObjectKind[],
): readonly Finding[] {
  const user = account(raw)
  const more = [...new Set(all.filter(({ revoke }) => !revoke).flatMap(({ privileges }) => [...privileges]))].filter((name) => !READING.has(name))
  if (more.length === 0) return []
  const privileges = ['SELECT', ...objects.flatMap((kind) => PRIVILEGES[kind] ?? [])].join(', ')
  const needed = databases.map((database) => `GRANT ${privileges} ON ${onDatabase(database)} TO ${user};`)
  const routines = objects.includes('routines') ? databases.map((database) => grantFor(connection, 'routines', database, raw)) : []
  return [
    {
      level: 'note',
      id: 'rights-surplus',
      message: `${user} may do more than read, which dbsync has no use for: ${more.join(', ')}.`,
      fix: { by: 'sql', statements: [`REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${user};`, ...needed, ...new Set(routines)] },
    },
  ]
}
