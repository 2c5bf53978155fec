import type { TableRef } from '@dbsync/core/plugin'
import { type ConstraintPart, type MysqlConnection, parseCreateTable, parseForeignKey, quoteId, quoteTable, quoteText, showCreate } from '@dbsync/mysql'
import type { ForeignKeyFix } from './swap-plan.ts'

/** A foreign key as the server has it now. */
export type PresentKey = { readonly table: TableRef; readonly name: string; readonly references: TableRef; readonly part: ConstraintPart }

/** The foreign keys of all tables in these databases. */
export const keysIn = (connection: MysqlConnection, databases: readonly string[], signal: AbortSignal): Promise<readonly PresentKey[]> =>
  readKeys(connection, `TABLE_SCHEMA IN (${databases.map(quoteText).join(', ')})`, signal)

/** The foreign keys, in any database that can be seen, that refer to tables in these databases. */
export const keysTo = (connection: MysqlConnection, databases: readonly string[], signal: AbortSignal): Promise<readonly PresentKey[]> =>
  readKeys(connection, `REFERENCED_TABLE_SCHEMA IN (${databases.map(quoteText).join(', ')})`, signal)

async function readKeys(connection: MysqlConnection, where: string, signal: AbortSignal): Promise<readonly PresentKey[]> {
  const sql = `SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT NULL AND ${where}`
  const keys: PresentKey[] = []
  for (const [database, name] of await connection.query(sql, signal)) keys.push(...(await keysOf(connection, { database: database ?? '', name: name ?? '' })))
  return keys
}

/** The foreign keys of one table; none where it has gone. */
export async function keysOf(connection: MysqlConnection, table: TableRef): Promise<readonly PresentKey[]> {
  const create = await showCreate(connection, table)
  const parts = create === undefined ? [] : parseCreateTable(create).constraints.filter(({ kind }) => kind === 'foreign')
  return parts.map((part) => {
    const { database = table.database, name } = parseForeignKey(part).references
    return { table, name: part.name, references: { database, name }, part }
  })
}

/** The same key to another table. */
export function redirected({ table, name, part }: PresentKey, references: TableRef, as: TableRef = table): ForeignKeyFix {
  const parsed = parseForeignKey(part)
  const { database, name: parent } = parsed.references
  const own = `FOREIGN KEY (${parsed.columns.map(quoteId).join(', ')}) REFERENCES `
  const shown = database === undefined ? quoteId(parent) : quoteTable({ database, name: parent })
  const at = part.definition.indexOf(`${own}${shown} (`)
  if (at < 0) throw new Error(`the foreign key ${name} is not understood`)
  const definition = `${part.definition.slice(0, at)}${own}${quoteTable(references)}${part.definition.slice(at + own.length + shown.length)}`
  return { table: as, name, references, definition }
}

/** Two statements: in one, the server takes the name for used twice. */
export const fixStatements = ({ table, name, definition }: ForeignKeyFix): readonly [string, string] => [
  `ALTER TABLE ${quoteTable(table)} DROP FOREIGN KEY ${quoteId(name)}`,
  `ALTER TABLE ${quoteTable(table)} ADD ${definition}`,
]

/** Makes the key refer to what it should, from wherever an earlier attempt left it. */
export async function fixKey(connection: MysqlConnection, fix: ForeignKeyFix): Promise<void> {
  const create = await showCreate(connection, fix.table)
  if (create === undefined) return
  const present = (await keysOf(connection, fix.table)).find(({ name }) => name === fix.name)
  if (present !== undefined && sameTable(present.references, fix.references)) return
  const [drop, add] = fixStatements(fix)
  if (present !== undefined) await connection.execute(drop)
  await connection.execute(add)
}

export const sameTable = (a: TableRef, b: TableRef): boolean => a.database === b.database && a.name === b.name
