import { beforeEach, describe, expect, it } from 'vitest'
import { SyncError } from '../errors/sync-error.ts'
import { putTable, type Row } from '../memory/index.ts'
import { int, items, schemaOf, stamp, text, user, users } from '../run/testing.ts'
import { databaseKey, parseDatabaseState } from '../state/records.ts'
import { world } from './verify.harness.ts'

const item = (id: number, name = 'a'): Row => [String(id), name]

let w: ReturnType<typeof world>
beforeEach(() => {
  w = world()
})

describe('rows that the source got after the last sync', () => {
  const [old, since] = ['2025-01-01 00:00:00', '2025-03-01 00:00:00']

  /** Synced on the day of `old`; then one row is new, one changed, and one spoiled at the target. */
  async function later() {
    w.put(users, [user(1, 'a', old), user(2, 'a', old), user(3, 'a', old)])
    await w.run()
    w.put(users, [user(1, 'b', since), user(2, 'a', old), user(3, 'a', old), user(4, 'a', since)])
  }

  it('are told apart from differences, and a repair would bring them', async () => {
    await later()
    const report = await w.verify()
    expect(report).toMatchObject({ status: 'equal', totals: { notSynced: 2, missing: 0, changed: 0 } })
    expect(report.tables).toMatchObject([{ outcome: 'equal', differences: [{ notSynced: true }, { notSynced: true }] }])
    expect(w.found.get('copy/shop.users')).toHaveLength(2)
  })

  it('do not hide those that differ for another reason', async () => {
    await later()
    w.put(users, [user(1, 'a', old), user(2, 'z', old), user(5, 'a', since)], 'copy')
    const report = await w.verify()
    expect(report).toMatchObject({ status: 'different', totals: { notSynced: 2, missing: 1, changed: 1, extra: 1 } })
    expect(w.found.get('copy/shop.users')).toHaveLength(5)
  })

  it('are none where the target has that moment, too: a sync has brought the row, and it is another one now', async () => {
    await later()
    w.put(users, [user(1, 'z', since), user(2, 'a', old), user(3, 'a', old), user(4, 'z', '2025-04-01 00:00:00')], 'copy')
    expect(await w.verify()).toMatchObject({ status: 'different', totals: { notSynced: 0, changed: 2 } })
  })

  it('are none that are as old as the last sync', async () => {
    await later()
    w.put(users, [user(1, 'a', old), user(2, 'a', old), user(3, 'b', old), user(4, 'a', old)])
    expect(await w.verify()).toMatchObject({ status: 'different', totals: { notSynced: 0, changed: 1, missing: 1 } })
  })

  it('may have their moment in any of the columns, one of which is NULL', async () => {
    const both = schemaOf('users', [int('id'), text('name'), { ...stamp, nullable: true }, { ...stamp, name: 'created_at', stamped: 'on-insert' }])
    const row = (id: number, name: string, updated: string | null, created: string): Row => [String(id), name, updated, created]
    w.put(both, [row(1, 'a', old, old), row(2, 'a', null, old)])
    await w.run()
    w.put(both, [row(1, 'b', since, old), row(2, 'a', null, old), row(3, 'a', null, since)])
    expect(await w.verify()).toMatchObject({ status: 'equal', totals: { notSynced: 2 } })
    w.put(both, [row(1, 'a', old, old), row(2, 'b', null, old)])
    expect(await w.verify()).toMatchObject({ status: 'different', totals: { notSynced: 0, changed: 1 } })
    w.put(both, [row(1, 'a', old, old)], 'copy')
    expect(await w.verify()).toMatchObject({ status: 'different', totals: { notSynced: 0, missing: 1 } })
  })

  it('are not known where the state is of another server, or of no run', async () => {
    await later()
    const id = 'another'
    Object.assign(w.source, { identity: { ...w.source.identity, id } })
    expect(await w.verify()).toMatchObject({ status: 'different', totals: { notSynced: 0, changed: 1, missing: 1 } })
    await w.store.delete(databaseKey('shop'))
    expect(await w.verify()).toMatchObject({ status: 'different', totals: { notSynced: 0, changed: 1, missing: 1 } })
  })
})

describe('a verification beside a run', () => {
  it('says so, takes no lock, and looks again at what the run changes meanwhile', async () => {
    w.put(items, [item(1), item(2)])
    w.put(items, [item(1)], 'copy')
    w.copy().locks.add('shop')
    let looks = 0
    w.change = (_, plain) => ({
      read(request) {
        if (++looks === 2) putTable(w.copy(), items, [item(1), item(2)])
        return plain.read(request)
      },
    })
    const report = await w.verify()
    expect(report).toMatchObject({ status: 'equal', totals: { missing: 0, settled: 1 }, warnings: [expect.stringContaining('shop (target copy)')] })
    expect(w.events[1]).toEqual(expect.objectContaining({ type: 'warning', message: report.warnings[0] }))
    expect([...w.copy().locks]).toEqual(['shop'])
    expect(w.found.size).toBe(0)
  })

  it('reads the source anew for that, and gives the connection back', async () => {
    w.put(items, [item(1)])
    w.put(items, [item(1), item(2)], 'copy')
    let read = false
    w.change = (_, plain) => ({
      async digest(...asked) {
        // The row is at the source by the time at which its absence is confirmed.
        putTable(w.source, items, [item(1), item(2)])
        read = true
        return (await plain.digest?.(...asked)) ?? []
      },
    })
    expect(await w.verify()).toMatchObject({ status: 'equal', totals: { extra: 0, settled: 1 } })
    expect(read).toBe(true)
    expect(w.opened).toEqual({ now: 0, all: 2 })
  })

  it('compares the other targets, too, where one of them is gone before it was asked for its runs', async () => {
    w = world(['near', 'far'])
    w.putAll(items, [item(1)])
    w.copy('far').locks.add('shop')
    const gone = () => Promise.reject(new SyncError('LOST', 'the line is cut', { kind: 'connection' }))
    w.change = (name) => (name === 'near' ? { locked: gone, digest: gone } : {})
    const report = await w.verify()
    expect(report).toMatchObject({ status: 'incomplete', tables: [{ outcome: 'failed' }, { outcome: 'equal' }] })
    expect(report.warnings).toEqual([expect.stringContaining('the line is cut'), expect.stringContaining('target far')])
    w.change = () => ({ locked: () => Promise.reject(new TypeError('a bug')) })
    await expect(w.verify()).rejects.toThrow('a bug')
  })

  it('needs no target that can tell', async () => {
    w.put(items, [item(1)])
    w.put(items, [], 'copy')
    w.change = () => ({ locked: undefined }) as never
    expect(await w.verify()).toMatchObject({ status: 'different', totals: { missing: 1 }, warnings: [] })
  })
})

describe('a verification that is stopped', () => {
  it('looks at nothing more, and is not equal', async () => {
    for (const schema of [items, users]) w.putAll(schema, [])
    const stop = new AbortController()
    w.heard = ({ type }) => {
      if (type === 'table.verified') stop.abort()
    }
    const report = await w.verify({ parallelTables: 1 }, { signal: stop.signal })
    expect(report.status).toBe('cancelled')
    expect(report.tables.map(({ outcome }) => outcome)).toEqual(['equal', 'cancelled'])
    expect(w.events.filter(({ type }) => type === 'table.started')).toHaveLength(1)
    expect(w.events.filter(({ type }) => type === 'table.verified')).toHaveLength(2)
  })

  it('is not different either, and does not wait for what may settle', async () => {
    w.put(items, [item(1)])
    w.put(items, [], 'copy')
    const stop = new AbortController()
    w.change = (_, plain) => ({
      read(request) {
        setTimeout(() => stop.abort())
        return plain.read(request)
      },
    })
    const started = performance.now()
    const report = await w.verify({}, { signal: stop.signal })
    expect(performance.now() - started).toBeLessThan(75)
    expect(report).toMatchObject({ status: 'cancelled', tables: [{ outcome: 'cancelled', level: 'digest' }] })
    expect(report.tables[0]).not.toHaveProperty('error')
    expect(w.found.size).toBe(0)
  })

  it('is so, too, where an end says that it was', async () => {
    w.putAll(items, [item(1)])
    w.putAll(users, [])
    w.change = (_, plain) => ({
      digest: async (schema, ...asked) => {
        if (schema.table.name === 'items') throw new SyncError('CANCELLED', 'stopped', { kind: 'cancelled' })
        return (await plain.digest?.(schema, ...asked)) ?? []
      },
    })
    expect(await w.verify()).toMatchObject({ status: 'cancelled', tables: [{ outcome: 'cancelled' }, { outcome: 'equal' }] })
  })
})

it('goes as slowly as is asked of it, and says of which server it cannot see how far it lags behind', async () => {
  w = world(['near', 'far'])
  w.putAll(items, [item(1)])
  w.change = (name) => ({ lag: async () => (name === 'far' ? 'unknown' : 0) })
  w.snapshot = { lag: async () => 'unknown' }
  const report = await w.verify({ verify: { level: 'checksum', maxRowsPerSecond: undefined, maxLagSeconds: 5 } })
  // One statement sums a whole table: nothing could slow it down.
  expect(report.tables.map(({ level, outcome }) => `${level} ${outcome}`)).toEqual(['digest equal', 'digest equal'])
  expect(report.warnings).toEqual([expect.stringContaining('the source lags'), expect.stringContaining('the target far lags')])
})

describe('a repair', () => {
  it('moves the rows that a verification has found, and no others', async () => {
    w.put(items, [item(1), item(2), item(3)])
    w.put(users, [user(1)])
    await w.run()
    w.put(items, [item(1), item(2, 'spoiled'), item(4)], 'copy')
    await w.verify()
    expect([...w.found.keys()]).toEqual(['copy/shop.items'])
    const report = await w.run({ mode: 'reconcile' }, w.found)
    expect(report.tables).toMatchObject([{ id: 'copy/shop.items', outcome: 'synced' }])
    expect(
      w
        .copy()
        .databases.get('shop')
        ?.get('items')
        ?.rows.map((row) => row.map(String))
        .sort(),
    ).toEqual([
      ['1', 'a'],
      ['2', 'a'],
      ['3', 'a'],
    ])
    expect(await w.verify()).toMatchObject({ status: 'equal' })
    const entry = await w.store.read(databaseKey('shop'))
    expect(entry && parseDatabaseState('shop', entry.value).tables['items']?.targets?.['copy']).toMatchObject({ sync_status: 'SUCCESS' })
  })

  it('brings a table that is not there, one whose rows have no key, and one whose definition differs', async () => {
    const lines = schemaOf('lines', [text('line')], [])
    w.put(items, [item(1), item(2)])
    w.put(users, [user(1)])
    w.put(lines, [['x'], ['x'], ['y']])
    await w.run()
    w.copy().databases.get('shop')?.delete('items')
    w.put(lines, [['x'], ['z']], 'copy')
    w.put({ ...users, columns: [int('id'), stamp] }, [['1', '2025-01-01 00:00:00']], 'copy')
    expect(await w.verify()).toMatchObject({ status: 'different' })
    expect([...w.found.values()]).toEqual([undefined, undefined, undefined])
    expect(await w.run({ mode: 'reconcile', allow: ['mass-delete'] as never }, w.found)).toMatchObject({ status: 'ok' })
    expect(await w.verify()).toMatchObject({ status: 'equal' })
  })
})
