import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { ReadRequest, TableReader } from '../contract/reader.ts'
import { memoryDatabase, memorySource, memoryTarget, putTable, type Row } from '../memory/index.ts'
import { packRows } from '../model/rows.ts'
import type { TableSchema } from '../model/schema.ts'
import { int, items, schemaOf, text } from '../run/testing.ts'
import { countRows, type Ends, keyedRows, keylessRows, rowsWith } from './read-rows.ts'
import { Tally } from './tally.ts'
import { compareTable } from './verify-table.ts'

const lines = schemaOf('lines', [text('line')], [])
const { signal } = new AbortController()
const numbered = (count: number, from = 0): Row[] => Array.from({ length: count }, (_, i) => [`line ${from + i}`])
const item = (id: number, name = 'a'): Row => [String(id), name]
const some = (count: number): Row[] => Array.from({ length: count }, (_, id) => item(id))

/** Both ends; `asked` are the reads of each, and `compared` and `paced` what was said of rows. */
async function endsOf(schema: TableSchema, theirs: readonly Row[], ours: readonly Row[]) {
  const [from, to] = [memoryDatabase(), memoryDatabase()]
  putTable(from, schema, theirs)
  putTable(to, schema, ours)
  const seen = { asked: { source: [] as ReadRequest[], target: [] as ReadRequest[] }, compared: [] as number[], paced: [] as number[] }
  const telling = (reader: TableReader, asked: ReadRequest[]): TableReader => ({
    ...reader,
    read(request) {
      asked.push(request)
      return spoiling(reader, request)
    },
  })
  const ends: Ends = {
    source: telling(await memorySource(from).open({ readers: 1, signal }), seen.asked.source),
    target: telling(memoryTarget(to), seen.asked.target),
    ...{ schema, wanted: schema, batchRows: 7, batchBytes: 1 << 20, signal },
    compared: (rows) => void seen.compared.push(rows),
  }
  const pace = { portion: 10, rows: async (count: number) => void seen.paced.push(count) }
  return { ...seen, ends, slowly: { ...ends, pace } }
}

/** As a reader may that uses its memory again. */
async function* spoiling(reader: TableReader, request: ReadRequest) {
  for await (const batch of reader.read(request)) {
    yield batch
    if (request.transient) batch.bytes.fill(0x58)
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)
const unsplit = <T extends Ends>(ends: T, end: 'source' | 'target'): T => ({ ...ends, [end]: { ...ends[end], ranges: undefined } })

describe('the rows of a table with a key', () => {
  const found = async (ends: Ends, held?: number) => {
    const all = { missing: 0, changed: 0, extra: 0, findings: 0 }
    for await (const finding of keyedRows(ends, held)) {
      if (finding.kind !== 'keys') throw new Error(finding.kind)
      for (const kind of ['missing', 'changed', 'extra'] as const) all[kind] += finding[kind].length
      all.findings++
    }
    return all
  }

  it('are read range by range, no more at a time than the pace allows, and each is counted once', async () => {
    const w = await endsOf(items, some(45), [...some(44).slice(1), item(44, 'b'), ...[60, 61, 62].map((id) => item(id))])
    expect(await found(w.slowly)).toMatchObject({ missing: 1, changed: 1, extra: 3 })
    expect(w.asked.source.length).toBeGreaterThan(4)
    for (const { range } of [...w.asked.source, ...w.asked.target]) expect(range).toBeDefined()
    expect(sum(w.compared)).toBe(45)
    expect(Math.max(...w.paced)).toBeLessThan(14)
    expect(sum(w.paced)).toBeGreaterThanOrEqual(47)
  })

  it('are known by their keys when the memory of a batch has long been used again', async () => {
    const w = await endsOf(items, some(30), [...some(30).slice(1), item(60)])
    const tally = new Tally(items, 10, () => false)
    await compareTable(w.ends, 'rows', tally, undefined)
    expect(tally.totals).toMatchObject({ missing: 1, extra: 1, settled: 0 })
    expect(new Set(tally.differences.map(({ key }) => key[0]?.value))).toEqual(new Set(['0', '60']))
  })

  it('are read whole where either end cannot be split, and no finding is made of rows that are equal', async () => {
    for (const end of ['source', 'target'] as const) {
      const w = await endsOf(items, some(45), [...some(45), item(60)])
      expect(await found(unsplit(w.slowly, end))).toEqual({ missing: 0, changed: 0, extra: 1, findings: 1 })
      expect([w.asked.source.length, w.asked.target.length]).toEqual([1, 1])
      expect(w.asked.source[0]).not.toHaveProperty('range')
      // Half of the rows of each end: both are read at the same time.
      expect(sum(w.paced)).toBe(45.5)
      expect(await found(unsplit(w.ends, end), 12)).toEqual({ missing: 0, changed: 0, extra: 1, findings: 1 })
      expect([w.asked.source.length, w.asked.target.length]).toEqual([5, 5])
      expect(sum(w.compared)).toBe(90)
    }
  })

  it('are told apart by all columns of the key, in the order of the key', async () => {
    const pairs = schemaOf('pairs', [int('b'), text('v'), int('a')], ['a', 'b'])
    const w = await endsOf(
      pairs,
      [
        ['1', 'x', '12'],
        ['11', 'x', '2'],
        ['5', 'x', '6'],
      ],
      [
        ['1', 'x', '12'],
        ['5', 'y', '6'],
        ['6', 'x', '5'],
      ],
    ) // prettier-ignore
    const tally = new Tally(pairs, 10, () => false)
    await compareTable(w.ends, 'rows', tally, undefined)
    const named = (kind: string) =>
      tally.differences.filter((row) => row.kind === kind).map(({ key }) => key.map(({ name, value }) => `${name}${value}`).join())
    expect({ missing: named('missing'), changed: named('changed'), extra: named('extra') }).toEqual({
      missing: ['a2,b11'],
      changed: ['a6,b5'],
      extra: ['a5,b6'],
    })
  })
})

describe('the rows of a table without a key', () => {
  async function found(ends: Ends, held: number) {
    const all = { missing: 0, extra: 0, groups: 0 }
    for await (const rows of keylessRows(ends, held)) {
      all.groups++
      for (const { source, target } of rows) {
        all.missing += Math.max(0, source - target)
        all.extra += Math.max(0, target - source)
      }
    }
    return all
  }

  it('are read once where all of them can be held, and counted once', async () => {
    const w = await endsOf(lines, numbered(20), numbered(20, 3))
    expect(await found(w.slowly, 20)).toEqual({ missing: 3, extra: 3, groups: 1 })
    expect([w.asked.source.length, w.asked.target.length]).toEqual([1, 1])
    expect([sum(w.compared), sum(w.paced)]).toEqual([20, 20])
  })

  it('are none that have to be held where both ends are equal, however many they are', async () => {
    const w = await endsOf(lines, numbered(30), numbered(30).reverse())
    expect(await found(w.ends, 5)).toEqual({ missing: 0, extra: 0, groups: 0 })
    expect([w.asked.source.length, w.asked.target.length]).toEqual([1, 1])
    expect(sum(w.compared)).toBe(30)
    expect(await found(w.ends, 30)).toEqual({ missing: 0, extra: 0, groups: 0 })
  })

  it('are held a part at a time where there are more of them at either end, and counted once', async () => {
    for (const [few, many] of [
      [5, 60],
      [60, 5],
    ] as const) {
      const w = await endsOf(lines, numbered(few), numbered(many, 100))
      expect(await found(w.ends, 20)).toEqual({ missing: few, extra: many, groups: 4 })
      expect(sum(w.compared)).toBe(few)
    }
  })

  it('are told apart, too, where two of them fall into one bucket', async () => {
    const [one, other] = neighbours()
    const w = await endsOf(lines, [[one]], [[other]])
    expect(await found(w.ends, 0)).toEqual({ missing: 1, extra: 1, groups: 1 })
  })

  it('are shown as they are, one of each', async () => {
    const w = await endsOf(lines, [...numbered(30), ...numbered(30)], numbered(29))
    const counts = await countRows(w.ends, () => true)
    expect(counts).toHaveLength(30)
    const wanted = new Set(counts.filter(({ target }) => target === 0).map(({ sha }) => sha))
    const rows = await rowsWith(w.ends, 0, wanted)
    expect([...rows.values()].map((bytes) => Buffer.from(bytes))).toEqual([Buffer.from(packRows(lines.columns, [['line 29']]).bytes)])
    expect((await rowsWith(w.ends, 1, wanted)).size).toBe(0)
  })
})

/** Two lines whose hashes begin with the same 16 bits. */
function neighbours(): readonly [string, string] {
  const seen = new Map<number, string>()
  for (let i = 0; ; i++) {
    const line = `line ${i}`
    const bucket = hash('sha1', packRows(lines.columns, [[line]]).bytes, 'buffer').readUInt16BE(0)
    const other = seen.get(bucket)
    if (other !== undefined) return [other, line]
    seen.set(bucket, line)
  }
}
