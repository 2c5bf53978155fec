import { describe, expect, it } from 'vitest'
import { SyncError } from '../errors/sync-error.ts'
import { putTable } from '../memory/index.ts'
import { bench, tableIn, user, users } from './testing.ts'

const lost = () => new SyncError('LOST', 'the line with s3cret is cut', { kind: 'transient' })
const spring = '2025-03-01 00:00:00'

/** After the first commit the next call of `point` fails, once. */
function failsAfterCommit(w: ReturnType<typeof bench>, point: string) {
  let [committed, failed] = [false, false]
  w.targetFault = (at) => {
    if (at === point && committed && !failed) {
      failed = true
      throw lost()
    }
    if (at === 'committed') committed = true
  }
}

describe('what an attempt has committed before it failed', () => {
  const changed = [user(1), user(2, 'b', spring), user(3, 'c', spring)]
  async function twoRows() {
    const w = bench({ verifyAfterSync: true })
    w.put(users, [user(1), user(2)])
    await w.run()
    w.put(users, changed)
    return w
  }

  it('is in the report, however little was left to do for the next one', async () => {
    const w = await twoRows()
    failsAfterCommit(w, 'read')
    const report = await w.run()
    expect(tableIn(report, users)).toMatchObject({ outcome: 'synced', strategy: 'time', retries: 1, inserted: 1, updated: 1, verified: { equal: true } })
    expect(await w.saved(users)).toMatchObject({ sync_status: 'SUCCESS', records_synced: 2 })
  })

  it('is in the report where the table fails in the end', async () => {
    const w = await twoRows()
    let committed = false
    w.targetFault = (point) => {
      if (point === 'read' && committed) throw lost()
      if (point === 'committed') committed = true
    }
    expect(tableIn(await w.run({ maxRetries: 1 }), users)).toMatchObject({ outcome: 'failed', retries: 1, inserted: 1, updated: 1 })
  })

  it('is not counted twice where the whole table is copied once more', async () => {
    const w = await twoRows()
    failsAfterCommit(w, 'digest')
    expect(tableIn(await w.run({ mode: 'full' }), users)).toMatchObject({ outcome: 'synced', retries: 1, inserted: 3, rowsRead: 3 })
  })
})

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
