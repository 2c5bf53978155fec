import type { FittedObject, ObjectDefinition } from '@dbsync/core/plugin'
import { quotingOf, renameDatabase, type ServerFacts } from '@dbsync/mysql'
import { translateCollation } from '../translate.ts'

/** The server's own databases are everywhere. */
const EVERYWHERE = new Set(['information_schema', 'mysql', 'performance_schema', 'sys'])

/** Modes that the other flavour does not know. */
const ONLY_MARIADB = new Set(
  'ORACLE MSSQL DB2 MAXDB POSTGRESQL MYSQL323 MYSQL40 NO_AUTO_CREATE_USER NO_FIELD_OPTIONS NO_KEY_OPTIONS NO_TABLE_OPTIONS IGNORE_BAD_TABLE_OPTIONS EMPTY_STRING_IS_NULL SIMULTANEOUS_ASSIGNMENT TIME_ROUND_FRACTIONAL'.split(
    ' ',
  ),
)
const ONLY_MYSQL = new Set(['TIME_TRUNCATE_FRACTIONAL'])

/** The object as it is to be in `database`: what it names with the source's database is found in the copy. */
export function fitObject(definition: ObjectDefinition, database: string, server: ServerFacts): FittedObject {
  const { type, settings } = definition
  const fold = server.lowerCaseTableNames === 1
  // As the server keeps it: views and tables have files.
  const stored = (name: string) => (fold ? name.toLowerCase() : name)
  const to = stored(database)
  const name = type === 'view' ? stored(definition.name) : definition.name
  const same = fold ? (a: string, b: string) => a.toLowerCase() === b.toLowerCase() : (a: string, b: string) => a === b
  const renamed = renameDatabase(definition.body, { from: definition.database, to, quoting: quotingOf(settings['sql_mode'] ?? ''), same })
  const warnings = renamed.others
    .filter((other) => !EVERYWHERE.has(other.toLowerCase()))
    .map((other) => `it names the database ${other}, which stays as it is: at the target it is another one, or none`)
  if (renamed.inStrings && definition.database !== to) {
    warnings.push(
      `a text in it names the database ${definition.database}, and texts stay as they are: a statement that it is put together from would leave the copy`,
    )
  }
  const { trigger } = definition
  const fitted = {
    ...definition,
    database: to,
    name,
    ...(trigger === undefined ? {} : { trigger: { ...trigger, table: stored(trigger.table) } }),
    body: renamed.text,
  }
  return {
    definition: { ...fitted, settings: fitSettings(fitted, server) },
    needs: type === 'view' ? renamed.own.map(stored).filter((table) => table !== name) : [],
    warnings,
  }
}

function fitSettings(definition: ObjectDefinition, server: ServerFacts): Record<string, string> {
  const settings = { ...definition.settings }
  const mode = settings['sql_mode']
  if (mode !== undefined) {
    const unknown = server.flavour === 'mysql' ? ONLY_MARIADB : ONLY_MYSQL
    settings['sql_mode'] = mode
      .split(',')
      .filter((one) => !unknown.has(one))
      .join(',')
  }
  for (const name of ['collation_connection', 'database_collation']) {
    const collation = settings[name]
    if (collation !== undefined) settings[name] = translateCollation(collation, server.flavour, server.versionNumber)
  }
  const client = settings['character_set_client']
  if (client !== undefined && !canSend(client, JSON.stringify(definition))) settings['character_set_client'] = 'utf8mb4'
  return settings
}

/** Statements go out in UTF-8. The text means the same whichever character set it is sent in: literals take that of `collation_connection`. */
function canSend(client: string, text: string): boolean {
  if (client === 'utf8mb4') return true
  if (/^utf8(mb3)?$/.test(client)) return !/[\u{10000}-\u{10ffff}]/u.test(text)
  return /^\p{ASCII}*$/u.test(text)
}
