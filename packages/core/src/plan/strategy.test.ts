import { describe, expect, it } from 'vitest'
import type { Column, TableSchema } from '../model/schema.ts'
import type { TargetState } from '../state/records.ts'
import { chooseStrategy, type StrategyFacts } from './strategy.ts'
import { positionBounds, readFrom } from './time-columns.ts'

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
const saved: TargetState = {
  last_sync_time: '2026-01-01T00:00:00.000Z',
  sync_status: 'SUCCESS',
  sync_mode: 'FULL',
  records_synced: 1,
  error_message: null,
  updated_at: '2026-01-01T00:00:00.000Z',
  position: { columns: { updated_at: '2026-01-01 00:00:00' } },
  compared_at: '2026-01-01T00:00:00.000Z',
  source_id: 's',
  target_id: 't',
  target_database: 'shop',
}
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
})
