import { type Digest, type DigestReader, FINGERPRINT_COLUMNS, packRows, type RowRange, storedColumns, type TableSchema } from '@dbsync/core/plugin'
import { expect } from 'vitest'
import type { Registry } from './checks.ts'
import { type FixtureRow, type FixtureTable, freshName, int, plainRows, plainTable, words } from './fixture.ts'
import { type ReaderHarness, schemaOf } from './reader-suite.ts'
import { cancelled, expected, expectKind, never, rowsOf, whole } from './rows-of.ts'

const SHAPES: readonly [string, readonly string[]][] = [
  ['a number', ['id']],
  ['a text', ['w']],
  ['several columns', ['w', 'id']],
  ['no key', []],
]

/** Rows for each range, and the fewest and the most ranges that twelve rows may become. */
const SIZES = [
  [1, 6, 100],
  [2, 3, 100],
  [1_000, 1, 1],
] as const

export interface DigestHarness extends ReaderHarness {
  readonly reader: () => Promise<DigestReader>
}

/** What a reader must do that can compare by digest: `ranges`, `evenRanges` where it has that, `digest` and `fingerprints`. */
export function describeDigests({ describe, it }: Registry, harness: DigestHarness): void {
  const open = async (table: FixtureTable, rows: readonly FixtureRow[]) => {
    await harness.put(table, rows)
    const reader = await harness.reader()
    return { reader, schema: await schemaOf(reader, harness.database, table.name) }
  }
  const shaped = (key: readonly string[]): FixtureTable => ({ name: freshName(), key, columns: [int('id'), { ...words('w'), nullable: false }, words('b')] })
  const shapedRows = (count: number) => Array.from({ length: count }, (_, i): FixtureRow => [String((i * 7) % 100), `w${i % 3}'${(i * 7) % 100}`, null])

  it('gives even ranges, if it does, of no more rows than wanted, which cover every row once and every row that is yet to come', async () => {
    const [few, more] = [shaped(['id']), shaped(['id'])]
    await harness.put(
      few,
      Array.from({ length: 2_000 }, (_, i): FixtureRow => [String(i * 2), 'w', null]),
    )
    await harness.put(more, [['-5', '', 'before'], ...shapedRows(40), ['9000', 'zzz', 'after']])
    const reader = await harness.reader()
    const [small, large] = [await schemaOf(reader, harness.database, few.name), await schemaOf(reader, harness.database, more.name)]
    const ranges = await reader.evenRanges?.(small, 600, never)
    if (ranges === undefined) return
    expectAdjacent(ranges, whole(small))
    expect(ranges.length).toBeGreaterThan(3)
    const sizes: number[] = []
    for (const range of ranges) sizes.push((await rowsOf(reader, { schema: small, range })).length)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(600)
    for (const schema of [small, large]) {
      const read: string[] = []
      for (const range of ranges) read.push(...(await rowsOf(reader, { schema, range })))
      expect(read.sort()).toEqual(await rowsOf(reader, { schema }))
    }
    await expectKind(async () => await reader.evenRanges?.(small, 600, cancelled()), 'cancelled')
  })

  for (const [shape, key] of SHAPES) {
    describe(`ranges by ${shape}`, () => {
      for (const [rowsPerRange, fewest, most] of SIZES) {
        it(`cover every row once, about ${rowsPerRange} rows each, and every row that is yet to come`, async () => {
          const [few, more] = [shaped(key), shaped(key)]
          await harness.put(few, shapedRows(12))
          await harness.put(more, [['-5', '', 'before'], ...shapedRows(40), ['1000', 'zzz', 'after']])
          const reader = await harness.reader()
          const [small, large] = [await schemaOf(reader, harness.database, few.name), await schemaOf(reader, harness.database, more.name)]
          const ranges = await reader.ranges(small, rowsPerRange, never)
          expectAdjacent(ranges, whole(small))
          expect(ranges.length).toBeGreaterThanOrEqual(fewest)
          expect(ranges.length).toBeLessThanOrEqual(most)
          for (const schema of [small, large]) {
            const read: string[] = []
            for (const range of ranges) read.push(...(await rowsOf(reader, { schema, range })))
            expect(read.sort()).toEqual(await rowsOf(reader, { schema }))
          }
          const counts = await reader.digest(large, ranges, never)
          expect(total(counts).rows).toBe(42)
        })
      }

      it('split one range further, exactly', async () => {
        const { reader, schema } = await open(shaped(key), shapedRows(30))
        for (const range of await reader.ranges(schema, 8, never)) {
          const parts = await reader.ranges(schema, 2, never, range)
          expectAdjacent(parts, range)
          const [digest] = await reader.digest(schema, [range], never)
          expect(total(await reader.digest(schema, parts, never))).toEqual(digest)
        }
      })

      it('cover an empty table with what could come', async () => {
        const { reader, schema } = await open(shaped(key), [])
        const ranges = await reader.ranges(schema, 10, never)
        expectAdjacent(ranges, whole(schema))
        expect(total(await reader.digest(schema, ranges, never))).toEqual({ rows: 0, sum: '0', exact: true })
      })

      it('have digests that add up to that of the whole, in the order in which they were asked for', async () => {
        const { reader, schema } = await open(shaped(key), shapedRows(30))
        const ranges = await reader.ranges(schema, 5, never)
        const digests = await reader.digest(schema, ranges, never)
        expect(total(digests)).toEqual((await reader.digest(schema, [whole(schema)], never))[0])
        expect(await reader.digest(schema, ranges.toReversed(), never)).toEqual(digests.toReversed())
        expect(await reader.digest(schema, [], never)).toEqual([])
      })

      it('have fingerprints that agree with their digests, and with the rows', async () => {
        const more = key.length > 0 ? [] : [...shapedRows(7), ...shapedRows(3)]
        const { reader, schema } = await open(shaped(key), [...shapedRows(30), ...more])
        const ranges = await reader.ranges(schema, 5, never)
        const digests = await reader.digest(schema, ranges, never)
        for (const [i, range] of ranges.entries()) expect(sumOf(await fingerprintsOf(reader, schema, [range]))).toEqual(digests[i])
        const all = await fingerprintsOf(reader, schema, ranges)
        expect(sumOf(all)).toEqual(total(digests))
        const named = shapedRows(30).map(([id, w], i) => {
          const cells = key.map((name) => (name === 'id' ? id : w))
          const times = more.length === 0 ? 1 : i < 3 ? 3 : i < 7 ? 2 : 1
          return [...cells, times].join()
        })
        expect(all.map((cells) => [...cells.slice(0, -2), cells.at(-1)].join()).sort()).toEqual(named.sort())
      })
    })
  }

  it('reads one row for each hash that is asked for, where there is no key', async () => {
    const { reader, schema } = await open(shaped([]), [...shapedRows(30), ...shapedRows(7)])
    const hashes = (await fingerprintsOf(reader, schema, [whole(schema)])).map(([hash = null]) => [hash])
    const keys = packRows(FINGERPRINT_COLUMNS.slice(0, 1), [...hashes, ['12345']])
    expect(await rowsOf(reader, { schema, keys })).toEqual(expected(storedColumns(schema), shapedRows(30)))
  })

  describe('digests', () => {
    const sums = async (key: readonly string[], contents: readonly (readonly FixtureRow[])[]) => {
      const tables = contents.map(() => plainTable(freshName(), key))
      for (const [i, table] of tables.entries()) await harness.put(table, contents[i] ?? [])
      const reader = await harness.reader()
      const found: string[] = []
      for (const { name } of tables) {
        const schema = await schemaOf(reader, harness.database, name)
        const [digest] = await reader.digest(schema, [whole(schema)], never)
        found.push(JSON.stringify([digest?.sum, digest?.exact]))
      }
      return found
    }

    for (const key of [['id'], []]) {
      it(`are equal for equal rows and different for every change ${key.length > 0 ? 'with' : 'without'} a key`, async () => {
        const rows = plainRows(3)
        const variants: readonly (readonly FixtureRow[])[] = [
          rows,
          [],
          rows.slice(1),
          [['1', 'a', null]],
          [['1', 'a', '']],
          [['1', null, 'a']],
          [['1', '', 'a']],
          [['1', 'a', 'b']],
          [['1', 'b', 'a']],
          [['1', 'ab', '']],
          [['1', '', 'ab']],
          [['1', 'a,b', null]],
          [['1', 'NULL', 'NULL']],
          [['1', null, null]],
          [['1', 'a ', null]],
          [['1', 'A', null]],
          [['11', 'a', null]],
          [
            ['1', 'a', null],
            ['2', 'b', null],
          ],
          [
            ['1', 'b', null],
            ['2', 'a', null],
          ],
        ]
        const found = await sums(key, [...variants, rows.toReversed(), rows])
        expect(found.at(-1)).toBe(found[0])
        expect(found.at(-2)).toBe(found[0])
        expect(new Set(found).size).toBe(variants.length)
      })
    }

    it('tell cells apart that read alike side by side', async () => {
      const table = (): FixtureTable => ({ name: freshName(), key: [], columns: [int('a'), { ...int('b'), nullable: true }, { ...int('c'), nullable: true }] })
      const variants: readonly FixtureRow[] = [
        ['1', '23', '4'],
        ['12', '3', '4'],
        ['1', '2', '34'],
        ['1', null, '4'],
        ['1', '4', null],
      ]
      const found = new Set<string>()
      for (const row of variants) {
        const { reader, schema } = await open(table(), [row])
        for (const digest of await reader.digest(schema, [whole(schema)], never)) found.add(digest.sum)
      }
      expect(found.size).toBe(variants.length)
    })

    it('are not made when that is aborted, and neither are ranges and fingerprints', async () => {
      const { reader, schema } = await open(plainTable(freshName()), plainRows(20))
      const ranges = [whole(schema)]
      await expectKind(() => reader.digest(schema, ranges, cancelled()), 'cancelled')
      await expectKind(() => reader.ranges(schema, 5, cancelled()), 'cancelled')
      await expectKind(() => Array.fromAsync(reader.fingerprints(schema, ranges, cancelled())), 'cancelled')
    })

    it('tell how often a row is there that has no key', async () => {
      const row: FixtureRow = ['1', 'a', null]
      const found = await sums([], [[], [row], [row, row], [row, row, row], [row, row, row, row]])
      expect(new Set(found).size).toBe(5)
    })
  })
}

/** Every fingerprint's cells as text. */
export async function fingerprintsOf(reader: DigestReader, schema: TableSchema, ranges: readonly RowRange[]): Promise<string[][]> {
  const found: string[][] = []
  for await (const batch of reader.fingerprints(schema, ranges, never)) {
    for (let row = 0; row < batch.rowCount; row++) found.push(batch.columns.map((_, i) => Buffer.from(batch.cell(row, i) ?? []).toString()))
  }
  return found
}

const total = (digests: readonly Digest[]): Digest => ({
  rows: digests.reduce((sum, { rows }) => sum + rows, 0),
  sum: String(digests.reduce((sum, digest) => sum + BigInt(digest.sum), 0n)),
  exact: digests.every(({ exact }) => exact),
})

const sumOf = (fingerprints: readonly (readonly string[])[]): Digest =>
  total(fingerprints.map((cells) => ({ rows: Number(cells.at(-1)), sum: String(BigInt(cells.at(-2) ?? '') * BigInt(cells.at(-1) ?? '')), exact: true })))

/** No gap and no overlap between the ranges, from one end of `outer` to the other. */
function expectAdjacent(ranges: readonly RowRange[], outer: RowRange): void {
  const bounds = ranges.map(({ from, to }) => ({ from, to }))
  expect(new Set(ranges.map(({ by }) => by))).toEqual(new Set([outer.by]))
  expect([bounds[0]?.from, bounds.at(-1)?.to]).toEqual([outer.from, outer.to])
  expect(bounds.slice(1).map(({ from }) => from)).toEqual(bounds.slice(0, -1).map(({ to }) => to))
}
