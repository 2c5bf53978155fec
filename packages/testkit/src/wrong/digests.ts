import { createHash } from 'node:crypto'
import type { Row } from '@dbsync/core/memory'
import { type Digest, type DigestReader, keyColumns, packRows, type ReadRequest, type RowBatch, type RowRange, type TableReader } from '@dbsync/core/plugin'
import { BATCHES, never } from '../rows-of.ts'
import { mapped, remade, rowsIn, textOf, type WrongReader } from './wrong.ts'

const SHAPES = ['a number', 'a text', 'several columns', 'no key'].map((shape) => `ranges by ${shape}`)
const shaped = (...checks: readonly string[]) => SHAPES.flatMap((shape) => checks.map((check) => `${shape} > ${check}`))
const cover = (rows: number) => `cover every row once, about ${rows} rows each, and every row that is yet to come`
const EVEN = 'gives even ranges, if it does, of no more rows than wanted, which cover every row once and every row that is yet to come'
const CHANGES = ['with a key', 'without a key'].map((kind) => `digests > are equal for equal rows and different for every change ${kind}`)
const DIGESTS_ABORTED = ['digests > are not made when that is aborted, and neither are ranges and fingerprints']

/** What a reader can do wrong that compares by digest. */
export const WRONG_DIGESTS: readonly WrongReader[] = [
  {
    does: 'ends the last range at the last row that is there',
    make: (right) => ({
      async ranges(...asked) {
        const ranges = await right.ranges(...asked)
        const last = ranges.at(-1)
        if (last === undefined || asked[3] !== undefined) return ranges
        const to = last.by === 'hash' ? { ...last, to: String(BigInt(last.to) - 1n) } : { ...last, to: asked[0].key.map(() => '39') }
        return [...ranges.slice(0, -1), to]
      },
    }),
    fails: shaped(cover(1), cover(2), cover(1_000), 'cover an empty table with what could come'),
  },
  {
    does: 'gives even ranges of more rows than wanted',
    make: (right) => ({ evenRanges: async (schema, rows, signal) => await right.evenRanges?.(schema, rows * 1.1, signal) }),
    fails: [EVEN],
  },
  {
    does: 'ends the last even range at the last row that is there',
    make: (right) => ({
      async evenRanges(...asked) {
        const ranges = await right.evenRanges?.(...asked)
        const last = ranges?.at(-1)
        return last?.by === 'key' ? [...(ranges ?? []).slice(0, -1), { ...last, to: ['34303030'] }] : ranges
      },
    }),
    fails: [EVEN],
  },
  {
    does: 'never splits a table',
    make: (right) => ({ ranges: (schema, _, signal, within) => right.ranges(schema, 1e9, signal, within) }),
    fails: shaped(cover(1), cover(2)),
  },
  {
    does: 'reads the row at the end of a range too, which belongs to the next one',
    make: (right) => ({ read: (request) => endIncluded(right, request) }),
    fails: SHAPES.slice(0, 3).flatMap((shape) => [`${shape} > ${cover(1)}`, `${shape} > ${cover(2)}`]),
  },
  {
    does: 'splits the whole table where it was asked for one range of it',
    make: (right) => ({ ranges: (schema, rows, signal) => right.ranges(schema, rows, signal) }),
    fails: shaped('split one range further, exactly'),
  },
  {
    does: 'has no range for an empty table',
    make: (right) => ({
      ranges: async (schema, rows, signal, within) => ((await right.count(schema, never)) === 0 ? [] : right.ranges(schema, rows, signal, within)),
    }),
    fails: shaped('cover an empty table with what could come'),
  },
  {
    does: 'gives digests in the order of the ranges in the table',
    make: (right) => ({
      async digest(schema, ranges, signal) {
        const whole = await right.ranges(schema, 5, signal)
        const place = (range: RowRange) => whole.findIndex(({ from }) => JSON.stringify(from) === JSON.stringify(range.from))
        return await right.digest(
          schema,
          ranges.toSorted((a, b) => place(a) - place(b)),
          signal,
        )
      },
    }),
    fails: shaped('have digests that add up to that of the whole, in the order in which they were asked for'),
  },
  {
    does: 'leaves the last row out of its fingerprints',
    make: (right) => ({ fingerprints: (...asked) => mapped(right.fingerprints(...asked), (batch) => remade(batch, (rows) => rows.slice(0, -1))) }),
    fails: shaped('have fingerprints that agree with their digests, and with the rows'),
  },
  {
    does: 'says of every row without a key that it is there once',
    make: (right) => ({
      fingerprints: (...asked) => mapped(right.fingerprints(...asked), (batch) => remade(batch, (rows) => rows.map((row) => [...row.slice(0, -1), '1']))),
    }),
    fails: ['ranges by no key > have fingerprints that agree with their digests, and with the rows'],
  },
  {
    does: 'gives the cells of a fingerprint in the order of the columns, and not of the key',
    make: (right) => ({
      fingerprints: (schema, ranges, signal) =>
        mapped(right.fingerprints(schema, ranges, signal), (batch) =>
          remade(batch, (rows) => rows.map((row) => [...row.slice(0, -2).reverse(), ...row.slice(-2)])),
        ),
    }),
    fails: ['ranges by several columns > have fingerprints that agree with their digests, and with the rows'],
  },
  {
    does: 'reads every row that has one of the hashes, and not one for each',
    make: (right) => ({ read: (request) => everyRowOf(right, request) }),
    fails: ['reads one row for each hash that is asked for, where there is no key'],
  },
  {
    does: 'leaves NULLs out of the digest',
    make: (right) => digesting(right, (row) => JSON.stringify(row.filter((cell) => cell !== null).map(textOf))),
    fails: CHANGES,
  },
  { does: 'digests NULL as an empty text', make: (right) => digesting(right, (row) => JSON.stringify(row.map(textOf))), fails: CHANGES },
  {
    does: 'digests without regard to case',
    make: (right) => digesting(right, (row) => JSON.stringify(row.map((cell) => cell && textOf(cell).toLowerCase()))),
    fails: CHANGES,
  },
  {
    does: 'digests without spaces at the end',
    make: (right) => digesting(right, (row) => JSON.stringify(row.map((cell) => cell && textOf(cell).trimEnd()))),
    fails: CHANGES,
  },
  {
    does: 'digests the cells of a row in any order',
    make: (right) => digesting(right, (row) => JSON.stringify(row.map((cell) => (cell === null ? '' : `=${textOf(cell)}`)).sort())),
    fails: CHANGES,
  },
  {
    does: 'digests column by column, so that cells may change places between rows',
    make: (right) => digesting(right, ([first, ...rest]) => JSON.stringify([first, ...rest].map((cell) => cell && textOf(cell))), byColumn),
    fails: CHANGES,
  },
  {
    does: 'digests rows in the order in which they lie',
    make: (right) =>
      digesting(
        right,
        (row) => JSON.stringify(row.map((cell) => cell && textOf(cell))),
        (hashes) => hashes.reduce((sum, hash, i) => sum + hash * BigInt(i + 1), 0n),
      ),
    fails: CHANGES.slice(1),
  },
  {
    does: 'digests the cells of a row with nothing between them',
    make: (right) => digesting(right, (row) => row.map((cell) => (cell === null ? '~' : textOf(cell))).join('')),
    fails: ['digests > tell cells apart that read alike side by side'],
  },
  {
    does: 'adds hashes by XOR, so that equal rows cancel out',
    make: (right) =>
      digesting(
        right,
        (row) => JSON.stringify(row.map((cell) => cell && textOf(cell))),
        (hashes) => hashes.reduce((sum, hash) => sum ^ hash, 0n),
      ),
    fails: ['digests > tell how often a row is there that has no key'],
  },
  { does: 'digests on when it is aborted', make: (right) => ({ digest: (schema, ranges) => right.digest(schema, ranges, never) }), fails: DIGESTS_ABORTED },
  {
    does: 'splits a table when it is aborted',
    make: (right) => ({ ranges: (schema, rows, _, within) => right.ranges(schema, rows, never, within) }),
    fails: DIGESTS_ABORTED,
  },
  {
    does: 'reads fingerprints when it is aborted',
    make: (right) => ({ fingerprints: (schema, ranges) => right.fingerprints(schema, ranges, never) }),
    fails: DIGESTS_ABORTED,
  },
]

async function* endIncluded(right: DigestReader, request: ReadRequest): AsyncGenerator<RowBatch> {
  yield* right.read(request)
  const { range, schema } = request
  if (range?.by !== 'key' || range.to === undefined) return
  const keys = packRows(keyColumns(schema), [range.to.map((cell) => Buffer.from(cell, 'hex'))])
  const { range: _, ...rest } = request
  yield* right.read({ ...rest, keys })
}

async function* everyRowOf(right: DigestReader, { keys, ...request }: ReadRequest): AsyncGenerator<RowBatch> {
  if (keys === undefined || request.schema.key.length > 0) yield* right.read({ ...request, ...(keys && { keys }) })
  else for (const [hash] of rowsIn(keys)) yield* right.read({ ...request, range: { by: 'hash', from: textOf(hash), to: String(BigInt(textOf(hash)) + 1n) } })
}

const sum = (hashes: readonly bigint[]): bigint => hashes.reduce((sum, hash) => sum + hash, 0n)
const hashOf = (text: string): bigint => createHash('sha1').update(text).digest().readBigUInt64BE(0)

/** Adds the hashes of the cells alone. */
const byColumn = (_: readonly bigint[], rows: readonly Row[]): bigint =>
  sum(rows.flatMap((row) => row.map((cell, i) => hashOf(`${i} ${cell && textOf(cell)}`))))

/** Digests over another text of a row. */
const digesting = (
  right: DigestReader,
  text: (row: Row) => string,
  add: (hashes: readonly bigint[], rows: readonly Row[]) => bigint = sum,
): Partial<TableReader> => ({
  digest: (schema, ranges, signal) =>
    Promise.all(
      ranges.map(async (range): Promise<Digest> => {
        const rows = (await Array.fromAsync(right.read({ schema, range, ...BATCHES, signal }))).flatMap(rowsIn)
        return {
          rows: rows.length,
          sum: String(
            add(
              rows.map((row) => hashOf(text(row))),
              rows,
            ),
          ),
          exact: true,
        }
      }),
    ),
})
