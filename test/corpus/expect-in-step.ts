import { expect } from 'vitest'
import { type Project, type ProjectOptions, project } from '../project.ts'
import { change, createCase, LENIENT } from './churn.ts'
import { chance } from './random.ts'
import type { TableCase } from './tables.ts'

export type Script = ProjectOptions & {
  readonly tables: readonly TableCase[]
  readonly seed: number
  /** Run at the source once the tables are there. */
  readonly others?: readonly string[]
  /** How often the tables are changed and synced. */
  readonly rounds?: number
  /** Called before the first run. */
  readonly prepare?: (work: Project) => Promise<void>
}

/** First run, changes by chance, run, a quiet run, a full run: equal each time. */
export async function expectInStep({ tables, seed, others = [], rounds = 1, prepare, ...options }: Script): Promise<void> {
  await using work = await project(options)
  const luck = chance(seed)
  // The comparison asks both servers for definitions: defaults of TIMESTAMPs, quotes and limits go by the session.
  for (const { server } of [work.source, work.target]) await server.query("SET time_zone = '+00:00', sql_mode = '', sql_select_limit = DEFAULT")
  await work.at.query(LENIENT)
  for (const table of tables) await createCase(work.at, table, luck)
  for (const sql of others) await work.at.query(sql)
  await prepare?.(work)
  await work.sync()
  await work.same()
  for (let round = 0; round < rounds; round++) {
    for (const table of tables) await change(work.at, table, luck)
    // Of a few rows chance takes many, or all.
    await work.sync('--allow', 'deletes')
    await work.same()
  }
  const quiet = await work.sync()
  expect(quiet.tables.filter(({ outcome, strategy }) => outcome !== 'unchanged' && strategy !== 'full').map(({ id }) => id)).toEqual([])
  await work.sync('--full')
  await work.same()
}
