import { describe, expect, it } from 'vitest'
import type { Column, TableSchema } from '../model/schema.ts'
import type { TargetState } from '../state/records.ts'
import { chooseStrategy, type StrategyFacts } from './strategy.ts'
import { synced } from './testing.ts'
import { clockDoubt, isInherited, isTimePosition, positionBounds, readFrom, timeColumns } from './time-columns.ts'

const id: Column = { name: 'id', type: { kind: 'int', bits: 32 }, nullable: false }
const stamp = (name: string, extra: Partial<Column> = {}): Column => ({ name, type: { kind: 'timestamp', fraction: 0 }, nullable: false, ...extra })
const table = (columns: Column[], extra: Partial<TableSchema> = {}): TableSchema => ({
  table: { database: 'shop', name: 'orders' },
  columns: [id, ...columns],
  key: ['id'],
  uniqueKeys: [],
  foreignKeys: [],
  referencedBy: [],
  triggers: [],
  transactional: true,
  ...extra,
})
const saved: TargetState = { ...synced, position: { columns: { updated_at: '2026-01-01 00:00:00' } }, source_id: 's', target_id: 't' }
const facts = (schema: TableSchema, extra: Partial<StrategyFacts> = {}): StrategyFacts => ({
  schema,
  existing: schema,
  changing: false,
  state: saved,
  sameServers: true,
  mode: 'incremental',
  reconcileEveryMs: undefined,
  forceFull: false,
  rule: {},
  lookbackMinutes: 10,
  clock: { utc: '2026-01-02 00:00:00.000000', local: '2026-01-02 09:00:00.000000' },
  comparable: true,
  ...extra,
})
const kind = (schema: TableSchema, extra: Partial<StrategyFacts> = {}) => chooseStrategy(facts(schema, extra)).strategy.kind

describe('the choice of a strategy', () => {
  const timed = table([stamp('updated_at', { stamped: 'on-update' })])

  it('goes by time where a column moves with the row', () => {
    expect(kind(timed)).toBe('time')
    for (const name of ['updated_at', 'update_time', 'last_updated', 'last_update', 'modify_time']) expect(kind(table([stamp(name)]))).toBe('time')
    for (const name of ['created_at', 'create_time', 'insert_time', 'timestamp', 'sync_time']) {
      expect(kind(table([stamp(name, { stamped: 'on-update' })]))).toBe('time')
    }
  })

  it('compares a table whose columns show new rows only, and says so where it cannot', () => {
    const insertOnly = table([stamp('created_at', { stamped: 'on-insert' })])
    expect(kind(insertOnly)).toBe('digest')
    const choice = chooseStrategy(facts(insertOnly, { comparable: false }))
    expect(choice.strategy.kind).toBe('time')
    expect(choice.guarantee).toMatchObject({ except: expect.stringContaining('only added') })
    expect(kind(table([stamp('timestamp')]))).toBe('digest')
  })

  it('adds rows of a table without a key by time, where they are added once and nothing better is there', () => {
    const log = { ...timed, key: [] }
    expect(kind(log)).toBe('digest')
    expect(kind(log, { comparable: false })).toBe('full')
    expect(kind(log, { comparable: false, addsOnce: true })).toBe('time')
    expect(kind(table([], { key: [] }), { comparable: false, addsOnce: true })).toBe('full')
    const { guarantee } = chooseStrategy(facts(log, { comparable: false, addsOnce: true }))
    expect(guarantee).toMatchObject({ level: 'exact-except', except: expect.stringContaining('leaves its old version') })
  })

  it('compares a table whose rows a foreign key rewrites', () => {
    const foreignKeys = [{ name: 'fk', columns: ['id'], references: { database: 'shop', name: 'p' }, referencedColumns: ['id'], rewritesRows: true }]
    expect(kind({ ...timed, foreignKeys })).toBe('digest')
    expect(kind({ ...timed, foreignKeys }, { rule: { mode: 'time' } })).toBe('time')
  })

  it('compares what is there already, on request whatever is set', () => {
    const there = { ...timed, estimate: { rows: 5, bytes: 100 } }
    expect(kind(there, { state: undefined })).toBe('digest')
    expect(kind({ ...timed, transactional: false })).toBe('digest')
    expect(kind(there, { mode: 'reconcile', forceFull: true, state: undefined })).toBe('digest')
    expect(kind(there, { mode: 'reconcile', existing: undefined })).toBe('full')
    expect(kind(there, { mode: 'reconcile', comparable: false })).toBe('full')
    // The rows of the copy do not fit the new definition: comparing them would leave them in its way.
    expect(kind(there, { mode: 'reconcile', copy: 'its new definition does not take all rows' })).toBe('full')
  })

  it('copies in full the first time, on request, by configuration, and where nothing else is possible', () => {
    expect(kind(timed, { existing: undefined })).toBe('full')
    expect(kind(timed, { state: undefined })).toBe('full')
    expect(kind(timed, { mode: 'full' })).toBe('full')
    expect(kind(timed, { forceFull: true })).toBe('full')
    expect(kind(table([]), { comparable: false })).toBe('full')
    expect(kind(table([], { key: [] }), { comparable: false })).toBe('full')
  })

  it('does not trust a position after a failure, a new column or a change of server', () => {
    expect(kind(timed, { state: { ...saved, sync_status: 'FAILED' } })).toBe('digest')
    expect(kind(timed, { changing: true })).toBe('digest')
    expect(kind(timed, { sameServers: false })).toBe('digest')
    expect(kind(timed, { state: { ...saved, sync_status: 'RUNNING' } })).toBe('time')
  })

  it('does not trust a position beyond the clock of the source, or of another time zone', () => {
    const at = (position: TargetState['position']) => ({ ...saved, position })
    const clock = { utc: '2026-01-02 00:00:00.000000', local: '2026-01-02 09:00:00.000000' }
    const reason = (schema: TableSchema, state: TargetState) => chooseStrategy(facts(schema, { clock, state })).reason
    expect(reason(timed, at({ columns: { updated_at: '2026-01-02 00:09:00' } }))).toContain('newer')
    expect(reason(timed, at({ columns: { updated_at: '2026-01-02 00:11:00' } }))).toContain('later than the clock')
    const wall = table([{ name: 'updated_at', type: { kind: 'datetime', fraction: 0 }, nullable: false, stamped: 'on-update' }])
    expect(reason(wall, at({ columns: { updated_at: '2026-01-02 10:00:00' }, zone: 600 }))).toContain('newer')
    expect(reason(wall, at({ columns: { updated_at: '2026-01-01 20:00:00' }, zone: -300 }))).toContain('time zone')
    expect(reason(timed, at({ columns: { updated_at: '2026-01-01 20:00:00' }, zone: -300 }))).toContain('newer')
  })

  it('compares once what an older tool says it has synced, and goes on by time from there where that cannot be', () => {
    const inherited: TargetState = { ...saved, position: { since: '2026-01-01T12:00:00.000Z' }, compared_at: null, source_id: '', target_id: '' }
    expect(kind(timed, { state: inherited })).toBe('digest')
    for (const extra of [{ comparable: false }, { rule: { mode: 'time' } }] as const) {
      const since = (schema: TableSchema) => chooseStrategy(facts(schema, { state: inherited, ...extra })).strategy
      expect(since(timed)).toMatchObject({ kind: 'time', since: { updated_at: '2026-01-01 11:50:00.000' } })
      // The server is nine hours ahead of UTC: what it stamps is so too, and what an application fills may be either.
      const wall: Column = { name: 'updated_at', type: { kind: 'datetime', fraction: 0 }, nullable: false }
      expect(since(table([{ ...wall, stamped: 'on-update' }]))).toMatchObject({ kind: 'time', since: { updated_at: '2026-01-01 19:50:00.000' } })
      expect(since(table([wall]))).toMatchObject({ kind: 'time', since: { updated_at: '2026-01-01 10:50:00.000' } })
    }
    const later = { ...inherited, position: { since: '2026-01-02T12:00:00.000Z' } }
    expect(chooseStrategy(facts(timed, { state: later, rule: { mode: 'time' } })).reason).toContain('later than the clock')
    expect(kind(timed, { state: inherited, existing: undefined })).toBe('full')
    expect(kind(timed, { state: { ...inherited, sync_status: 'FAILED' }, comparable: false })).toBe('full')
  })

  it('compares as a whole when the last comparison is as old as it may be, by the clock of the source, and not before', () => {
    const due = (state: Partial<TargetState>, reconcileEveryMs?: number) => kind(timed, { state: { ...saved, ...state }, reconcileEveryMs })
    expect(due({}, 86_400_000)).toBe('digest')
    expect(due({}, 86_400_001)).toBe('time')
    expect(due({ compared_at: null }, 86_400_001)).toBe('digest')
    expect(due({ compared_at: null })).toBe('time')
  })

  it('compares tables without a key or without a timestamp', () => {
    expect(kind(table([]))).toBe('digest')
    expect(kind({ ...timed, key: [] })).toBe('digest')
  })

  it.each<[reason: string, of: 'full' | 'digest' | 'time', Partial<StrategyFacts>]>([
    ['asked for', 'full', { mode: 'full' }],
    ['asked for', 'digest', { mode: 'reconcile' }],
    ['set in the configuration', 'full', { forceFull: true }],
    ['set in the configuration', 'full', { rule: { mode: 'full' } }],
    ['first time', 'full', { existing: undefined }],
    ['its new definition does not take all rows', 'full', { copy: 'its new definition does not take all rows' }],
    ['first time', 'full', { state: undefined }],
    ['first time', 'full', { state: { ...saved, last_sync_time: null } }],
    ['first time, and the copy has rows', 'digest', { state: undefined, existing: { ...timed, estimate: { rows: 1, bytes: 9 } } }],
    ['the last run failed', 'digest', { state: { ...saved, sync_status: 'FAILED' } }],
    ['the source or the target is another server than last time', 'digest', { sameServers: false }],
    ['the definition changes', 'digest', { changing: true }],
    ['taken over from an older tool, and compared once', 'digest', { state: { ...saved, position: { since: '2026-01-01T12:00:00.000Z' } } }],
    ['last compared as a whole too long ago', 'digest', { reconcileEveryMs: 1 }],
    ['no saved position', 'digest', { state: { ...saved, position: null } }],
    ['no saved position', 'full', { state: { ...saved, position: null }, comparable: false }],
  ])('says why: %s, %s', (reason, of, extra) => {
    const choice = chooseStrategy(facts(timed, extra))
    expect(choice).toMatchObject({ strategy: { kind: of }, reason, guarantee: { level: 'exact' }, warnings: [] })
    expect(choice.usual).toBeUndefined()
  })

  it.each<[reason: string, of: 'full' | 'digest', TableSchema, Partial<StrategyFacts>]>([
    ['set in the configuration', 'digest', timed, { rule: { mode: 'digest' } }],
    ['no key: rows are compared by hash and count', 'digest', { ...timed, key: [] }, {}],
    ['no key', 'full', { ...timed, key: [] }, { comparable: false }],
    ['no timestamp column', 'digest', table([]), {}],
    ['no timestamp column', 'full', table([]), { comparable: false }],
    ['created_at shows new rows only', 'digest', table([stamp('created_at', { stamped: 'on-insert' })]), {}],
    ['the engine of the copy has no transactions: it is replaced where it differs', 'digest', timed, { existing: { ...timed, transactional: false } }],
  ])('says what it does day by day: %s, %s', (reason, of, schema, extra) => {
    expect(chooseStrategy(facts(schema, extra))).toMatchObject({ strategy: { kind: of }, reason, guarantee: { level: 'exact' }, usual: true })
  })

  it('says what timestamps do not show, and which of them may be NULL', () => {
    const both = table([stamp('updated_at', { stamped: 'on-update' }), stamp('created_at', { nullable: true })])
    const since = saved.compared_at
    expect(chooseStrategy(facts(both))).toMatchObject({
      strategy: { kind: 'time', columns: ['updated_at', 'created_at'] },
      reason: 'rows newer by updated_at, created_at',
      guarantee: { level: 'exact-except', except: 'changes that did not move updated_at, created_at', since },
      warnings: ['created_at may be NULL: such rows are read again in every run'],
      usual: true,
    })
    expect(chooseStrategy(facts(timed)).warnings).toEqual([])
    expect(chooseStrategy(facts(timed, { comparable: false })).guarantee).toMatchObject({ except: 'deletes, and changes that did not move updated_at' })
    const foreignKeys = [{ name: 'fk', columns: ['id'], references: { database: 'shop', name: 'p' }, referencedColumns: ['id'], rewritesRows: true }]
    const { reason } = chooseStrategy(facts({ ...both, foreignKeys }, { rule: { mode: 'time' } }))
    expect(reason).toBe('foreign key fk changes rows without moving updated_at, created_at')
  })

  it('promises less where the engine of the source has no snapshots', () => {
    const { guarantee } = chooseStrategy(facts({ ...timed, transactional: false }, { mode: 'full' }))
    expect(guarantee).toEqual({ level: 'exact-except', except: 'rows that changed while the table was read: its engine has no snapshots', since: null })
  })
})

describe('time columns', () => {
  const date: Column = { name: 'updated_at', type: { kind: 'date' }, nullable: false }

  it('are dates, datetimes and timestamps that are stored, of the configured names in their order', () => {
    const names = (columns: Column[], configured?: string[]) => timeColumns(table(columns), configured)?.columns.map(({ name }) => name)
    expect(names([date])).toEqual(['updated_at'])
    expect(names([stamp('a'), stamp('B')], ['b', 'nowhere', 'A'])).toEqual(['B', 'a'])
    expect(names([stamp('updated_at', { generated: 'stored' })])).toBeUndefined()
    expect(names([{ name: 'updated_at', type: { kind: 'text' }, nullable: false }])).toBeUndefined()
    expect(names([], ['id'])).toBeUndefined()
  })

  it('move with the row where one of them does, or where the configuration says so', () => {
    const moving = (columns: Column[], configured?: string[]) => timeColumns(table(columns), configured)?.moving
    expect(moving([stamp('created_at'), stamp('sync_time')])).toBe(false)
    expect(moving([stamp('created_at'), stamp('sync_time', { stamped: 'on-update' })])).toBe(true)
    expect(moving([stamp('created_at'), stamp('UPDATED_AT')])).toBe(true)
    expect(moving([stamp('a')], ['a'])).toBe(true)
  })
})

describe('positions', () => {
  const datetime = (name: string, extra: Partial<Column> = {}): Column => ({ name, type: { kind: 'datetime', fraction: 6 }, nullable: false, ...extra })
  const clock = { utc: '2026-06-01 12:00:00.000000', local: '2026-06-01 07:00:00.000000' }

  it('are bounded in the time domain of their column', () => {
    const bounds = positionBounds([stamp('a'), datetime('b', { stamped: 'on-update' }), datetime('c')], clock)
    expect(bounds).toEqual({ a: clock.utc, b: clock.local, c: clock.local })
    const ahead = { utc: clock.local, local: clock.utc }
    expect(positionBounds([datetime('b', { stamped: 'on-update' }), datetime('c')], ahead)).toEqual({ b: ahead.local, c: ahead.utc })
  })

  it('are read from the lookback on, one hour earlier for wall clocks', () => {
    const since = readFrom([stamp('a'), datetime('b'), stamp('c')], { columns: { a: '2026-06-01 12:00:00', b: '2026-06-01 00:30:00.123456', c: null } }, 10)
    expect(since).toEqual({ a: '2026-06-01 11:50:00.000', b: '2026-05-31 23:20:00.123', c: '0000-00-00 00:00:00' })
  })
  it('of dates are dates, and begin before the first of them', () => {
    const date: Column = { name: 'd', type: { kind: 'date' }, nullable: false }
    expect(positionBounds([date], clock)).toEqual({ d: '2026-06-01' })
    expect(readFrom([date], { columns: { d: '2026-06-01' } }, 10)).toEqual({ d: '2026-05-31' })
    for (const d of [null, '0000-00-00', '0001-01-01', 'x']) expect(readFrom([date], { columns: { d } }, 10), String(d)).toEqual({ d: '0000-00-00' })
    expect(readFrom([stamp('a')], { columns: { a: '0001-01-01 00:10:00' } }, 10)).toEqual({ a: '0001-01-01 00:00:00.000' })
  })

  it('are doubted where one of them is beyond its bound, or where a wall clock has moved by more than summer time', () => {
    const columns = [stamp('a'), datetime('b')]
    const doubt = (a: string, b: string, zone?: number) => clockDoubt(columns, { columns: { a, b }, ...(zone === undefined ? {} : { zone }) }, clock, 0)
    expect(doubt('2026-06-01 12:00:00.000', '2026-06-01 08:00:00.000')).toBeUndefined()
    expect(doubt('2026-06-01 12:00:00.001', '2026-06-01 08:00:00.000')).toContain('later than the clock')
    expect(doubt('2026-06-01 12:00:00.000', '2026-06-01 08:00:00.001')).toContain('later than the clock')
    const [a, b] = ['2026-05-01 00:00:00', '2026-05-01 00:00:00']
    for (const zone of [-300, -240, -360]) expect(doubt(a, b, zone), String(zone)).toBeUndefined()
    for (const zone of [-239, -361, 0]) expect(doubt(a, b, zone), String(zone)).toContain('time zone')
    expect(clockDoubt([stamp('a')], { columns: { a }, zone: 0 }, clock, 0)).toBeUndefined()
  })

  it('are known by their form', () => {
    for (const position of [null, undefined, 'x', 5, {}, { columns: null }, { columns: 'x' }])
      expect(isTimePosition(position), JSON.stringify(position)).toBe(false)
    expect(isTimePosition({ columns: {} })).toBe(true)
    for (const position of [null, undefined, 'x', {}, { since: 5 }, { since: 'x' }]) expect(isInherited(position), JSON.stringify(position)).toBe(false)
    expect(isInherited({ since: '2026-01-01T12:00:00.000Z' })).toBe(true)
  })
})
