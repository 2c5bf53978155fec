import { type Cell, type MemoryDatabase, memoryDatabase, type Row } from '@dbsync/core/memory'
import {
  type DigestReader,
  packRows,
  type RowBatch,
  type Source,
  SyncError,
  type TableReader,
  type TableWriter,
  type Target,
  type WriteWork,
} from '@dbsync/core/plugin'
import { expect } from 'vitest'
import { type Check, failuresOf } from '../checks.ts'

/** An implementation that breaks one obligation: what it does, what it does otherwise than the right one, and which checks must say so. */
export type Wrong<Make> = { readonly does: string; readonly make: Make; readonly fails: readonly string[] }
export type WrongReader = Wrong<(right: DigestReader) => Partial<TableReader>>
export type WrongTarget = Wrong<(right: Target, db: MemoryDatabase) => Partial<Target>>

/** Runs the checks that must fail, and no others. A check that fails because the wrong implementation is itself broken proves nothing. */
export async function expectFailures(checks: readonly Check[], names: readonly string[]): Promise<void> {
  const chosen = checks.filter(({ name }) => names.includes(name))
  expect(chosen.map(({ name }) => name).sort(), 'checks that the suite has').toEqual([...names].sort())
  const failures = await failuresOf(chosen)
  expect(failures.map(({ name }) => name).sort(), 'checks that fail').toEqual([...names].sort())
  for (const { name, error } of failures) expect(error instanceof TypeError || error instanceof ReferenceError, `${name}: ${String(error)}`).toBe(false)
}

/** Both lists as sets: a check that no wrong implementation fails is named in the difference. */
export function expectEveryCheckToFail(checks: Iterable<string>, wrong: readonly { readonly fails: readonly string[] }[]): void {
  expect([...new Set(checks)].sort()).toEqual([...new Set(wrong.flatMap(({ fails }) => fails))].sort())
}

export function emptyDatabase(database: string): MemoryDatabase {
  const db = memoryDatabase()
  db.databases.set(database, new Map())
  return db
}

export const rowsIn = (batch: RowBatch): Row[] =>
  Array.from({ length: batch.rowCount }, (_, row) => batch.columns.map((_, column) => batch.cell(row, column)?.slice() ?? null))

/** The batch with other rows. */
export const remade = (batch: RowBatch, change: (rows: readonly Row[]) => readonly Row[]): RowBatch => packRows(batch.columns, change(rowsIn(batch)))

export const textOf = (cell: Cell | undefined): string => Buffer.from(cell ?? '').toString()

export async function* mapped(batches: AsyncIterable<RowBatch>, change: (batch: RowBatch) => RowBatch): AsyncGenerator<RowBatch> {
  for await (const batch of batches) yield change(batch)
}

export const writing = (right: Target, change: (work: WriteWork, writer: TableWriter) => Partial<TableWriter>): Partial<Target> => ({
  open: async (work, signal) => {
    const writer = await right.open(work, signal)
    return { ...writer, ...change(work, writer) }
  },
})

/** Fails the second time. */
export const once = (action: () => PromiseLike<void>): (() => Promise<void>) => {
  let done = false
  return async () => {
    if (done) throw new SyncError('CONNECTION_LOST', 'The connection is closed.', { kind: 'transient' })
    done = true
    await action()
  }
}

/** Wrong at either end: it fails where one of the databases is not there. */
export const examinesOnlyWhatIsThere = (right: Pick<Source, 'databases'>): Required<Pick<Source, 'examine'>> => ({
  async examine({ databases }) {
    const there = await right.databases()
    const missing = databases.find((name) => !there.includes(name))
    if (missing !== undefined) throw new SyncError('DATABASE_MISSING', `Database ${missing} does not exist.`, { kind: 'data' })
    return { findings: [] }
  },
})
