import type { LimitFunction } from 'p-limit'
import type { TablePlan } from '../plan/plan.ts'
import type { PreparedRun } from './prepare.ts'

/** Calls `work` as often as there are readers left over, sooner or later or not at all. `work` never rejects. */
export type Help = (work: () => Promise<void>) => void

/** Slots for tables: as many as are wanted at a time, and as there are readers of the source. */
export const tablesAtOnce = ({ config, snapshot }: Pick<PreparedRun, 'config' | 'snapshot'>): number =>
  Math.max(1, Math.min(config.parallelTables, snapshot.readers))

/** In the order in which slots should take them: a big table that starts last keeps everyone waiting. */
export const largestFirst = <T extends { readonly plan: TablePlan }>(jobs: readonly T[]): T[] =>
  jobs.toSorted((a, b) => (b.plan.schema.estimate?.bytes ?? 0) - (a.plan.schema.estimate?.bytes ?? 0))

/** Asks all slots but the one that asks, behind whatever waits for them: a large table at the end is not left to one reader. */
export const helpFrom =
  (slots: LimitFunction): Help =>
  (work) => {
    for (let other = 1; other < slots.concurrency; other++) void slots(work)
  }

/** Does `work` for each item, alone or with those who come to help; nobody is at work any more when it is done or has failed. */
export async function share<T>(items: readonly T[], help: Help | undefined, work: (item: T, index: number) => Promise<void>): Promise<void> {
  let next = 0
  const take = async () => {
    for (let index = next++; index < items.length; index = next++) {
      await work(items[index] as T, index).catch((error: unknown) => {
        next = items.length
        throw error
      })
    }
  }
  const helpers: Promise<void>[] = []
  if (items.length > 1) {
    help?.(async () => {
      const helper = take()
      helpers.push(helper)
      await helper.catch(() => {})
    })
  }
  const own = await Promise.allSettled([take()])
  const failed = [...own, ...(await Promise.allSettled(helpers))].find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}
