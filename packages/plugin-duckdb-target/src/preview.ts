import type { WriteEffects, WriteWork } from '@dbsync/core/plugin'
import { type Deletes, mergeStatement, replaceStatements } from '@dbsync/warehouse'
import { renderChange, tableAt } from './ddl.ts'
import { DUCKDB } from './dialect.ts'
import { STAGING, stage } from './load.ts'

/** What makes the staged rows visible: the statements of one transaction. */
export function commitStatements(work: Pick<WriteWork, 'disposition' | 'schema'>, effects: WriteEffects, deletes: Deletes): readonly string[] {
  const options = { table: tableAt(work.schema.table), staging: STAGING, deletes }
  return work.disposition === 'replace' && deletes !== 'soft'
    ? replaceStatements(DUCKDB, work.schema, options)
    : [mergeStatement(DUCKDB, work, effects, options)]
}

/** What a writer does, in order. */
export function previewWork(
  work: WriteWork,
  effects: WriteEffects,
  { path, deletes }: { readonly path: string; readonly deletes: Deletes },
): readonly string[] {
  const create = work.disposition === 'replace' && work.existing === undefined ? renderChange({ type: 'create-table', schema: work.schema }, path) : []
  return [stage(work.schema, `${path}.tmp/rows.parquet`), ...create, 'BEGIN', ...commitStatements(work, effects, deletes), 'COMMIT']
}
