import type { WorkCosts, WriteEffects, WriteWork } from '@dbsync/core/plugin'
import { boundedColumn, type Deletes, mergeStatement } from '@dbsync/warehouse'
import { type Place, renderChange, tableAt } from './ddl.ts'
import { BIGQUERY } from './dialect.ts'
import { quoteName } from './sql.ts'
import { stagingName } from './staging.ts'

/** What a writer does, in order. The name of the staging table is another one each time, and the rows say between which keys they are. */
export function previewWork(
  work: WriteWork,
  effects: WriteEffects,
  { place, deletes }: { readonly place: Place; readonly deletes: Deletes },
): readonly string[] {
  const staging = quoteName(place.project, place.dataset, stagingName(work.schema.table, '…'))
  const create = work.disposition === 'replace' && work.existing === undefined ? renderChange({ type: 'create-table', schema: work.schema }, place) : []
  const between = boundedColumn(BIGQUERY, work.schema) === undefined ? undefined : (['…', '…'] as const)
  return [
    `-- load the rows as newline-delimited JSON into ${staging}`,
    ...create,
    mergeStatement(BIGQUERY, work, effects, { table: tableAt(place, work.schema.table), staging, deletes, between }),
  ]
}

/** As JSON rows are about so much longer than packed. */
const JSON_PER_PACKED = 1.6

/**
 * A load for each file, a MERGE, and what makes the table. The MERGE reads no more than the whole table, those of other tenants included, and usually far
 * less: the table is clustered by tenant.
 */
export function workCosts(
  work: WriteWork,
  { bytes, statements }: { readonly bytes: number; readonly statements: number },
  { loadBytes, deletes, tableBytes }: { readonly loadBytes: number; readonly deletes: Deletes; readonly tableBytes: number },
): WorkCosts {
  const bytesSent = Math.ceil(bytes * JSON_PER_PACKED)
  const replacing = work.disposition === 'replace'
  const makes = replacing && work.existing === undefined ? 1 : 0
  const counts = !replacing && deletes === 'soft' ? 1 : 0
  return { jobs: statements + makes + Math.ceil(bytesSent / loadBytes) + counts + 1, bytesSent, bytesRead: tableBytes * (1 + counts) }
}
