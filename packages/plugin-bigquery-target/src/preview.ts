import type { WriteEffects, WriteWork } from '@dbsync/core/plugin'
import { type Place, renderChange } from './ddl.ts'
import { mergeStatement } from './merge.ts'
import type { Deletes } from './settings.ts'
import { quoteName } from './sql.ts'
import { stagingName } from './staging.ts'

/** What a writer does, in order. The name of the staging table is another one each time. */
export function previewWork(
  work: WriteWork,
  effects: WriteEffects,
  { place, deletes }: { readonly place: Place; readonly deletes: Deletes },
): readonly string[] {
  const staging = stagingName(work.schema.table, '…')
  const create = work.disposition === 'replace' && work.existing === undefined ? renderChange({ type: 'create-table', schema: work.schema }, place) : []
  return [
    `-- load the rows as newline-delimited JSON into ${quoteName(place.project, place.dataset, staging)}`,
    ...create,
    mergeStatement(work, effects, { place, staging, deletes }),
  ]
}
