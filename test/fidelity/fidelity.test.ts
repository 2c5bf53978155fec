import { expect, test } from 'vitest'
import { type Project, type ProjectOptions, project } from '../project.ts'
import { change, createCase, LENIENT } from './churn.ts'
import { chance, SEED } from './random.ts'
import { OTHERS, SHAPES } from './shapes.ts'
import { COLUMN_TABLES, NAMED_TABLES, type TableCase, TYPE_TABLES } from './tables.ts'

/** First run, changes by chance, run, a quiet run, a full run: equal each time. */
async function keepsInStep(tables: readonly TableCase[], options: ProjectOptions & { readonly seed: number; readonly others?: readonly string[]; readonly rounds?: number }): Promise<void> {
  await using work = await project(options)
  const luck = chance(options.seed)
  await work.at.query(LENIENT)
  for (const table of tables) await createCase(work.at, table, luck)
  for (const sql of options.others ?? []) await work.at.query(sql)
  await work.sync()
  await work.same()
  for (let round = 0; round < (options.rounds ?? 1); round++) {
    for (const table of tables) await change(work.at, table, luck)
    await work.sync()
    await work.same()
  }
  await expectQuiet(work)
  await work.sync('--full')
  await work.same()
}

async function expectQuiet(work: Project): Promise<void> {
  const report = await work.sync()
  expect(report.tables.filter(({ outcome }) => outcome !== 'unchanged').map(({ id }) => id)).toEqual([])
}

test(`values of every type, as values and as keys (seed ${SEED})`, () => keepsInStep(TYPE_TABLES, { seed: SEED }))
test(`shapes of tables (seed ${SEED})`, () => keepsInStep(SHAPES, { seed: SEED, others: OTHERS, rounds: 2 }))
test(`names (seed ${SEED})`, () => keepsInStep([...NAMED_TABLES, ...COLUMN_TABLES], { seed: SEED }))
