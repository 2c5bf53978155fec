#!/usr/bin/env node
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { CellCursor, type RowBatch } from '@dbsync/core/plugin'
import { columnName, Ledger, NdjsonEncoder, warehouseType } from '@dbsync/warehouse'
import { median } from './measure.ts'
import { WIDE, wideBatches } from './wide.ts'

/*
 * Packed rows to newline-delimited JSON, beside `JSON.stringify` of objects made of the same rows, into nothing: rounds of both in random order, in one
 * process. `node --conditions=dbsync-source bench/encode.ts`. Options: --rows, --rounds.
 */
const { values } = parseArgs({ options: { rows: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '9' } } })
const say = (line: string) => process.stdout.write(`${line}\n`)
const LOAD_BYTES = 8_000_000

const batches = wideBatches(Number(values.rows), 1_000)
const rows = batches.reduce((sum, { rowCount }) => sum + rowCount, 0)
const packed = batches.reduce((sum, { bytes }) => sum + bytes.length, 0)
const table = { database: 'bench', name: 'wide' }
const columns = WIDE.map((column) => ({ column, name: columnName(column.name), type: warehouseType(column), inKey: column.name === 'id' }))

type Sink = (lines: Uint8Array) => void

function asBytes(some: readonly RowBatch[], sink: Sink): void {
  const encoder = new NdjsonEncoder({ table, columns, ledger: new Ledger(table, false), hashed: false, sequenced: false })
  for (const batch of some) {
    encoder.add(batch)
    if (encoder.byteLength >= LOAD_BYTES) sink(encoder.take())
  }
  sink(encoder.take())
}

type Rows = (batch: RowBatch) => Iterable<object>

/** As lines by way of objects, of which `rowsOf` makes one for each row. */
const asObjects =
  (rowsOf: Rows) =>
  (some: readonly RowBatch[], sink: Sink): void => {
    let text = ''
    for (const batch of some) {
      for (const object of rowsOf(batch)) text += `${JSON.stringify(object)}\n`
      if (text.length < LOAD_BYTES) continue
      sink(Buffer.from(text))
      text = ''
    }
    sink(Buffer.from(text))
  }

const names = columns.map(({ name }) => name)

/** From the values that `rows()` gives a plugin. Numbers that a double may not hold become text. */
function* decodedRows(batch: RowBatch): Iterable<object> {
  for (const row of batch.rows()) {
    const object: Record<string, unknown> = {}
    for (const [i, value] of row.entries()) if (value !== null) object[names[i] as string] = exact(i, value)
    yield object
  }
}

function exact(index: number, value: unknown): unknown {
  const kind = WIDE[index]?.type.kind
  if (value instanceof Uint8Array) return kind === 'bits' ? value[0] !== 0 : Buffer.from(value).toString('base64')
  return kind === 'float' ? value : kind === 'timestamp' ? `${String(value)}Z` : String(value)
}

/** From the cells, by the shortest way that Node has: how quick objects could be. */
function* leanRows({ bytes: packedBytes, rowCount }: RowBatch): Iterable<object> {
  const bytes = Buffer.from(packedBytes.buffer, packedBytes.byteOffset, packedBytes.byteLength)
  const cursor = new CellCursor(bytes)
  for (let row = 0; row < rowCount; row++) {
    const object: Record<string, unknown> = {}
    for (let i = 0; i < names.length; i++) {
      cursor.next()
      if (!cursor.isNull) object[names[i] as string] = inJson(i, bytes, cursor.start, cursor.end)
    }
    yield object
  }
}

function inJson(index: number, bytes: Buffer, start: number, end: number): unknown {
  switch (WIDE[index]?.type.kind) {
    case 'bits':
      return bytes[start] !== 0
    case 'bytes':
      return bytes.toString('base64', start, end)
    case 'float':
      return Number(bytes.toString('latin1', start, end))
    case 'timestamp':
      return `${bytes.toString('latin1', start, end)}Z`
    case 'text':
    case 'json':
      return bytes.toString('utf8', start, end)
    default:
      return bytes.toString('latin1', start, end)
  }
}

const ways = { bytes: asBytes, objects: asObjects(decodedRows), lean: asObjects(leanRows) }
type Way = keyof typeof ways
const WAYS: readonly Way[] = ['bytes', 'objects', 'lean']

/** Equal work or no comparison. */
function mustBeEqual(): void {
  const lines = (way: typeof asBytes): unknown[] => {
    const texts: string[] = []
    way(batches.slice(0, 3), (some) => void texts.push(Buffer.from(some).toString()))
    return texts
      .join('')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
  }
  const [first, ...others] = WAYS.map((way) => lines(ways[way]))
  if (!others.every((other) => isDeepStrictEqual(other, first))) throw new Error('the encoders do not write the same rows')
}

mustBeEqual()
const seconds: Record<Way, number[]> = { bytes: [], objects: [], lean: [] }
const busy: Record<Way, number[]> = { bytes: [], objects: [], lean: [] }
let written = 0
// One round more than counts, to warm up.
for (let round = -1; round < Number(values.rounds); round++) {
  for (const way of WAYS.toSorted(() => Math.random() - 0.5)) {
    written = 0
    const [started, before] = [performance.now(), process.cpuUsage()]
    ways[way](batches, (lines) => {
      written += lines.length
    })
    if (round < 0) continue
    const { user, system } = process.cpuUsage(before)
    seconds[way].push((performance.now() - started) / 1000)
    busy[way].push((user + system) / 1e6)
  }
}
const rate = (way: Way): string => `${Math.round(rows / Math.min(...busy[way]) / 1000)} k rows`
function compared(way: Way): string {
  const ratios = seconds.bytes.map((time, i) => (seconds[way][i] ?? 0) / time)
  const cpu = Math.min(...busy[way]) / Math.min(...busy.bytes)
  return `${median(ratios).toFixed(1)} × by the clock (rounds ${Math.min(...ratios).toFixed(1)}–${Math.max(...ratios).toFixed(1)}), ${cpu.toFixed(1)} × by the CPU of the best rounds`
}
say(`${rows.toLocaleString('en')} wide rows, ${(packed / rows).toFixed(0)} bytes each packed, ${(written / rows).toFixed(0)} as JSON; ${values.rounds} rounds`)
say(`For a second of CPU: as bytes ${rate('bytes')}, as objects ${rate('objects')}, as objects by the shortest way ${rate('lean')}`)
say(`As bytes is faster than as objects ${compared('objects')}; goal: at least 5 ×`)
say(`… than as objects by the shortest way ${compared('lean')}`)
