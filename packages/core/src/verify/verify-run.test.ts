import { beforeEach, describe, expect, it } from 'vitest'
import { SyncError } from '../errors/sync-error.ts'
import { putTable, type Row } from '../memory/index.ts'
import type { TableSchema } from '../model/schema.ts'
import { int, items, schemaOf, text, users } from '../run/testing.ts'
import type { VerifyReport } from './report.ts'
import { world } from './verify.harness.ts'

const lines = schemaOf('lines', [text('line')], [])
const elsewhere = ({ table, ...rest }: TableSchema): TableSchema => ({ ...rest, table: { database: 'crm', name: table.name } })
const item = (id: number, name = 'a'): Row => [String(id), name]
const lost = () => new SyncError('LOST', 'the line is cut', { kind: 'connection' })
const tableIn = ({ tables }: VerifyReport, id: string) => tables.find((table) => table.id === id)

let w: ReturnType<typeof world>
beforeEach(() => {
  w = world()
})

describe('what a verification adds up to', () => {
  it('is equal where every row of every table at every target is', async () => {
    w = world(['near', 'far'])
    for (const schema of [items, elsewhere(items)]) w.putAll(schema, [item(1), item(2)])
    w.putAll(lines, [['x'], ['x'], ['y']])
    const report = await w.verify({ databases: ['shop', 'crm'] })
    expect(report).toMatchObject({ run: 'r', status: 'equal', level: 'digest', warnings: [] })
    expect(report.totals).toEqual({ rowsCompared: 14, missing: 0, extra: 0, changed: 0, notSynced: 0, settled: 0 })
    expect(report.tables.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual(
      ['near', 'far'].flatMap((name) => [`${name}/crm.items equal`, `${name}/shop.items equal`, `${name}/shop.lines equal`]),
    )
    expect(report).not.toHaveProperty('unplanned')
    expect(w.found.size).toBe(0)
    expect(report.ms).toBe(Date.parse(report.finishedAt) - Date.parse(report.startedAt))
  })

  it('is the sum of all tables, each of which says what is its own', async () => {
    w = world(['near', 'far'])
    w.putAll(items, [item(1), item(2), item(3)])
    w.putAll(lines, [['x']])
    w.put(items, [item(2, 'b'), item(3), item(4), item(5)], 'far')
    w.put(lines, [['x'], ['x'], ['x']], 'near')
    const report = await w.verify()
    expect(report.status).toBe('different')
    expect(report.totals).toMatchObject({ rowsCompared: 8, missing: 1, extra: 4, changed: 1 })
    expect(report.tables.map(({ outcome }) => outcome)).toEqual(['equal', 'different', 'different', 'equal'])
    expect(tableIn(report, 'far/shop.items')).toMatchObject({ rowsCompared: 3, missing: 1, extra: 2, changed: 1 })
    expect([...w.found.keys()].sort()).toEqual(['far/shop.items', 'near/shop.lines'])
  })

  it('tells everybody of the plan, and of each table with what was found', async () => {
    w.putAll({ ...items, estimate: { rows: 7, bytes: 1 } }, [item(1)])
    w.putAll({ ...lines, estimate: { rows: 0, bytes: 2 } }, [])
    w.putAll(users, [])
    const { tables } = await w.verify({ parallelTables: 1 })
    expect(w.events[0]).toMatchObject({ type: 'run.planned', plan: { purpose: 'verify' } })
    const started = w.events.filter(({ type }) => type === 'table.started')
    // The large ones first; the report has them in the order of the plan.
    expect(started).toMatchObject([{ id: 'copy/shop.lines', rows: 0 }, { id: 'copy/shop.items', rows: 7 }, { id: 'copy/shop.users' }])
    expect(started[2]).not.toHaveProperty('rows')
    expect(tables.map(({ id }) => id)).toEqual(['copy/shop.items', 'copy/shop.lines', 'copy/shop.users'])
    for (const result of tables) expect(w.events).toContainEqual(expect.objectContaining({ type: 'table.verified', id: result.id, result }))
    for (const { ms } of tables) expect(ms).toBeLessThan(60_000)
  })

  it('is not equal where a database cannot be looked at, and different where another one is', async () => {
    w.putAll(items, [item(1)])
    expect(await w.verify({ databases: ['shop', 'crm'] })).toMatchObject({ status: 'incomplete', unplanned: [{ database: 'crm' }] })
    w.put(items, [], 'copy')
    expect(await w.verify({ databases: ['shop', 'crm'] })).toMatchObject({ status: 'different', unplanned: [{ database: 'crm' }] })
  })

  it('shows no more differences than were asked for, and counts them all', async () => {
    w.putAll(items, [])
    w.put(
      items,
      [1, 2, 3, 4, 5].map((id) => item(id)),
    )
    for (const limit of [0, 2, 6]) {
      const [table] = (await w.verify({}, { limit })).tables
      expect(table?.differences).toHaveLength(Math.min(limit, 5))
      expect(table).toMatchObject({ missing: 5, outcome: 'different' })
      expect(w.found.get('copy/shop.items')).toHaveLength(5)
    }
  })
})

describe('a definition that differs', () => {
  it('is a difference where the table is not there at all, with as many rows as it has', async () => {
    w.put(items, [item(1), item(2)])
    w.put(lines, [])
    putTable(w.copy(), users, [])
    const report = await w.verify()
    expect(report).toMatchObject({ status: 'different', totals: { missing: 2, extra: 0, rowsCompared: 0 } })
    for (const { id, outcome, level, schema } of report.tables) {
      expect({ outcome, level }).toEqual({ outcome: 'different', level: 'count' })
      expect(schema).toEqual([expect.stringContaining(id.replace('copy/', ''))])
    }
    expect([...w.found]).toEqual([
      ['copy/shop.items', undefined],
      ['copy/shop.lines', undefined],
    ])
  })

  it('is a difference where a column is not there, and rows are counted then', async () => {
    const narrow = { ...items, columns: [int('id')] }
    w.put(items, [item(1), item(2)])
    w.put(narrow, [['1'], ['2']], 'copy')
    expect((await w.verify()).tables).toMatchObject([
      { outcome: 'different', level: 'count', missing: 0, rowsCompared: 2, schema: [expect.stringContaining('name')] },
    ])
    expect([...w.found]).toEqual([['copy/shop.items', undefined]])
    w.put(narrow, [['1']], 'copy')
    expect((await w.verify()).tables).toMatchObject([{ outcome: 'different', missing: 1 }])
  })

  it('is not one where only the letters of a name do', async () => {
    w.put(items, [item(1)])
    w.put({ ...items, columns: [int('id'), text('Name')] }, [item(1)], 'copy')
    w.editTable = (table) => ({ ...table, statements: [], changes: [], wanted: { ...table.wanted, columns: table.existing?.columns ?? [] } })
    expect((await w.verify()).tables).toMatchObject([{ outcome: 'equal', level: 'digest' }])
  })

  it.each([
    ['statements before the rows', { before: ['drop\n  the key'] }, 'drop the key'],
    ['statements', { statements: ['alter it'] }, 'alter it'],
    ['statements after the rows', { after: [{ statements: ['add a key'], always: false }] }, 'add a key'],
    ['what a copy in full would bring along', { differences: ['column name: type'] }, 'column name: type'],
    ['a conflict', { statements: ['alter it'], refused: { code: 'SCHEMA_CONFLICT', kind: 'refused', message: 'it\ncannot' } }, 'it cannot'],
    ['columns that are hidden', { refused: { code: 'COLUMNS_NOT_VISIBLE', kind: 'refused', message: 'hidden' } }, 'hidden'],
  ] as const)('is a difference, though all rows are equal, and one line: %s', async (_, part, line) => {
    w.putAll(items, [item(1)])
    w.editTable = (table) => ({ ...table, ...part })
    const verify = { level: 'checksum', maxRowsPerSecond: undefined, maxLagSeconds: undefined } as const
    const { tables, status } = await w.verify({ verify })
    expect(status).toBe('different')
    // Equal bytes of unequal types may be unequal values: a sum over bytes says nothing.
    expect(tables).toMatchObject([{ outcome: 'different', level: 'digest', missing: 0, changed: 0, rowsCompared: 1 }])
    expect(tables[0]?.schema).toEqual([expect.stringMatching(new RegExp(`${line}$`))])
    expect([...w.found]).toEqual([['copy/shop.items', undefined]])
  })

  it('is none that another reason refuses to write', async () => {
    w.putAll(items, [item(1)])
    w.editTable = (table) => ({ ...table, refused: { code: 'TRIGGERS_WOULD_FIRE', kind: 'refused', message: 'no' } })
    const verify = { level: 'checksum', maxRowsPerSecond: undefined, maxLagSeconds: undefined } as const
    expect((await w.verify({ verify })).tables).toMatchObject([{ outcome: 'equal', level: 'checksum', schema: [] }])
  })
})

describe('a table that cannot be compared', () => {
  it('fails alone, and is not equal', async () => {
    w = world(['near', 'far'])
    for (const schema of [items, users]) w.putAll(schema, [])
    w.change = (name, plain) => ({
      digest: async (schema, ...asked) => {
        if (name === 'far' && schema.table.name === 'items') throw lost()
        return (await plain.digest?.(schema, ...asked)) ?? []
      },
    })
    const report = await w.verify()
    expect(report.status).toBe('incomplete')
    expect(report.tables.map(({ outcome }) => outcome)).toEqual(['equal', 'equal', 'failed', 'equal'])
    expect(tableIn(report, 'far/shop.items')).toMatchObject({ level: 'digest', error: { code: 'LOST', kind: 'connection' } })
    expect(w.found.size).toBe(0)
  })

  it('stays different where its definition is, and is repaired as a whole', async () => {
    w.putAll(items, [item(1)])
    w.editTable = (table) => ({ ...table, statements: ['alter it'] })
    w.change = () => ({ digest: () => Promise.reject(lost()) })
    const report = await w.verify()
    expect(report).toMatchObject({ status: 'different', tables: [{ outcome: 'different', level: 'digest', error: { code: 'LOST' } }] })
    expect([...w.found]).toEqual([['copy/shop.items', undefined]])
  })
})
