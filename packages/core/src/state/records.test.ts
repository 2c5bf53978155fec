import { expect, test } from 'vitest'
import { type DatabaseState, oldest, parseDatabaseState, type TargetState, withoutTarget, withTargetStates } from './records.ts'

const NOW = '2026-01-09T00:00:00.000Z'
const at = (day: number) => `2026-01-0${day}T00:00:00.000Z`
const saved = (over: Partial<TargetState> = {}): TargetState => ({
  last_sync_time: at(3),
  sync_status: 'SUCCESS',
  sync_mode: 'INCREMENTAL',
  records_synced: 3,
  error_message: null,
  updated_at: at(3),
  position: null,
  compared_at: null,
  source_id: 's',
  target_id: 't',
  target_database: 'copy',
  ...over,
})
const put = (state: DatabaseState | undefined, target: string, update: TargetState, table = 'orders') =>
  withTargetStates(state, 'shop', target, new Map([[table, update]]), NOW)

test('of several targets a table has the oldest time and the worst status', () => {
  const two = put(
    put(undefined, 'a', saved()),
    'b',
    saved({ last_sync_time: at(2), sync_status: 'RUNNING', sync_mode: 'FULL', records_synced: 7, updated_at: at(4) }),
  )
  expect(two.tables['orders']).toMatchObject({ last_sync_time: at(2), sync_status: 'RUNNING', sync_mode: 'FULL', records_synced: 7, updated_at: at(4) })
  const three = put(two, 'c', saved({ last_sync_time: null, sync_status: 'FAILED', error_message: 'no room' }))
  expect(three.tables['orders']).toMatchObject({ last_sync_time: null, sync_status: 'FAILED', error_message: 'no room', targets: { a: {}, b: {}, c: {} } })
  expect(three.database_info).toEqual({ tenant_id: 'shop', last_updated: NOW, total_tables: 1, time_zone: 'UTC' })
  expect(put(three, 'c', saved()).tables['orders']).toMatchObject({ last_sync_time: at(2), sync_status: 'RUNNING', error_message: null })
})

test('one that never was is older than all', () => {
  expect(oldest([at(2), at(1), at(3)])).toBe(at(1))
  expect(oldest([at(2), null])).toBeNull()
  expect(oldest([null, at(2)])).toBeNull()
  expect(oldest([])).toBeNull()
})

test('without a target its tables have what the other targets say, and go where there is none', () => {
  const both = put(put(put(undefined, 'a', saved({ updated_at: at(5) })), 'b', saved({ sync_status: 'FAILED', updated_at: at(4) })), 'b', saved(), 'lines')
  const left = withoutTarget(both, 'b', NOW)
  expect(Object.keys(left?.tables ?? {})).toEqual(['orders'])
  expect(left?.tables['orders']).toMatchObject({ sync_status: 'SUCCESS', updated_at: at(5) })
  expect(Object.keys(left?.tables['orders']?.targets ?? {})).toEqual(['a'])
  expect(left?.database_info).toMatchObject({ total_tables: 1, last_updated: NOW })
  expect(left && withoutTarget(left, 'a', NOW)).toBeUndefined()
})

test('without a target a table has the mode and the rows of the latest that is left, whichever comes first', () => {
  const [early, late] = [saved({ updated_at: at(4), records_synced: 4 }), saved({ updated_at: at(5), records_synced: 5, sync_mode: 'FULL' })]
  for (const [a, b] of [
    [early, late],
    [late, early],
  ] as const) {
    const all = put(put(put(undefined, 'a', a), 'b', b), 'gone', saved({ updated_at: at(6), records_synced: 6 }))
    expect(withoutTarget(all, 'gone', NOW)?.tables['orders']).toMatchObject({ records_synced: 5, sync_mode: 'FULL', updated_at: at(5) })
  }
})

test('a name of Object.prototype is a table like any other', () => {
  const state = put(put(undefined, 'a', saved(), '__proto__'), '__proto__', saved({ sync_status: 'FAILED' }), '__proto__')
  expect(Object.keys(state.tables)).toEqual(['__proto__'])
  expect(Object.keys(Object.entries(state.tables)[0]?.[1].targets ?? {})).toEqual(['a', '__proto__'])
})

test('a document of another shape is never taken for no state', () => {
  const whole = put(undefined, 'a', saved())
  expect(parseDatabaseState('shop', whole as never)).toBe(whole)
  for (const wrong of [null, [], 'text', {}, { tables: [] }, { tables: { orders: null } }, { tables: { orders: 'text' } }]) {
    expect(() => parseDatabaseState('shop', wrong as never), JSON.stringify(wrong)).toThrow(
      expect.objectContaining({ code: 'STATE_UNREADABLE', kind: 'config', message: expect.stringContaining('expected shape') }),
    )
  }
})

test('a table without targets is one of an older tool; one sound target makes no other one sound', () => {
  const older = { sync_status: 'SUCCESS', last_sync_time: null }
  const parse = (table: unknown) => parseDatabaseState('shop', { tables: { orders: table } } as never)
  expect(parse(older).tables['orders']).toEqual(older)
  for (const targets of [null, [], 'text', { a: saved(), b: older }, { b: older, a: saved() }]) {
    expect(() => parse({ ...older, targets }), JSON.stringify(targets)).toThrow('orders')
  }
})

test('what a decision hangs on has to have its shape, at each target', () => {
  const document = (over: Record<string, unknown>) => put(undefined, 'a', { ...saved(), ...over } as TargetState) as never
  const position = (columns: unknown, more = {}) => ({ position: { columns, ...more } })
  const zoned = { zone: 60 }
  const otherKinds = [{ position: null }, { position: {} }, { position: { binlog: 'b.7' } }]
  for (const right of [
    ...[{}, ...otherKinds],
    ...[position({ at: null }), position({ at: '2026-01-01' }), position({ at: '2026-01-01 00:00:00.123456' }, zoned)],
  ]) {
    expect(() => parseDatabaseState('shop', document(right)), JSON.stringify(right)).not.toThrow()
  }
  for (const wrong of [
    { compared_at: 'soon' },
    { compared_at: 5 },
    { last_sync_time: 5 },
    { compared_at: undefined },
    { source_id: 1 },
    { target_id: null },
    { target_database: undefined },
    { position: undefined },
    position(null),
    position([]),
    position({ at: 5 }),
    position({ at: ['2026-01-01'] }),
    position({ at: 'soon' }),
    position({ at: null, further: '2026-01-01 00' }),
    position({ at: null }, { zone: 'UTC' }),
  ]) {
    expect(() => parseDatabaseState('shop', document(wrong)), JSON.stringify(wrong)).toThrow('expected shape')
  }
})
