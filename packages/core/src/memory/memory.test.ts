import { describe, expect, it } from 'vitest'
import type { ReadRequest, RowRange, TableReader } from '../contract/reader.ts'
import type { WriteWork } from '../contract/target.ts'
import type { Batch } from '../model/batch.ts'
import { packRows } from '../model/rows.ts'
import { type Column, keyColumns, storedColumns, type TableSchema } from '../model/schema.ts'
import { type Cell, type FaultPoint, findTable, type MemoryDatabase, memoryDatabase, putTable, type Row } from './database.ts'
import { memorySource } from './source.ts'
import { memoryTarget } from './target.ts'

const { signal } = new AbortController()
const text = (name: string): Column => ({ name, type: { kind: 'text' }, nullable: true })
const columns: readonly Column[] = [
  { name: 'id', type: { kind: 'int', bits: 32 }, nullable: false },
  text('name'),
  { name: 'moved', type: { kind: 'datetime', fraction: 0 }, nullable: true, stamped: 'on-update' },
]
const table = (key: readonly string[], more: Partial<TableSchema> = {}): TableSchema => ({
  ...{ table: { database: 'd', name: 't' }, columns, key, uniqueKeys: [], foreignKeys: [], referencedBy: [], triggers: [], transactional: true },
  ...more,
})
const keyed = table(['id'])
const keyless = table([])
const rows = (count: number): Row[] => Array.from({ length: count }, (_, i) => [String(i), `n${i}`, null])

function database(schema: TableSchema, content: readonly Row[] = []): MemoryDatabase {
  const db = memoryDatabase()
  putTable(db, schema, content)
  return db
}

async function all(reader: TableReader, request: Partial<ReadRequest> & { readonly schema: TableSchema }): Promise<readonly (readonly (string | null)[])[]> {
  const found: (string | null)[][] = []
  for await (const batch of reader.read({ batchRows: 3, batchBytes: 1e6, signal, ...request })) {
    for (let row = 0; row < batch.rowCount; row++) found.push(batch.columns.map((_, column) => textOf(batch.cell(row, column))))
  }
  return found
}

const textOf = (cell: Cell) => (cell === null ? null : Buffer.from(cell).toString())
const content = (db: MemoryDatabase) => findTable(db, keyed.table)?.rows.map((row) => row.map(textOf))

describe('memory source', () => {
  it('reads the moment of its snapshot, whatever happens afterwards', async () => {
    const db = database(keyed, rows(2))
    db.clock = { utc: '2026-05-05 05:05:05.000000', local: '2026-05-05 07:05:05.000000' }
    await using snapshot = await memorySource(db).open({ readers: 2, signal })
    putTable(db, keyed, [])
    db.clock = { utc: 'later', local: 'later' }
    expect(await all(snapshot, { schema: keyed })).toHaveLength(2)
    expect(snapshot.clock.utc).toBe('2026-05-05 05:05:05.000000')
    expect(await memoryTarget(db).count(keyed, signal)).toBe(0)
  })

  it('reads in the order of the key, in batches, up to a limit', async () => {
    const target = memoryTarget(database(keyed, rows(11).reverse()))
    expect((await all(target, { schema: keyed })).map(([id]) => id)).toEqual(rows(11).map(([id]) => id))
    expect(await all(target, { schema: keyed, limit: 4 })).toHaveLength(4)
    const sizes: number[] = []
    for await (const batch of target.read({ schema: keyed, batchRows: 4, batchBytes: 1e6, signal })) sizes.push(batch.rowCount)
    expect(sizes).toEqual([4, 4, 3])
    sizes.length = 0
    for await (const batch of target.read({ schema: keyed, batchRows: 100, batchBytes: 1, signal })) sizes.push(batch.rowCount)
    expect(sizes).toEqual(Array.from({ length: 11 }, () => 1))
  })

  it('reads what moved since, NULLs included, and only what is asked for by key', async () => {
    const at = (time: string | null, i: number): Row => [String(i), 'x', time]
    const db = database(keyed, ['2026-01-01 00:00:00', null, '2026-01-02 00:00:00', '2025-12-31 23:59:59'].map(at))
    const target = memoryTarget(db)
    const since = { moved: '2026-01-01 00:00:00.000000' }
    expect((await all(target, { schema: keyed, since })).map(([id]) => id)).toEqual(['0', '1', '2'])
    const keys = packRows(keyColumns(keyed), [['3'], ['1'], ['77']])
    expect((await all(target, { schema: keyed, keys })).map(([id]) => id)).toEqual(['1', '3'])
    expect(await target.newest(keyed, { moved: '2026-01-01 12:00:00.000000' }, signal)).toEqual({ moved: '2026-01-01 00:00:00' })
    expect(await target.newest(keyed, { moved: '2000-01-01 00:00:00.000000' }, signal)).toEqual({ moved: null })
  })

  it('reads one row for each hash where there is no key', async () => {
    const target = memoryTarget(
      database(keyless, [
        ['1', 'a', null],
        ['1', 'a', null],
        ['2', 'b', null],
      ]),
    )
    const hashes = await fingerprintsOf(target, keyless, { by: 'hash', from: '0', to: String(2n ** 64n - 1n) })
    expect(new Set(hashes.map(([, count]) => count))).toEqual(new Set(['1', '2']))
    const keys = packRows(
      [columns[0] as Column],
      hashes.map(([hash = null]) => [hash]),
    )
    expect((await all(target, { schema: keyless, keys })).map(([id]) => id)).toEqual(['1', '2'])
  })
})

describe('digests', () => {
  it.each([keyed, keyless, table(['name', 'id'])])('split the table into ranges that cover every row once', async (schema) => {
    const target = memoryTarget(database(schema, rows(100)))
    const ranges = await target.ranges?.(schema, 7, signal)
    const digests = (await target.digest?.(schema, ranges ?? [], signal)) ?? []
    const [whole] = (await target.digest?.(schema, [wholeOf(schema)], signal)) ?? []
    expect(ranges).toHaveLength(15)
    expect(digests.reduce((sum, digest) => sum + digest.rows, 0)).toBe(100)
    expect(String(digests.reduce((sum, digest) => sum + BigInt(digest.sum), 0n))).toBe(whole?.sum)
    for (const range of ranges ?? []) {
      const parts = (await target.ranges?.(schema, 2, signal, range)) ?? []
      const inside = (await target.digest?.(schema, parts, signal)) ?? []
      const [outer] = (await target.digest?.(schema, [range], signal)) ?? []
      expect(inside.reduce((sum, digest) => sum + digest.rows, 0)).toBe(outer?.rows)
      const read = await Promise.all(parts.map((part) => all(target, { schema, range: part })))
      expect(read.flat()).toHaveLength(outer?.rows ?? -1)
    }
  })

  it('cover an empty table too, and rows beyond the ends of another', async () => {
    const [small, empty] = [memoryTarget(database(keyed, rows(3))), memoryTarget(database(keyed))]
    expect(await empty.ranges?.(keyed, 5, signal)).toEqual([{ by: 'key', rows: 0 }])
    const large = memoryTarget(database(keyed, [['-5', 'a', null], ...rows(200)]))
    const ranges = (await small.ranges?.(keyed, 1, signal)) ?? []
    const digests = (await large.digest?.(keyed, ranges, signal)) ?? []
    expect(digests.map((digest) => digest.rows)).toEqual([2, 1, 198])
  })

  it('differ for every change, equal rows and NULL against empty included', async () => {
    const sumOf = async (content: readonly Row[]) => (await memoryTarget(database(keyless, content)).digest?.(keyless, [wholeOf(keyless)], signal))?.[0]?.sum
    const variants: readonly Row[][] = [
      [],
      [['1', 'a', null]],
      [['1', 'a', '']],
      [
        ['1', 'a', null],
        ['1', 'a', null],
      ],
      [['1a', '', null]],
    ]
    expect(new Set(await Promise.all(variants.map(sumOf))).size).toBe(variants.length)
    expect(await sumOf([[Buffer.from('1'), 'a', null]])).toBe(await sumOf([['1', 'a', null]]))
  })
})

describe('memory target', () => {
  const upserts = (content: readonly Row[]): Batch => ({ table: keyed.table, upserts: packRows(columns, content) })
  const deletes = (keys: readonly string[]): Batch => ({
    table: keyed.table,
    deletes: packRows(
      keyColumns(keyed),
      keys.map((key) => [key]),
    ),
  })
  const work = (disposition: WriteWork['disposition'], schema = keyed): WriteWork => ({ disposition, schema, existing: schema })

  it('replaces at the commit and not before, in a table that was not there too', async () => {
    const db = database(keyed, rows(5))
    for (const fresh of [false, true]) {
      if (fresh) db.databases.get('d')?.delete('t')
      await using writer = await memoryTarget(db).open(work('replace'), signal)
      await writer.write(
        upserts([
          ['7', 'x', null],
          ['8', 'y', null],
        ]),
      )
      await writer.write(upserts([['8', 'z', null]]))
      expect(content(db)?.length).toBe(fresh ? undefined : 5)
      expect(await writer.commit()).toEqual({ inserted: 2, updated: 0, deleted: 0, unchanged: 0 })
      expect(content(db)).toEqual([
        ['7', 'x', null],
        ['8', 'z', null],
      ])
    }
  })

  it('merges by key: deletes first, then upserts, and counts what changed in the end', async () => {
    const db = database(keyed, rows(4))
    await using writer = await memoryTarget(db).open(work('merge'), signal)
    await writer.write(
      upserts([
        ['0', 'n0', null],
        ['1', 'new', null],
        ['9', 'x', null],
        ['3', 'again', null],
      ]),
    )
    await writer.write(deletes(['2', '3', '66']))
    expect(content(db)).toEqual(rows(4))
    expect(await writer.commit()).toEqual({ inserted: 1, updated: 2, deleted: 1, unchanged: 1 })
    expect(content(db)?.sort()).toEqual([
      ['0', 'n0', null],
      ['1', 'new', null],
      ['3', 'again', null],
      ['9', 'x', null],
    ])
    expect(await writer.commit()).toEqual({ inserted: 0, updated: 0, deleted: 0, unchanged: 0 })
  })

  it('merges by hash where there is no key: every row with it goes, then rows are added', async () => {
    const a: Row = ['1', 'a', null]
    const db = database(keyless, [a, a, a, ['2', 'b', null]])
    const target = memoryTarget(db)
    const hashes = await fingerprintsOf(target, keyless, wholeOf(keyless))
    const hash = hashes.find(([, count]) => count === '3')?.[0] ?? ''
    await using writer = await target.open(work('merge', keyless), signal)
    await writer.write({ table: keyless.table, deletes: packRows([columns[0] as Column], [[hash]]), upserts: packRows(columns, [a, ['3', 'c', null]]) })
    expect(await writer.commit()).toEqual({ inserted: 1, updated: 0, deleted: 2, unchanged: 1 })
    expect(content(db)).toEqual([['2', 'b', null], a, ['3', 'c', null]])
  })

  it('keeps columns that only it has', async () => {
    const db = database(table(['id'], { columns: [text('mine'), ...columns] }), [['kept', '1', 'a', null]])
    await using writer = await memoryTarget(db).open(work('merge'), signal)
    await writer.write(upserts([['2', 'b', null]]))
    await writer.commit()
    expect(content(db)).toEqual([
      ['kept', '1', 'a', null],
      [null, '2', 'b', null],
    ])
    expect(await all(memoryTarget(db), { schema: keyed })).toEqual([
      ['1', 'a', null],
      ['2', 'b', null],
    ])
  })

  it('refuses rows that share a value of another unique key, and changes nothing', async () => {
    const unique = table(['id'], { uniqueKeys: [{ name: 'by_name', columns: ['name'] }] })
    const db = database(unique, rows(2))
    await using writer = await memoryTarget(db).open(work('merge', unique), signal)
    await writer.write(upserts([['5', 'n1', null]]))
    await expect(writer.commit()).rejects.toMatchObject({ code: 'DUPLICATE' })
    expect(content(db)).toEqual(rows(2))
  })

  it('shows nothing of what was not committed, unless it leaks', async () => {
    for (const leaky of [false, true]) {
      const db = database(keyed, rows(1))
      const target = memoryTarget(db, { leaky })
      await using writer = await target.open(work('merge'), signal)
      await writer.write(upserts([['5', 'x', null]]))
      await writer[Symbol.asyncDispose]()
      expect(content(db)).toHaveLength(leaky ? 2 : 1)
      await expect(writer.commit()).rejects.toThrow('closed')
      await using next = await target.open(work('merge'), signal)
      await next.write(upserts([['5', 'x', null]]))
      await next.write(deletes(['0']))
      expect(await next.commit()).toEqual({ inserted: leaky ? 0 : 1, updated: 0, deleted: 1, unchanged: leaky ? 1 : 0 })
      expect(content(db)).toEqual([['5', 'x', null]])
    }
  })

  it('writes rows without a key once, though they leaked before the commit', async () => {
    const db = database(keyless, [['0', 'x', null]])
    await using writer = await memoryTarget(db, { leaky: true }).open(work('merge', keyless), signal)
    for (const id of ['1', '2']) await writer.write(upserts([[id, 'x', null]]))
    expect(content(db)).toHaveLength(3)
    expect(await writer.commit()).toEqual({ inserted: 2, updated: 0, deleted: 0, unchanged: 0 })
    expect(content(db)?.map(([id]) => id)).toEqual(['0', '1', '2'])
  })

  it('runs the statements that it renders, and each only once', async () => {
    const db = memoryDatabase()
    const target = memoryTarget(db)
    const hostile = { database: 'line\nfeed', name: '__proto__' }
    const old = table(['id'], { table: hostile, columns: columns.slice(0, 1) })
    const statements = [
      ...target.render({ type: 'create-database', database: hostile.database }),
      ...target.render({ type: 'create-table', schema: old }),
      ...target.render({ type: 'add-column', table: hostile, column: 'name', wanted: target.fit(keyed, hostile) }),
    ]
    await target.run(statements, signal)
    expect(await target.databases()).toEqual([hostile.database])
    expect(await target.describe(hostile.database)).toEqual([{ ...old, columns: columns.slice(0, 2) }])
    for (const statement of statements) await expect(target.run([statement], signal)).rejects.toMatchObject({ code: 'ALREADY_THERE' })
  })

  it('locks a database for one run', async () => {
    const db = database(keyed)
    const lock = await memoryTarget(db).lock('d', signal)
    await expect(memoryTarget(db).lock('d', signal)).rejects.toMatchObject({ code: 'RUN_LOCKED' })
    await using _other = await memoryTarget(db).lock('e', signal)
    await lock[Symbol.asyncDispose]()
    await using _again = await memoryTarget(db).lock('d', signal)
    await lock[Symbol.asyncDispose]()
    await expect(memoryTarget(db).lock('d', signal)).rejects.toMatchObject({ code: 'RUN_LOCKED' })
  })

  it('can be made to fail at each point, before and after the commit', async () => {
    for (const [point, committed] of [
      ['write', false],
      ['commit', false],
      ['committed', true],
    ] as const) {
      const db = database(keyed)
      const fault = (reached: FaultPoint) => {
        if (reached === point) throw new Error('crash')
      }
      await using writer = await memoryTarget(db, { fault }).open(work('merge'), signal)
      await expect(writer.write(upserts(rows(1))).then(() => writer.commit())).rejects.toThrow('crash')
      expect(content(db)).toHaveLength(committed ? 1 : 0)
    }
  })
})

const wholeOf = (schema: TableSchema): RowRange => (schema.key.length > 0 ? { by: 'key' } : { by: 'hash', from: '0', to: String(2n ** 64n - 1n) })

/** Hash and count of each row. */
async function fingerprintsOf(reader: TableReader, schema: TableSchema, range: RowRange): Promise<readonly (readonly string[])[]> {
  const found: string[][] = []
  for await (const batch of reader.fingerprints?.(schema, [range], signal) ?? []) {
    expect(batch.columns.length).toBe(schema.key.length + 2)
    for (let row = 0; row < batch.rowCount; row++) found.push([0, 1].map((i) => textOf(batch.cell(row, schema.key.length + i)) ?? ''))
  }
  expect(storedColumns(schema).length).toBeGreaterThan(0)
  return found
}
