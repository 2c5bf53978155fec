import { describe, expect, it } from 'vitest'
import { SyncError } from '../errors/sync-error.ts'
import { putTable } from '../memory/index.ts'
import { bench, items, tableIn, user, users } from './testing.ts'

const lost = () => new SyncError('LOST', 'the line with s3cret is cut', { kind: 'transient' })
const spring = '2025-03-01 00:00:00'

describe('a table that is in doubt', () => {
  /** Its last run failed, by a row that no time tells of. */
  async function doubted() {
    const w = bench({ maxRetries: 0 })
    w.put(users, [user(1), user(2, 'b', spring)])
    await w.run()
    w.targetFault = (point) => {
      if (point === 'read') throw lost()
    }
    expect((await w.run()).status).toBe('partial')
    w.targetFault = () => {}
    putTable(w.target, users, [user(1, 'somebody else was here'), user(2, 'b', spring)])
    return w
  }

  it('is still in doubt after a run that was stopped before it had compared it', async () => {
    const w = await doubted()
    const stop = new AbortController()
    w.targetFault = (point) => {
      if (point === 'digest') stop.abort()
    }
    expect((await w.run({}, { signal: stop.signal })).status).toBe('cancelled')
    w.targetFault = () => {}
    expect(tableIn(await w.run(), users)).toMatchObject({ strategy: 'digest', updated: 1 })
    expect(w.rows(users)).toEqual(w.rows(users, w.source))
  })
})

describe('a table that is not begun', () => {
  it('is not touched where it is refused, and the state says why', async () => {
    const w = bench()
    w.put(users, [user(1)])
    const refused = { code: 'NO', kind: 'refused', message: 'not with s3cret' } as const
    w.editTable = (table) => ({ ...table, refused })
    const report = tableIn(await w.run(), users)
    expect(report).toMatchObject({ outcome: 'refused', strategy: 'full', inserted: 0, retries: 0, comparedAt: null, warnings: [], error: refused })
    expect(await w.saved(users)).toMatchObject({ sync_status: 'FAILED', error_message: 'not with ***', last_sync_time: null })
    expect(w.events.map(({ type }) => type)).toEqual(['run.planned', 'table.finished', 'run.finished'])
    expect(w.target.databases.get('shop')?.size).toBe(0)
  })

  it('is cancelled where the run was stopped before it', async () => {
    const w = bench({ parallelTables: 1 })
    w.put(users, [user(1)])
    w.put(items, [['1', 'a']])
    const stop = new AbortController()
    w.heard = ({ type }) => {
      if (type === 'table.finished') stop.abort()
    }
    const report = await w.run({}, { signal: stop.signal })
    expect(report).toMatchObject({ status: 'cancelled', totals: { outcomes: { synced: 1, cancelled: 1, failed: 0 }, errors: {} } })
    expect(w.events.filter(({ type }) => type === 'table.started')).toHaveLength(1)
  })
})

describe('a table that fails', () => {
  it('is tried as often as is set, and each attempt is told of', async () => {
    const w = bench({ maxRetries: 2 })
    w.put({ ...users, estimate: { rows: 7, bytes: 70 } }, [user(1)])
    w.targetFault = (point) => {
      if (point === 'open') throw lost()
    }
    const begun = performance.now()
    const report = tableIn(await w.run(), users)
    expect(report).toMatchObject({ outcome: 'failed', retries: 2, error: { code: 'LOST' }, ms: expect.any(Number) })
    expect(report?.ms).toBeLessThanOrEqual(Math.ceil(performance.now() - begun))
    const error = { code: 'LOST', kind: 'transient' }
    expect(w.events.filter(({ type }) => type.startsWith('table.') && type !== 'table.progress')).toMatchObject([
      { type: 'table.started', id: 'copy/shop.users', attempt: 1, rows: 7 },
      { type: 'table.retrying', id: 'copy/shop.users', attempt: 1, error, delayMs: expect.any(Number) },
      { type: 'table.started', attempt: 2 },
      { type: 'table.retrying', attempt: 2, error },
      { type: 'table.started', attempt: 3 },
      { type: 'table.finished', id: 'copy/shop.users', report },
    ])
    expect(await w.saved(users)).toMatchObject({ sync_status: 'FAILED', error_message: 'the line with *** is cut', position: null })
  })

  it('is not tried again for what does not pass, nor once somebody has stopped it', async () => {
    for (const [kind, outcome] of [
      ['data', 'failed'],
      ['refused', 'refused'],
      ['cancelled', 'cancelled'],
    ] as const) {
      const w = bench()
      w.put(users, [user(1)])
      w.targetFault = (point) => {
        if (point === 'open') throw new SyncError('X', 'x', { kind })
      }
      expect(tableIn(await w.run(), users)).toMatchObject({ outcome, retries: 0 })
    }
  })

  it('is not waited for where the run is stopped meanwhile', async () => {
    const w = bench({ retryDelayMs: 600_000 })
    w.put(users, [user(1)])
    await w.run()
    w.put(users, [user(1, 'b', spring)])
    const stop = new AbortController()
    w.targetFault = (point) => {
      if (point === 'open') throw lost()
    }
    w.heard = ({ type }) => {
      if (type === 'table.retrying') setImmediate(() => stop.abort())
    }
    const report = tableIn(await w.run({}, { signal: stop.signal }), users)
    expect(report).toMatchObject({ outcome: 'cancelled', retries: 0, rowsRead: 1 })
    expect(report).not.toHaveProperty('error')
    // Nothing was written, so that the next run reads it again.
    const position = { columns: { updated_at: '2025-01-01 00:00:00' } }
    expect(await w.saved(users)).toMatchObject({ sync_status: 'RUNNING', position, error_message: expect.stringContaining('stopped') })
  })

  it('says so where the lock was lost while it was read', async () => {
    const w = bench({ maxRetries: 0 })
    w.put(users, [user(1)])
    w.sourceFault = (point) => void (point === 'read' && w.target.locks.clear())
    expect(tableIn(await w.run(), users)).toMatchObject({ outcome: 'failed', error: { code: 'RUN_LOCK_LOST', kind: 'transient' } })
  })
})

describe('a table that got there', () => {
  it('has changed where nothing but its definition has', async () => {
    const w = bench()
    w.put(users, [user(1)])
    await w.run()
    w.editTable = (table) => ({ ...table, differences: ['index i is added'] })
    expect(tableIn(await w.run(), users)).toMatchObject({ outcome: 'synced', inserted: 0, definition: ['index i is added'] })
    w.editTable = (table) => table
    const quiet = tableIn(await w.run(), users)
    expect(quiet).toMatchObject({ outcome: 'unchanged' })
    expect(quiet).not.toHaveProperty('definition')
  })

  it('promises as much as was looked at', async () => {
    const w = bench()
    w.put(users, [user(1), user(2)])
    const first = tableIn(await w.run(), users)
    expect(first).toMatchObject({ guarantee: { level: 'exact' }, comparedAt: expect.any(String) })
    expect(await w.saved(users)).toMatchObject({ sync_mode: 'FULL', compared_at: first?.comparedAt })
    const second = tableIn(await w.run(), users)
    expect(second).toMatchObject({ comparedAt: first?.comparedAt, guarantee: { level: 'exact-except', since: first?.comparedAt } })
    expect(await w.saved(users)).toMatchObject({ sync_mode: 'INCREMENTAL', compared_at: first?.comparedAt })
  })
})
