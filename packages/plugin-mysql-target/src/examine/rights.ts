import type { ExamineRequest, Finding, ObjectKind } from '@dbsync/core/plugin'
import { account, currentUser, grants, holds, type MysqlConnection, type Need, rightsFindings } from '@dbsync/mysql'
import { CHECK_GRANT } from '../backups/scratch.ts'
import { SIDE_GRANT } from '../restore/side-databases.ts'

const TABLES = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'ALTER', 'DROP', 'INDEX', 'REFERENCES']
const OBJECTS: Readonly<Record<ObjectKind, readonly string[]>> = {
  views: ['CREATE VIEW', 'SHOW VIEW'],
  triggers: ['TRIGGER'],
  routines: ['CREATE ROUTINE', 'ALTER ROUTINE', 'EXECUTE'],
  events: ['EVENT'],
}

/** Each by what a GRANT calls them, and by one of their names. */
const SIDE_DATABASES = [
  { pattern: SIDE_GRANT, example: '_dbsync_restore_0' },
  { pattern: CHECK_GRANT, example: '_dbsync_check_0' },
]

export async function targetRights(connection: MysqlConnection, { databases, objects, backups }: ExamineRequest): Promise<readonly Finding[]> {
  const all = await grants(connection)
  const user = account(await currentUser(connection))
  const needed = [...TABLES, ...objects.flatMap((kind) => OBJECTS[kind])]
  const needs = databases.flatMap((database): readonly Need[] => [
    { database, privileges: needed, level: 'failure', why: 'runs need it' },
    ...(needed.includes('TRIGGER')
      ? []
      : [{ database, privileges: ['TRIGGER'], level: 'warning' as const, why: 'triggers on the copy may not be seen, and would fire with every row' }]),
  ])
  const found = [...rightsFindings(all, user, needs)]
  const missing = backups ? SIDE_DATABASES.filter(({ example }) => !holds(all, example, ['ALL PRIVILEGES'])) : []
  if (missing.length > 0) {
    found.push({
      level: 'warning',
      id: 'rights-rollback',
      message: `${user} may not make the databases in which backup points are tried and restored.`,
      fix: { by: 'sql', statements: missing.map(({ pattern }) => `GRANT ALL ON ${pattern} TO ${user};`) },
    })
  }
  return found.length > 0 ? found : [{ level: 'ok', id: 'rights', message: `${user} may write ${databases.join(', ')}.` }]
}
