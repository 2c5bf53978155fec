import { describe, expect, it } from 'vitest'
import type { DigestReader, RowRange, TableReader } from '../contract/reader.ts'
import { memoryDatabase, memorySource, memoryTarget, putTable, type Row } from '../memory/index.ts'
import { packRows } from '../model/rows.ts'
import { type Column, keyColumns, type TableSchema } from '../model/schema.ts'
import { int, schemaOf, text } from '../run/testing.ts'
import { examine, hashedApart } from './examine.ts'
import type { Ends } from './read-rows.ts'
import { Tally } from './tally.ts'
import { compareTable } from './verify-table.ts'

const items = schemaOf('items', [int('id'), text('name')])
const { signal } = new AbortController()

/** Two ends that can digest. */
async function endsOf(schema: TableSchema, theirs: readonly Row[], ours: readonly Row[], batchRows = 100): Promise<Ends & { readonly target: DigestReader }> {
  const [from, to] = [memoryDatabase(), memoryDatabase()]
  putTable(from, schema, theirs)
  putTable(to, schema, ours)
  const source = await memorySource(from).open({ readers: 1, signal })
  return { source, target: memoryTarget(to) as unknown as DigestReader, schema, wanted: schema, batchRows, batchBytes: 1 << 20, signal }
}

async function tallyOf(ends: Ends, level: 'digest' | 'rows'): Promise<Tally> {
  const tally = new Tally(ends.schema, 10, () => false)
  await compareTable(ends, level, tally, undefined)
  return tally
}

const named = (...names: readonly string[]): Row[] => names.map((name) => ['1', name])

describe('rows whose keys read alike', () => {
  it.each(['digest', 'rows'] as const)('are one row that differs, and none that settled, by %s', async (level) => {
    for (const batchRows of [1, 100]) {
      for (const [theirs, ours] of [
        [named('a'), named('b', 'c', 'd')],
        [named('a', 'b', 'c'), named('d')],
      ] as const) {
        const { totals, keys } = await tallyOf(await endsOf(items, theirs, ours, batchRows), level)
        expect(totals).toMatchObject({ changed: 1, missing: 0, extra: 0, settled: 0 })
        expect(keys).toHaveLength(1)
      }
    }
  })

  it('are equal in whatever order they are read', async () => {
    const orders = [named('a', 'b', 'c'), named('a', 'c', 'b'), named('b', 'a', 'c'), named('b', 'c', 'a'), named('c', 'a', 'b'), named('c', 'b', 'a')]
    for (const order of orders) expect((await tallyOf(await endsOf(items, named('a', 'b', 'c'), order), 'rows')).different).toBe(0)
    expect((await tallyOf(await endsOf(items, named('a', 'b', 'c'), named('a', 'b', 'b')), 'rows')).different).toBe(1)
  })

  it('do not hide one another where the ends hash their rows in different orders', async () => {
    const ends = await endsOf(items, [...named('a', 'b'), ['2', 'x'], ['3', 'y']], [...named('b'), ['2', 'x'], ['3', 'y']])
    const backwards: DigestReader = {
      ...ends.target,
      async *fingerprints(schema, _, stop) {
        for (const id of ['2', '3', '1']) yield* ends.target.fingerprints(schema, [onlyRow(id)], stop)
      },
    }
    expect((await tallyOf({ ...ends, target: backwards }, 'digest')).totals).toMatchObject({ changed: 1, settled: 0 })
  })
})

const hex = (id: number) => [Buffer.from(String(id)).toString('hex')]
const onlyRow = (id: string): RowRange => ({ by: 'key', from: hex(Number(id)), to: hex(Number(id) + 1) })

describe('a row that is looked at again', () => {
  const keysOf = (...ids: readonly string[]) => ids.map((id) => packRows(keyColumns(items), [[id]]).bytes)
  const signatures = async (theirs: readonly Row[], ours: readonly Row[]) => {
    const found: string[] = []
    for await (const { kind, signature } of examine(await endsOf(items, theirs, ours), keysOf('1'))) found.push(`${kind} ${signature}`)
    return found
  }

  it('has another signature as soon as either end has another row, and the same one while neither has', async () => {
    const first = await signatures(named('a'), named('b'))
    expect(await signatures(named('a'), named('b'))).toEqual(first)
    expect(await signatures(named('c'), named('b'))).not.toEqual(first)
    expect(await signatures(named('a'), named('c'))).not.toEqual(first)
    expect(await signatures(named('a'), [])).not.toEqual(await signatures(named('b'), []))
    expect(await signatures(named('a'), named('a'))).toEqual([])
  })
})

describe('values that read alike and are not the same', () => {
  const state: Column = { name: 'state', type: { kind: 'enum' }, nullable: false }
  const orders = schemaOf('orders', [int('id'), state, text('note')])
  const rows: Row[] = [
    ['1', '', 'a'],
    ['2', 'on', 'b'],
    ['3', 'on', 'c'],
  ]
  const whole: RowRange[] = [{ by: 'key' }]
  const keysOf = (...ids: readonly string[]) => ids.map((id) => packRows(keyColumns(orders), [[id]]).bytes)

  /** What the row with this key hashes to at the target is another number, though its text is the same. */
  async function alike(schema: TableSchema, ours: readonly Row[] = rows, hash: string | null = '7') {
    const ends = await endsOf(schema, rows, ours)
    const columns = [...keyColumns(schema), ...['row_hash', 'row_count'].map((name): Column => ({ name, type: { kind: 'int', bits: 64 }, nullable: true }))]
    const target: DigestReader = {
      ...ends.target,
      digest: async (...asked) => (await ends.target.digest(...asked)).map((digest) => ({ ...digest, sum: '1' })),
      async *fingerprints(table, _, stop) {
        yield packRows(columns, [['1', hash, '1']])
        yield* ends.target.fingerprints(table, [{ by: 'key', from: hex(2) }], stop)
      },
    }
    return { ...ends, target }
  }

  it('are a difference in an ENUM, with the columns in which it may be', async () => {
    const tally = await tallyOf(await alike(orders), 'digest')
    expect(tally.totals).toMatchObject({ changed: 1, missing: 0, extra: 0, settled: 0 })
    expect(tally.differences).toMatchObject([{ kind: 'changed', key: [{ name: 'id', value: '1' }], columns: [{ name: 'state' }] }])
    expect(tally.differences[0]?.columns[0]?.source).not.toBe(tally.differences[0]?.columns[0]?.target)
    expect(tally.keys?.map((key) => Buffer.from(key))).toEqual([Buffer.from(keysOf('1')[0] as Uint8Array)])
  })

  it('are counted once where the row differs besides, and beside rows that do', async () => {
    const ours: Row[] = [['1', '', 'z'], rows[1] as Row, ['3', 'on', 'z']]
    expect((await tallyOf(await alike(orders, ours), 'digest')).totals).toMatchObject({ changed: 2, settled: 0 })
    const other: Row[] = [rows[0] as Row, rows[1] as Row, ['3', 'on', 'z']]
    expect((await tallyOf(await alike(orders, other), 'digest')).totals).toMatchObject({ changed: 2, settled: 0 })
  })

  it('are none where a table has no column in which they can be: reading decides there', async () => {
    const plain = schemaOf('orders', [int('id'), text('state'), text('note')])
    expect((await tallyOf(await alike(plain), 'digest')).totals).toMatchObject({ changed: 0, settled: 1 })
  })

  it('are asked of those ends alone that hash, and said of those rows alone that both have hashed', async () => {
    const ends = await alike(orders)
    const ids = async (both: Ends, ...asked: readonly string[]) => (await hashedApart(both, keysOf(...asked), whole)).length
    expect(await ids(ends, '1', '2', '3')).toBe(1)
    expect(await ids(ends, '4')).toBe(0)
    expect(await ids({ ...ends, ...(await alike(orders, rows, null)) }, '1')).toBe(0)
    const noHashes = { ...ends.target, digest: undefined } as unknown as TableReader
    expect(await ids({ ...ends, target: noHashes }, '1')).toBe(0)
    expect(await hashedApart(ends, keysOf('1'), [])).toEqual([])
  })
})
