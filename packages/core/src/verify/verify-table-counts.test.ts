import { describe, expect, it } from 'vitest'
import type { DigestReader, ReadRequest } from '../contract/reader.ts'
import { type MemoryDatabase, memoryDatabase, memorySource, memoryTarget, putTable, type Row } from '../memory/index.ts'
import type { TableSchema } from '../model/schema.ts'
import { items, schemaOf, text } from '../run/testing.ts'
import type { Ends } from './read-rows.ts'
import type { VerifyLevel } from './report.ts'
import { Tally } from './tally.ts'
import { compareTable, type SecondLook } from './verify-table.ts'

const lines = schemaOf('lines', [text('line')], [])
const { signal } = new AbortController()
const some = (count: number): Row[] => Array.from({ length: count }, (_, id) => [String(id), 'a'])
const LEVELS = ['checksum', 'digest', 'rows', 'count'] as const

/** Verifies a table; `moves` is done before each look but the first, after which nobody else is at work. */
async function verify(
  schema: TableSchema,
  { source, target }: { readonly source: readonly Row[]; readonly target: readonly Row[] },
  level: VerifyLevel,
  {
    limit = 10,
    change = () => ({}),
    moves,
  }: { limit?: number; change?: (target: DigestReader) => Partial<DigestReader>; moves?: (to: MemoryDatabase, look: number) => void } = {},
) {
  const [from, to] = [memoryDatabase(), memoryDatabase()]
  putTable(from, schema, source)
  putTable(to, schema, target)
  const asked: ReadRequest[] = []
  const plain = memoryTarget(to) as unknown as DigestReader
  const reader: DigestReader = { ...plain, ...change(plain) }
  let looks = 0
  const again: SecondLook = {
    busy: async () => false,
    async open() {
      moves?.(to, ++looks)
      return await memorySource(from).open({ readers: 1, signal })
    },
  }
  const snapshot = await memorySource(from).open({ readers: 1, signal })
  const tally = new Tally(schema, limit, () => false)
  const ends: Ends = {
    source: snapshot,
    target: {
      ...reader,
      read(request) {
        asked.push(request)
        return reader.read(request)
      },
    },
    ...{ schema, wanted: schema, batchRows: 100, batchBytes: 1 << 20, signal },
  }
  const used = await compareTable(ends, level, tally, moves === undefined ? undefined : again)
  return { used, tally, totals: tally.totals, asked, looks: () => looks }
}

describe('a table', () => {
  it.each(LEVELS)('that is equal is looked at once, and all its rows are counted, by %s', async (level) => {
    for (const [schema, rows] of [
      [items, some(20)],
      [lines, [['x'], ['x'], ['y']]],
      [items, []],
    ] as const) {
      const { used, totals, looks } = await verify(schema, { source: rows, target: rows }, level, { moves: () => {} })
      expect({ used, looks: looks(), ...totals }).toEqual({ ...{ used: level, looks: 0, rowsCompared: rows.length }, ...NOTHING })
    }
  })

  it.each(['checksum', 'digest', 'rows'] as const)('of which the copy has nothing lacks every row, by %s', async (level) => {
    const { tally, totals } = await verify(items, { source: some(300), target: [] }, level)
    expect(totals).toEqual({ ...NOTHING, rowsCompared: 300, missing: 300 })
    expect(new Set(tally.keys?.map((key) => Buffer.from(key).toString('hex'))).size).toBe(300)
    expect(tally.differences.map(({ key }) => key[0]?.value)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
  })

  it('is not called equal by a sum where the numbers of rows differ, or one end has no sum', async () => {
    const db = memoryDatabase()
    putTable(db, items, some(3))
    const sum = (await memoryTarget(db).checksum?.(items, signal))?.sum ?? ''
    const { used, totals } = await verify(items, { source: some(3), target: some(2) }, 'checksum', {
      change: () => ({ checksum: async () => ({ rows: 2, sum }) }),
    })
    expect({ used, ...totals }).toMatchObject({ used: 'digest', missing: 1 })
    const none = await verify(items, { source: some(3), target: some(3) }, 'checksum', { change: () => ({ checksum: async () => undefined }) })
    expect(none).toMatchObject({ used: 'digest', totals: { rowsCompared: 3 } })
  })

  it('without a key whose rows cannot be hashed is read, and its rows are counted once', async () => {
    // The first of several ranges: the others are equal, and have been counted by then.
    const digest = (plain: DigestReader): Partial<DigestReader> => ({
      digest: async (...asked) => (await plain.digest(...asked)).map((one, i) => ({ ...one, exact: i > 0 })),
    })
    const rows = Array.from({ length: 1_100 }, (_, i): Row => [`line ${i >> 1}`])
    for (const [target, apart] of [
      [rows, 0],
      [[...rows.slice(1), ['z']], 1],
    ] as const) {
      const { used, totals } = await verify(lines, { source: rows, target }, 'digest', { change: digest })
      expect({ used, ...totals }).toEqual({ used: 'rows', ...NOTHING, rowsCompared: 1_100, missing: apart, extra: apart })
    }
  })
})

const NOTHING = { missing: 0, extra: 0, changed: 0, notSynced: 0, settled: 0 }

describe('copies of a row without a key', () => {
  it.each(LEVELS)('settle one by one, as they are counted, by %s', async (level) => {
    const source: Row[] = Array.from({ length: 6 }, () => ['x'])
    const { totals } = await verify(lines, { source, target: [['x']] }, level, {
      moves: (to, look) => look === 1 && putTable(to, lines, source.slice(2)),
    })
    expect(totals).toMatchObject({ missing: 2, settled: 3 })
  })

  it.each(['digest', 'rows'] as const)('are shown as often as was asked for, from the end that has more of them, by %s', async (level) => {
    const ends = { source: [['a'], ['a'], ['b'], ['c']], target: [['c'], ['c'], ['d']] }
    const { tally } = await verify(lines, ends, level, { limit: 10 })
    const shown = tally.differences.map(({ kind, key, copies }) => `${kind} ${key[0]?.value} ${copies?.source}/${copies?.target}`)
    expect(shown.sort()).toEqual(['extra c 1/2', 'extra d 0/1', 'missing a 2/0', 'missing b 1/0'])
    const few = await verify(lines, ends, level, { limit: 2 })
    expect(few.totals).toMatchObject({ missing: 3, extra: 2 })
    expect(few.tally.differences.map(({ key }) => key.length)).toEqual([1, 1])
    const none = await verify(lines, ends, level, { limit: 0 })
    // Nobody wants to see them: they need not be read once more.
    expect(none.asked).toHaveLength(level === 'rows' ? 1 : 0)
  })
})

it('a row that moves between two looks is looked at once more', async () => {
  const of = (name: string): Row[] => [['1', name]]
  const { totals, looks } = await verify(items, { source: of('a'), target: of('b') }, 'digest', {
    moves: (to, look) => putTable(to, items, of(['b', 'c', 'a'][look - 1] ?? '')),
  })
  expect(totals).toMatchObject({ changed: 0, settled: 1 })
  expect(looks()).toBe(3)
})
