import type { WriteEffects, WriteWork } from '@dbsync/core/plugin'
import { quoteTable, rowHash } from '@dbsync/mysql'
import { stagingTable } from './names.ts'
import { type Dialect, dropTables, goneStaging, rowStaging } from './staging.ts'
import { type RowStatements, type Step, transaction } from './steps.ts'
import { insertSelect, sameKey, upserts } from './upserts.ts'

/** Stages some rows and keys; then deletes, then upserts, in one transaction. */
export function merge(work: WriteWork, effects: WriteEffects, dialect: Dialect): RowStatements {
  const { schema } = work
  const live = quoteTable(schema.table)
  const gone = stagingTable(schema.table, 'del')
  const keyed = schema.key.length > 0
  const upsert = keyed ? upserts(work) : { prepare: [], tables: [], steps: [{ sql: insertSelect(work), does: 'insert' } as const] }
  const remove: Step = {
    sql: keyed
      ? `DELETE ${live} FROM ${live} JOIN ${quoteTable(gone)} ON ${sameKey(work, live, 'del')}`
      : `DELETE FROM ${live} WHERE ${rowHash(schema)} IN (SELECT ${quoteTable(gone)}.\`row_hash\` FROM ${quoteTable(gone)})`,
    does: 'delete',
  }
  const tables = [...(effects.upserts ? [stagingTable(schema.table, 'new'), ...upsert.tables] : []), ...(effects.deletes ? [gone] : [])]
  return {
    method: 'merge',
    rows: effects.upserts ? rowStaging(work, dialect) : undefined,
    gone: effects.deletes ? goneStaging(work, dialect) : undefined,
    prepare: effects.upserts ? upsert.prepare : [],
    finish: transaction([...(effects.deletes ? [remove] : []), ...(effects.upserts ? upsert.steps : [])]),
    cleanup: tables.length === 0 ? [] : [dropTables(tables)],
  }
}
