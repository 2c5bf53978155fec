import { expect, it } from 'vitest'
import type { LegacyFile } from '../contract/state-store.ts'
import type { JsonValue } from '../model/json.ts'
import { mergeMigrated, planMigration } from './plan-migration.ts'

const NOW = '2026-06-01T00:00:00.000Z'
const TARGETS = [{ name: 'copy', template: '{database}_copy' }]
const good = (table: string, more: Record<string, JsonValue> = {}) => ({
  table_name: table,
  last_sync_time: '2026-05-01 12:00:00',
  sync_status: 'SUCCESS',
  sync_mode: 'INCREMENTAL',
  records_synced: 7,
  error_message: null,
  updated_at: '2026-05-01 12:00:05',
  ...more,
})

function file(name: string, content: Record<string, JsonValue> | 'broken'): LegacyFile {
  const found = content === 'broken' ? ({ kind: 'broken', reason: 'is empty' } as const) : ({ kind: 'table', value: content } as const)
  return { path: `/s/${name}.json`, name, revision: name, occupies: `database/${name}`, content: found }
}

function plan(files: readonly LegacyFile[], known: readonly string[], zone?: string) {
  return planMigration({
    listing: { own: [], files },
    known: { names: new Set(known), plausible: () => false },
    zone: zone ?? 'UTC',
    assumedZone: zone === undefined,
    targets: TARGETS,
  })
}

it('a file with the name of another database is moved before that one is written', () => {
  const found = plan([file('a_b_c', good('c')), file('a_b', good('b')), file('a_b_c_d', good('d'))], ['a', 'a_b', 'a_b_c'])
  expect(found.databases.map(({ database }) => database)).toEqual(['a', 'a_b', 'a_b_c'])
  expect(found.left).toEqual([])
})

it('what stays keeps the state of its name from being written, and so on', () => {
  const found = plan(
    [file('a_b', 'broken'), file('a_b_c', good('c')), file('a_b_c_d', good('d')), file('x_y', good('y')), file('z', good('q'))],
    ['x', 'a_b', 'a_b_c'],
  )
  expect(found.databases.map(({ database }) => database)).toEqual(['x'])
  expect(found.left.map(({ path, kind }) => [path, kind])).toEqual([
    ['/s/a_b.json', 'broken'],
    ['/s/z.json', 'unknown'],
    ['/s/a_b_c.json', 'blocked'],
    ['/s/a_b_c_d.json', 'blocked'],
  ])
})

it('a record that cannot be understood stays, with the reason', () => {
  const bad: [string, Record<string, JsonValue>][] = [
    ['last_sync_time', { last_sync_time: 'soon' }],
    ['updated_at', { updated_at: 17 }],
    ['sync_status', { sync_status: 'DONE' }],
    ['sync_mode', { sync_mode: 'SOMETIMES' }],
    ['records_synced', { records_synced: '7' }],
    ['error_message', { error_message: {} }],
  ]
  for (const [name, more] of bad)
    expect(plan([file('a_t', good('t', more))], ['a']).left, name).toMatchObject([{ kind: 'broken', reason: expect.stringContaining(name) }])
  expect(plan([file('a_t', good('t', { table_name: 3 }))], ['a']).left).toMatchObject([{ kind: 'unknown' }])
})

it('only a success leaves a position, and a zone that nobody has named takes it back by more than any zone', () => {
  const position = (more: Record<string, JsonValue>, zone?: string) => plan([file('a_t', good('t', more))], ['a'], zone).databases[0]?.files[0]?.state.position
  expect(position({}, 'Europe/Berlin')).toEqual({ since: '2026-05-01T10:00:00.000Z' })
  expect(position({})).toEqual({ since: '2026-04-30T10:00:00.000Z' })
  expect(position({ last_sync_time: '2026-05-01T12:00:00Z' })).toEqual({ since: '2026-05-01T12:00:00.000Z' })
  for (const more of [{ sync_status: 'failed' }, { sync_status: 'Running' }, { last_sync_time: null }]) expect(position(more)).toBeNull()
})

it('the newer one wins, keeps the servers that were known, and doing it again changes nothing', () => {
  const [database] = plan([file('a_t', good('t')), file('a_t2', good('t2'))], ['a'], 'UTC').databases
  if (database === undefined) throw new Error('nothing was planned')
  const first = mergeMigrated(undefined, database, TARGETS, NOW)
  expect(first.state?.tables['t']).toMatchObject({ sync_status: 'SUCCESS', targets: { copy: { target_database: 'a_copy', source_id: '', compared_at: null } } })
  const again = mergeMigrated(first.state, database, TARGETS, '2027-01-01T00:00:00.000Z')
  expect(again.state).toBe(first.state)
  expect(again.tables.map(({ taken }) => taken)).toEqual(['older', 'older'])

  const copy = first.state?.tables['t']?.targets?.['copy']
  const saved = (updated_at: string) => {
    const state = structuredClone(first.state) as { tables: Record<string, { targets: Record<string, object> }> }
    for (const { targets } of Object.values(state.tables))
      targets['copy'] = { ...copy, updated_at, source_id: 's', target_id: 't', position: { columns: {} }, compared_at: NOW }
    return state as never
  }
  expect(mergeMigrated(saved('2026-05-02T00:00:00.000Z'), database, TARGETS, NOW).tables.map(({ taken }) => taken)).toEqual(['older', 'older'])
  const newer = mergeMigrated(saved('2026-04-02T00:00:00.000Z'), database, TARGETS, NOW)
  expect(newer.tables.map(({ taken }) => taken)).toEqual(['newer', 'newer'])
  expect(newer.state?.tables['t']?.targets?.['copy']).toMatchObject({
    source_id: 's',
    target_id: 't',
    compared_at: NOW,
    position: { since: '2026-05-01T12:00:00.000Z' },
  })
})

it('of two files of one table the newer one wins, whichever comes first', () => {
  const files = [file('a_t', good('t', { records_synced: 1 })), file('a_t', good('t', { records_synced: 2, updated_at: '2026-05-03 00:00:00' }))]
  for (const order of [files, files.toReversed()]) {
    const [database] = plan(order, ['a'], 'UTC').databases
    expect(database && mergeMigrated(undefined, database, TARGETS, NOW).state?.tables['t']?.records_synced).toBe(2)
  }
})
