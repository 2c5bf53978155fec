import { type Examination, examineAll, type Finding, SyncError } from '@dbsync/core/plugin'
import { syncError } from './failures.ts'
import type { Rest } from './rest.ts'

/** Whether the account may ask, and see the tables. Whether it may write cannot be told without writing. */
export async function examineDataset(rest: Rest, dataset: string, there: boolean, signal: AbortSignal): Promise<Examination> {
  const query = { query: 'SELECT 1', dryRun: true, useLegacySql: false }
  const findings = await examineAll([
    ['jobs', () => tried('jobs', 'Statements may be run.', 'trying a statement', () => rest.call({ method: 'POST', path: '/queries', body: query, signal }))],
    [
      'dataset',
      () =>
        there
          ? tried('dataset', `The tables of ${dataset} may be seen.`, `looking at the tables of ${dataset}`, () =>
              rest.call({ path: `/datasets/${dataset}/tables`, query: { maxResults: '1' }, signal }),
            )
          : [
              {
                level: 'note',
                id: 'dataset',
                message: `There is no dataset ${dataset} yet: the first run makes it, which takes roles/bigquery.user on the project.`,
              },
            ],
    ],
  ])
  return { findings }
}

async function tried(id: string, message: string, doing: string, work: () => Promise<unknown>): Promise<readonly Finding[]> {
  try {
    await work()
    return [{ level: 'ok', id, message }]
  } catch (error) {
    const known = syncError(error, doing)
    if (!SyncError.is(known)) throw known
    const { kind, hint } = known
    return [{ level: 'failure', id, kind, message: known.message, ...(hint === undefined ? {} : { fix: { by: 'hand', text: hint } }) }]
  }
}
