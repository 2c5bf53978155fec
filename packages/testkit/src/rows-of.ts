import { hash } from 'node:crypto'
import { type Column, isSplitByHash, type ReadRequest, type RowBatch, type RowRange, SyncError, type TableReader, type TableSchema } from '@dbsync/core/plugin'
import { expect } from 'vitest'
import type { FixtureCell, FixtureRow } from './fixture.ts'

export const BATCHES = { batchRows: 1_000, batchBytes: 1 << 20 }
/** A signal that has stopped everything already. */
export const cancelled = (): AbortSignal => AbortSignal.abort(new SyncError('CANCELLED', 'Stopped.', { kind: 'cancelled' }))
export const never: AbortSignal = new AbortController().signal

/** The rows of the read as text, in the order of the text: a read promises no order. */
export async function rowsOf(reader: TableReader, request: Pick<ReadRequest, 'schema'> & Partial<ReadRequest>): Promise<string[]> {
  const lines: string[] = []
  for await (const batch of reader.read({ ...BATCHES, signal: never, ...request })) lines.push(...linesOf(batch))
  return lines.sort()
}

/** One line of text for each row: text as it is, raw bytes in hex. */
export const linesOf = (batch: RowBatch): string[] =>
  Array.from({ length: batch.rowCount }, (_, row) => lineOf(batch.columns.map((column, i) => shown(column, batch.cell(row, i)))))

/** What `rowsOf` gives for these rows. */
export const expected = (columns: readonly Pick<Column, 'type'>[], rows: readonly FixtureRow[]): string[] =>
  rows.map((row) => lineOf(row.map((cell, i) => shown(columns[i], cell)))).sort()

/** Cells in `|`, so that no two different rows look alike: a text's own `|` is doubled. */
const lineOf = (cells: readonly (string | null)[]): string => cells.map((cell) => (cell === null ? '|NULL|' : `|"${cell.replaceAll('|', '||')}"|`)).join('')

function shown(column: Pick<Column, 'type'> | undefined, cell: FixtureCell): string | null {
  if (cell === null) return null
  const bytes = Buffer.from(cell)
  const kind = column?.type.kind
  if (kind === 'bytes' || kind === 'bits' || kind === 'geometry') return bytes.toString('hex')
  // The shortest text has more than one form: 1e21 and 1E+21.
  if (kind === 'float') return String(Number(bytes.toString('latin1')))
  const text = bytes.toString('utf8')
  return text.length > 200 ? `${text.slice(0, 50)}… ${bytes.length} bytes, ${hash('sha1', bytes)}` : text
}

/** The whole of a table as one range. */
export const whole = (schema: TableSchema): RowRange => (isSplitByHash(schema) ? { by: 'hash', from: '0', to: String(1n << 64n) } : { by: 'key' })

export async function expectKind(action: () => Promise<unknown>, kind: SyncError['kind']): Promise<void> {
  const error: unknown = await action().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!SyncError.is(error)) throw error ?? new Error(`an error of kind ${kind} was expected, and it succeeded`)
  expect(error.kind).toBe(kind)
}
