import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { memoryDatabase, memorySource, memoryTarget, putTable, type Row } from '../memory/index.ts'
import type { TableSchema } from '../model/schema.ts'
import type { TablePlan } from '../plan/plan.ts'
import { copyInFull } from './copy-in-full.ts'
import { Meter } from './meter.ts'
import type { TableSync } from './sync-table.ts'

const MEBIBYTE = 1 << 20
const ROWS = 48
const schema: TableSchema = {
  table: { database: 'd', name: 't' },
  columns: [
    { name: 'id', type: { kind: 'int', bits: 32 }, nullable: false },
    { name: 'b', type: { kind: 'bytes' }, nullable: false },
  ],
  ...{ key: ['id'], uniqueKeys: [], foreignKeys: [], referencedBy: [], triggers: [], transactional: true },
  estimate: { rows: ROWS, bytes: ROWS * MEBIBYTE },
}
const never = new AbortController().signal

type Faults = { readonly beside?: (call: number) => void; readonly write?: (call: number) => void; readonly readers?: number }

/** Copies a table of rows of one mebibyte over a line on which each takes 120 ms; everybody who is asked for help comes. */
async function copy({ beside = () => {}, write = () => {}, readers = 8 }: Faults = {}) {
  const [source, target] = [memoryDatabase('source'), memoryDatabase('target')]
  const rows = Array.from({ length: ROWS }, (_, i): Row => [String(i), Buffer.alloc(MEBIBYTE, i)])
  putTable(source, schema, rows)
  target.databases.set('d', new Map())
  const calls = { beside: 0, write: 0, helpers: 0, atWork: 0 }
  const open = memoryTarget(target)
  const sync: TableSync = {
    plan: { schema, wanted: schema, existing: undefined, changes: [], statements: [], strategy: { kind: 'full', why: '' } } as unknown as TablePlan,
    snapshot: await memorySource(source, { fault: async (point) => void (point === 'read' && (await sleep(120))) }).open({ readers, signal: never }),
    target: {
      ...open,
      async open(work, signal) {
        const writer = await open.open(work, signal)
        return {
          ...writer,
          async write(batch) {
            if (batch.upserts !== undefined) write(++calls.write)
            await writer.write(batch)
          },
          beside: async () => async (batch) => {
            beside(++calls.beside)
            await writer.write(batch)
          },
        }
      },
    },
    ...{ timestampColumns: undefined, batchRows: 1, meter: new Meter(() => {}, 't'), signal: never, save: async () => {} },
    guard: { passed: async () => {} } as TableSync['guard'],
    help(work) {
      calls.helpers++
      calls.atWork++
      void work().finally(() => calls.atWork--)
    },
  }
  const failed = await copyInFull(sync).then(
    () => undefined,
    (error: Error) => error.message,
  )
  return { ...calls, failed, rows: target.databases.get('d')?.get('t')?.rows.length ?? 0 }
}

test('a large table on a slow line is copied by all who come to help, every row once', async () => {
  const done = await copy()
  expect(done).toMatchObject({ failed: undefined, rows: ROWS, atWork: 0 })
  expect(done.helpers).toBeGreaterThan(0)
  expect(done.beside).toBeGreaterThan(7)
  expect(done.beside + done.write).toBe(ROWS)
})

test('a table for which there is but one reader is copied by it', async () => {
  expect(await copy({ readers: 1 })).toMatchObject({ failed: undefined, rows: ROWS, helpers: 0, beside: 0 })
})

test.each([1, 4])('what fails for a helper with batch %i fails for the table, and nobody is at work any more', async (failing) => {
  const beside = (call: number) => {
    if (call === failing) throw new Error('the line is cut')
  }
  expect(await copy({ beside })).toMatchObject({ failed: 'the line is cut', rows: 0, atWork: 0 })
})

test('what fails for the one who copies the table ends the help too', async () => {
  const write = (call: number) => {
    if (call === 11) throw new Error('the disk is full')
  }
  const done = await copy({ write })
  expect(done).toMatchObject({ failed: 'the disk is full', rows: 0, atWork: 0 })
  expect(done.helpers).toBeGreaterThan(0)
  // Two thirds of the rows are still to come then.
  expect(done.beside).toBeLessThan(ROWS / 3)
})
