import { type RowBatch, SyncError, type TableSchema, tableName, type WriteWork } from '@dbsync/core/plugin'
import { type MysqlConnection, mysqlNative, parseCreateTable, showCreate } from '@dbsync/mysql'
import { keptColumns } from '../method.ts'

/** A copy in full may change every row. Without a key a row is found by its hash, which knows nothing of columns that only the target has. */
export const changesAnyRow = (work: WriteWork, existing: TableSchema): boolean =>
  work.disposition === 'replace' || (existing.key.length === 0 && keptColumns(work.schema, existing).length > 0)

/** The plan is some time old: the definition of now, its counter above all. */
export async function asItIs(connection: MysqlConnection, existing: TableSchema): Promise<TableSchema> {
  const { table } = existing
  const create = await showCreate(connection, table)
  const native = mysqlNative(existing)
  const names = create === undefined ? [] : parseCreateTable(create).columns.map(({ name }) => name)
  const sorted = (list: readonly string[]) => JSON.stringify(list.toSorted())
  if (create === undefined || native === undefined || sorted(names) !== sorted(existing.columns.map(({ name }) => name))) {
    throw new SyncError('JOURNAL_TABLE_CHANGED', `${connection.server.label}: ${tableName(table)} was altered while the run was at work`, {
      kind: 'transient',
      table,
      hint: 'Run again: the next run plans with what is there then.',
    })
  }
  return { ...existing, native: { flavour: native.flavour, create } }
}

/** Refuses a row that the server could not hash: it would never be found again. */
export async function* withHash(batches: AsyncIterable<RowBatch>, { table }: TableSchema): AsyncGenerator<RowBatch> {
  for await (const batch of batches) {
    for (let row = 0; row < batch.rowCount; row++) {
      if (batch.cell(row, 0) !== null) continue
      throw new SyncError('JOURNAL_NO_HASH', `${tableName(table)} has no key, and a row of it is too large to be hashed: it could not be found again`, {
        kind: 'refused',
        table,
        hint: "Raise max_allowed_packet at the target, or set the backup mode to 'dump'.",
      })
    }
    yield batch
  }
}
