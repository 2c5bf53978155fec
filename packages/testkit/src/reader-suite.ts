import { keyColumns, packRows, type RowBatch, SyncError, storedColumns, type TableReader, type TableSchema } from '@dbsync/core/plugin'
import { expect } from 'vitest'
import type { Registry } from './checks.ts'
import { type FixtureRow, type FixtureTable, freshName, int, moment, ODD_NAME, plainRows, plainTable, words } from './fixture.ts'
import { BATCHES, cancelled, expected, expectKind, linesOf, never, rowsOf } from './rows-of.ts'

/** How the shared suites of both ends get at tables: a source fills them by hand, a target through its own writer. */
export interface ReaderHarness {
  readonly database: string
  /** One that is not there; left out where the tables of all databases are the same ones. */
  readonly nowhere?: string
  /** Makes a new table with these rows. */
  readonly put: (table: FixtureTable, rows: readonly FixtureRow[]) => Promise<void>
  /** A reader that sees all that was put so far; it is disposed with the test. */
  readonly reader: () => Promise<TableReader>
}

/** A reader and the schema of a new table with these rows. */
export async function opened(harness: ReaderHarness, table: FixtureTable, rows: readonly FixtureRow[]) {
  await harness.put(table, rows)
  const reader = await harness.reader()
  return { reader, schema: await schemaOf(reader, harness.database, table.name) }
}

export async function schemaOf(reader: TableReader, database: string, name: string): Promise<TableSchema> {
  const [schema] = await reader.describe(database, [name])
  if (schema === undefined) throw new Error(`table ${JSON.stringify(name)} was put there and describe does not show it`)
  return schema
}

const KEYS: readonly (readonly [string, readonly string[]])[] = [
  ['one number', ['id']],
  ['one text', ['w']],
  ['several columns', ['w', 'id']],
]

/** What every `TableReader` must do. */
export function describeReading({ describe, it }: Registry, harness: ReaderHarness): void {
  describe('reading', () => {
    it('describes a table as it was made, and nothing for a name that is not there', async () => {
      const table: FixtureTable = { name: freshName(), key: ['k2', 'k1'], columns: [int('k1'), words('w'), int('k2'), moment('at', 6)] }
      const { reader, schema } = await opened(harness, table, [])
      expect(schema.table).toEqual({ database: harness.database, name: table.name })
      expect(schema.columns.map(({ name }) => name)).toEqual(['k1', 'w', 'k2', 'at'])
      expect(schema.columns.map(({ nullable }) => nullable)).toEqual([false, true, false, true])
      expect(schema.columns.map(({ type }) => type.kind)).toEqual(['int', 'text', 'int', 'datetime'])
      expect(schema.key).toEqual(['k2', 'k1'])
      expect(JSON.parse(JSON.stringify(schema))).toEqual(schema)
      expect(await reader.describe(harness.database, [freshName()])).toEqual([])
      expect(await reader.describe(harness.database, [])).toEqual([])
      expect((await reader.describe(harness.database)).map((found) => found.table.name)).toContain(table.name)
    })

    it('reads every row once, in batches of at most `batchRows` rows, all columns in their order', async () => {
      const rows = plainRows(25)
      const { reader, schema } = await opened(harness, plainTable(freshName()), rows)
      const batches = await Array.fromAsync(reader.read({ schema, ...BATCHES, batchRows: 4, signal: never }))
      for (const batch of batches) {
        expect(batch.rowCount).toBeLessThanOrEqual(4)
        expect(batch.columns.map(({ name }) => name)).toEqual(['id', 'a', 'b'])
      }
      // Only now: a batch stays what it is when the next one is read.
      expect(batches.flatMap(linesOf).sort()).toEqual(expected(storedColumns(schema), rows))
      expect(await reader.count(schema, never)).toBe(25)
    })

    it('ends a batch with the row that reaches `batchBytes`', async () => {
      const rows = plainRows(25)
      const { reader, schema } = await opened(harness, plainTable(freshName()), rows)
      const rowBytes = packRows([], [rows[0] ?? []]).bytes.length
      const batches = await Array.fromAsync(reader.read({ schema, ...BATCHES, batchBytes: 3 * rowBytes, signal: never }))
      for (const batch of batches) expect(batch.bytes.length).toBeLessThanOrEqual(3 * rowBytes)
      expect(batches.flatMap(linesOf)).toHaveLength(25)
      const single = await Array.fromAsync(reader.read({ schema, ...BATCHES, batchBytes: 1, signal: never }))
      expect(single.map((batch) => batch.rowCount)).toEqual(rows.map(() => 1))
    })

    it('keeps a transient batch until the next one is asked for', async () => {
      const rows = plainRows(200)
      const { reader, schema } = await opened(harness, plainTable(freshName()), rows)
      const lines: string[] = []
      for await (const batch of reader.read({ schema, ...BATCHES, batchRows: 7, transient: true, signal: never })) {
        await new Promise((resolve) => setImmediate(resolve))
        lines.push(...linesOf(batch))
      }
      expect(lines.sort()).toEqual(expected(storedColumns(schema), rows))
    })

    it('reads an empty table as no rows', async () => {
      const { reader, schema } = await opened(harness, plainTable(freshName()), [])
      expect(await rowsOf(reader, { schema })).toEqual([])
      expect(await reader.count(schema, never)).toBe(0)
    })

    it('reads as many rows as `limit` allows', async () => {
      const { reader, schema } = await opened(harness, plainTable(freshName()), plainRows(9))
      for (const limit of [1, 4, 9, 20]) expect(await rowsOf(reader, { schema, limit, batchRows: 2 })).toHaveLength(Math.min(limit, 9))
    })

    it('reads since a bound, the bound included, NULLs included, by any of the columns', async () => {
      const table: FixtureTable = { name: freshName(), key: ['id'], columns: [int('id'), moment('at', 0), moment('exact', 6)] }
      const old = '2000-01-01 00:00:00'
      const rows: FixtureRow[] = [
        ['1', '2026-05-05 05:05:05', `${old}.000000`],
        ['2', '2026-05-05 05:05:04', `${old}.000000`],
        ['3', old, '2026-05-05 05:05:05.000001'],
        ['4', old, '2026-05-05 05:05:05.000000'],
        ['5', null, `${old}.000000`],
        ['6', old, null],
      ]
      const { reader, schema } = await opened(harness, table, rows)
      const ids = async (since: Record<string, string>) => (await rowsOf(reader, { schema, since })).map((line) => line.slice(2, 3)).join('')
      expect(await ids({ at: '2026-05-05 05:05:05.000000' })).toBe('15')
      expect(await ids({ exact: '2026-05-05 05:05:05.000001' })).toBe('36')
      expect(await ids({ at: '2026-05-05 05:05:05.000000', exact: '2026-05-05 05:05:05.000001' })).toBe('1356')
      expect(await ids({ at: '2999-01-01 00:00:00.000000' })).toBe('5')
      // Before every value: what a position says that has none yet.
      expect(await ids({ at: '0000-00-00 00:00:00' })).toBe('123456')
    })

    it('finds the newest values that are not beyond their bounds, and null where there is none', async () => {
      const table: FixtureTable = { name: freshName(), key: ['id'], columns: [int('id'), moment('at', 0), moment('exact', 6)] }
      const { reader, schema } = await opened(harness, table, [
        ['1', '2026-01-01 00:00:00', '2026-01-01 00:00:00.000001'],
        ['2', '2026-01-02 00:00:00', '2026-01-01 00:00:00.000002'],
        ['3', '2999-01-01 00:00:00', null],
        ['4', null, null],
      ])
      const newest = (atMost: Record<string, string>) => reader.newest(schema, atMost, never)
      const later = '2026-06-01 00:00:00.000000'
      expect(await newest({ at: later, exact: later })).toEqual({ at: '2026-01-02 00:00:00', exact: '2026-01-01 00:00:00.000002' })
      expect(await newest({ exact: '2026-01-01 00:00:00.000001' })).toEqual({ exact: '2026-01-01 00:00:00.000001' })
      expect(await newest({ at: '2026-01-01 23:59:59.999999' })).toEqual({ at: '2026-01-01 00:00:00' })
      expect(await newest({ at: '2025-12-31 23:59:59.999999', exact: later })).toEqual({ at: null, exact: '2026-01-01 00:00:00.000002' })
    })

    for (const [what, key] of KEYS) {
      it(`reads exactly the rows of the keys that are asked for: ${what}`, async () => {
        const table: FixtureTable = { name: freshName(), key, columns: [int('id'), { ...words('w'), nullable: false }, words('a')] }
        const rows = Array.from({ length: 700 }, (_, i): FixtureRow => [String(i), `k'${i}\\`, 'x'])
        const { reader, schema } = await opened(harness, table, rows)
        const keyOf = ([id, w]: FixtureRow): FixtureRow => key.map((name) => (name === 'id' ? (id ?? null) : (w ?? null)))
        const wanted = rows.filter((_, i) => i % 5 !== 0)
        const keys = packRows(keyColumns(schema), [...wanted, ['7777', "k'7777", null]].map(keyOf))
        expect(await rowsOf(reader, { schema, keys })).toEqual(expected(storedColumns(schema), wanted))
        expect(await rowsOf(reader, { schema, keys: packRows(keyColumns(schema), []) })).toEqual([])
      })
    }

    it('keeps hostile names of tables and columns', async () => {
      const table: FixtureTable = { name: `${ODD_NAME}${freshName()}`, key: [ODD_NAME], columns: [int(ODD_NAME), words('__proto__'), words('select')] }
      const rows: FixtureRow[] = [
        ['1', 'a', null],
        ['2', null, 'b'],
      ]
      const { reader, schema } = await opened(harness, table, rows)
      expect(schema.columns.map(({ name }) => name)).toEqual([ODD_NAME, '__proto__', 'select'])
      expect(await rowsOf(reader, { schema })).toEqual(expected(storedColumns(schema), rows))
      expect(await rowsOf(reader, { schema, keys: packRows(keyColumns(schema), [['2']]) })).toHaveLength(1)
    })

    it('reads several tables at the same time', async () => {
      const tables = Array.from({ length: 4 }, () => plainTable(freshName()))
      for (const [i, table] of tables.entries()) await harness.put(table, plainRows(20 + i))
      const reader = await harness.reader()
      const read = async ({ name }: FixtureTable) => (await rowsOf(reader, { schema: await schemaOf(reader, harness.database, name), batchRows: 3 })).length
      expect(await Promise.all(tables.map(read))).toEqual([20, 21, 22, 23])
    })

    it('ends with a cancelled error when it is aborted, before or while rows come', async () => {
      const { reader, schema } = await opened(harness, plainTable(freshName()), plainRows(3_000))
      const reason = new SyncError('CANCELLED', 'Stopped.', { kind: 'cancelled' })
      const stop = new AbortController()
      const seen: RowBatch[] = []
      const reading = async () => {
        for await (const batch of reader.read({ schema, batchRows: 1, batchBytes: 1, signal: stop.signal })) {
          seen.push(batch)
          stop.abort(reason)
        }
      }
      await expectKind(reading, 'cancelled')
      expect(seen.length).toBeGreaterThan(0)
      await expectKind(() => rowsOf(reader, { schema, signal: AbortSignal.abort(reason) }), 'cancelled')
      await expectKind(() => reader.count(schema, AbortSignal.abort(reason)), 'cancelled')
    })

    it('reads since a date or a timestamp, and finds the newest ones, as it does with a datetime', async () => {
      const columns: FixtureTable['columns'] = [
        int('id'),
        { name: 'day', type: { kind: 'date' }, nullable: true },
        { name: 'at', type: { kind: 'timestamp', fraction: 6 }, nullable: true },
      ]
      const old = ['2000-01-01', '2000-01-01 00:00:00.000000']
      const { reader, schema } = await opened(harness, { name: freshName(), key: ['id'], columns }, [
        ['1', '2026-05-05', '2026-05-05 05:05:05.000000'],
        ['2', '2026-05-04', '2026-05-05 05:05:05.000001'],
        ['3', '2026-05-06', '2026-05-05 05:05:04.999999'],
        ['4', ...old],
        ['5', null, null],
      ])
      const ids = async (since: Record<string, string>) => (await rowsOf(reader, { schema, since })).map((line) => line.slice(2, 3)).join('')
      expect(await ids({ day: '2026-05-05' })).toBe('135')
      expect(await ids({ day: '0000-00-00' })).toBe('12345')
      expect(await ids({ at: '0000-00-00 00:00:00' })).toBe('12345')
      expect(await ids({ at: '2026-05-05 05:05:05.000000' })).toBe('125')
      const newest = (atMost: Record<string, string>) => reader.newest(schema, atMost, never)
      expect(await newest({ day: '2026-05-05', at: '2026-05-05 05:05:05.000000' })).toEqual({ day: '2026-05-05', at: '2026-05-05 05:05:05.000000' })
      expect(await newest({ day: '1999-12-31', at: '2026-05-05 05:05:05.000000' })).toEqual({ day: null, at: '2026-05-05 05:05:05.000000' })
    })

    it('looks for no newest value when it is aborted', async () => {
      const table: FixtureTable = { name: freshName(), key: ['id'], columns: [int('id'), moment('at', 0)] }
      const { reader, schema } = await opened(harness, table, [['1', '2026-01-01 00:00:00']])
      await expectKind(() => reader.newest(schema, { at: '2026-06-01 00:00:00.000000' }, cancelled()), 'cancelled')
    })

    const { nowhere } = harness
    if (nowhere !== undefined) {
      it('describes nothing of a database that is not there', async () => {
        const reader = await harness.reader()
        for (const names of [undefined, [freshName()]]) expect(await reader.describe(nowhere, names)).toEqual([])
      })
    }

    it('fails for a table that is not there, rather than reading no rows', async () => {
      const { reader, schema } = await opened(harness, plainTable(freshName()), [])
      const gone: TableSchema = { ...schema, table: { ...schema.table, name: freshName() } }
      await expect(rowsOf(reader, { schema: gone })).rejects.toSatisfy((error) => SyncError.is(error))
      await expect(reader.count(gone, never)).rejects.toSatisfy((error) => SyncError.is(error))
    })
  })
}
