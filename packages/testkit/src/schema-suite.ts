import { diffTable, type TableSchema, tableName } from '@dbsync/core/plugin'
import { expect } from 'vitest'
import type { Registry } from './checks.ts'
import { type FixtureRow, type FixtureTable, freshName, int, ODD_NAME, plainRows, plainTable, words } from './fixture.ts'
import { cancelled, expectKind, never } from './rows-of.ts'
import { shows, type TargetBench } from './target-bench.ts'
import type { CorpusColumn } from './value-corpus.ts'

const SAME = { changes: [], kept: [], conflicts: [] }

/** The pure half of a target: `fit`, `render`, `preview` and `reserved`. */
export function describeSchemas({ describe, it }: Registry, bench: TargetBench, corpus: readonly CorpusColumn[]): void {
  const { target, database } = bench
  const wide = (): FixtureTable => ({
    name: freshName(),
    key: ['id'],
    columns: [int('id'), ...corpus.map((column, i) => ({ ...column, name: `v${i}`, nullable: i % 2 === 0 }))],
  })
  const shapes: readonly [string, () => FixtureTable][] = [
    ['of every type', wide],
    ['with a key of several columns', () => ({ name: freshName(), key: ['b', 'a'], columns: [int('a'), { ...words('b'), nullable: false }, words('c')] })],
    ['without a key', () => plainTable(freshName(), [])],
    ['with hostile names', () => ({ name: `${ODD_NAME}${freshName()}`, key: [ODD_NAME], columns: [int(ODD_NAME), words('__proto__')] })],
  ]
  const expectSame = (actual: TableSchema | undefined, wanted: TableSchema) => {
    expect(actual && diffTable(actual, wanted)).toEqual(SAME)
    expect(actual?.table).toEqual(wanted.table)
    expect(actual?.columns.map(({ name, type }) => ({ name, type }))).toEqual(wanted.columns.map(({ name, type }) => ({ name, type })))
  }

  describe('fit', () => {
    for (const [what, shape] of shapes) {
      it(`of a table ${what} is what reads back after a full copy`, async () => {
        const table = shape()
        await bench.replace(table, [])
        expectSame(await bench.existing(table), await bench.wanted(table))
      })

      it(`of a table ${what} is pure, and fits itself`, async () => {
        const source = await bench.schema(shape())
        const copy = structuredClone(source)
        const as = { database: `${database}_2`, name: freshName() }
        const fitted = target.fit(source, as)
        expect(source).toEqual(copy)
        expect(target.fit(source, as)).toEqual(fitted)
        // Servers exist that keep names in lower case.
        expect(tableName(fitted.table).toLowerCase()).toBe(tableName(as).toLowerCase())
        expect(target.fit(fitted, as)).toEqual(fitted)
        const elsewhere = target.fit(source, { database, name: freshName() })
        expect(target.fit(elsewhere, as)).toEqual(fitted)
      })
    }
  })

  describe('render and run', () => {
    it('make a database', async () => {
      const change = { type: 'create-database', database: `${database}_made` } as const
      await target.run(target.render(change), never)
      expect(await target.databases()).toEqual(shows(target, change.database))
      const tables = await target.describe(change.database)
      expect(target.supports.sharedTables ? [] : tables).toEqual([])
    })

    for (const [what, shape] of shapes) {
      it(`make a table ${what}, empty`, async () => {
        const table = shape()
        const schema = await bench.wanted(table)
        const statements = target.render({ type: 'create-table', schema })
        expectStatements(statements, target.render({ type: 'create-table', schema }))
        await target.run(statements, never)
        expectSame(await bench.existing(table), schema)
        expect(await bench.rows(table)).toEqual([])
      })
    }

    it('add columns to a table with rows, which keep their values', async () => {
      const table = plainTable(freshName())
      await bench.replace(table, plainRows(3))
      const [id, a, b] = table.columns as [FixtureTable['columns'][0], FixtureTable['columns'][0], FixtureTable['columns'][0]]
      const wider: FixtureTable = { ...table, columns: [id, words('between'), a, b, words(ODD_NAME)] }
      const [there, wanted] = [await bench.existing(table), await bench.wanted(wider)]
      const changes = there === undefined ? [] : diffTable(there, wanted).changes
      expect(changes).toHaveLength(2)
      for (const change of changes) await target.run(target.render(change), never)
      const now = await bench.existing(wider)
      expect(now && diffTable(now, wanted)).toEqual(SAME)
      const cells = new Map(now?.columns.map((column) => [column.name, column]))
      const reordered: FixtureTable = { ...wider, columns: [...cells.keys()].map((name) => wider.columns.find((column) => column.name === name) ?? id) }
      const rows = plainRows(3).map(
        (row): FixtureRow => reordered.columns.map(({ name }) => row[table.columns.findIndex((column) => column.name === name)] ?? null),
      )
      expect(await bench.rows(wider)).toEqual(bench.lines(reordered, rows))
    })

    it('drop a table, and no other', async () => {
      const [gone, other] = [plainTable(`${ODD_NAME}${freshName()}`), plainTable(freshName())]
      for (const table of [gone, other]) await bench.replace(table, plainRows(2))
      const { table } = await bench.wanted(gone)
      const statements = target.render({ type: 'drop-table', table })
      expectStatements(statements, target.render({ type: 'drop-table', table }))
      expect(await bench.rows(gone)).toHaveLength(2)
      await target.run(statements, never)
      // The tables of all databases stay where they are shared.
      expect((await bench.existing(gone)) === undefined ? [] : await bench.rows(gone)).toEqual([])
      if (!target.supports.sharedTables) expect(await bench.existing(gone)).toBeUndefined()
      expect(await bench.rows(other)).toEqual(bench.lines(other, plainRows(2)))
      await bench.replace(gone, plainRows(1))
      expect(await bench.rows(gone)).toEqual(bench.lines(gone, plainRows(1)))
    })

    it('change nothing when they are aborted', async () => {
      const table = plainTable(freshName())
      const statements = target.render({ type: 'create-table', schema: await bench.wanted(table) })
      await expectKind(() => target.run(statements, cancelled()), 'cancelled')
      expect(await bench.existing(table)).toBeUndefined()
    })

    it('leave columns alone that only the target has', async () => {
      const narrow = plainTable(freshName())
      const wider: FixtureTable = { ...narrow, columns: [...narrow.columns, words('own')] }
      await bench.replace(wider, [['1', 'a', 'b', 'mine']])
      await bench.merge(narrow, { upserts: [['2', 'c', 'd']] })
      expect(await bench.rows(wider)).toEqual(
        bench.lines(wider, [
          ['1', 'a', 'b', 'mine'],
          ['2', 'c', 'd', null],
        ]),
      )
      await bench.replace(narrow, plainRows(2))
      expect((await bench.existing(wider))?.columns.map(({ name }) => name)).toContain('own')
      expect(await bench.rows(wider)).toHaveLength(2)
    })
  })

  describe('preview', () => {
    for (const disposition of ['replace', 'merge'] as const) {
      it(`of a ${disposition} is pure and stable, and touches nothing`, async () => {
        const table = plainTable(freshName())
        await bench.replace(table, plainRows(2))
        const work = await bench.work(table, disposition)
        const [copy, before] = [structuredClone(work), (await target.describe(database)).map((schema) => schema.table.name).sort()]
        for (const effects of [
          { upserts: true, deletes: false },
          { upserts: true, deletes: disposition === 'merge' && target.supports.deletes },
        ]) {
          expectStatements(target.preview(work, effects), target.preview(work, effects))
        }
        expect(target.guard?.(work)).toBeUndefined()
        expect(work).toEqual(copy)
        expect((await target.describe(database)).map((schema) => schema.table.name).sort()).toEqual(before)
        expect(await bench.rows(table)).toEqual(bench.lines(table, plainRows(2)))
      })
    }
  })

  it('keeps no name to itself that a user may give', () => {
    for (const name of ['orders', '', ' ', '_', '__proto__', '_dbsync', 'dbsync_new_orders', ODD_NAME, '😀', 'x'.repeat(64)]) {
      expect(target.reserved?.(name) ?? false, name).toBe(false)
    }
  })
}

function expectStatements(statements: readonly string[], again: readonly string[]): void {
  expect(statements.length).toBeGreaterThan(0)
  for (const statement of statements) expect(statement).toMatch(/\S/)
  expect(again).toEqual(statements)
}
