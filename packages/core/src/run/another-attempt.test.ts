import { describe, expect, it } from 'vitest'
import { SyncError } from '../errors/sync-error.ts'
import { bench, items, schemaOf, tableIn, text, user, users } from './testing.ts'

const lost = () => new SyncError('LOST', 'the line is cut', { kind: 'transient' })
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

describe('another attempt', () => {
  const wider = schemaOf('users', [...users.columns, { ...text('note'), nullable: true }])
  const wide = [[...user(1), 'x']]
  async function widened() {
    const w = bench()
    // Whose definition is not taken for that of the other one.
    w.put(items, [['1', 'a']])
    w.put(users, [user(1)])
    await w.run()
    w.put(wider, wide)
    return w
  }

  it('changes of a definition what is still missing, and nothing that is done', async () => {
    for (const where of ['open', 'statement']) {
      const w = await widened()
      let left = 1
      w.targetFault = (point) => {
        if (point === where && left-- > 0) throw lost()
      }
      w.statement = () => {
        if (where === 'statement' && left-- > 0) throw lost()
      }
      const report = tableIn(await w.run(), users)
      expect(report).toMatchObject({ outcome: 'synced', retries: 1, definition: ['column note is added'] })
      expect(w.rows(users)).toEqual(['1|a|2025-01-01 00:00:00|x'])
    }
  })

  it('does not go on where the table is gone at the source', async () => {
    const w = bench()
    w.put(users, [user(1)])
    w.targetFault = (point) => {
      if (point !== 'open') return
      w.source.databases.get('shop')?.delete('users')
      throw lost()
    }
    const report = tableIn(await w.run(), users)
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'SCHEMA_CHANGED', kind: 'data', message: expect.stringContaining('not at the source') } })
  })

  it('may cut rows where the first one might, and refuses what has come between', async () => {
    const w = bench()
    w.put(users, [user(1)])
    await w.run()
    w.put(users, [user(1, 'b', spring)])
    const part = { type: 'alter-table', table: users.table, parts: [] } as const
    let conflicts: string[] = []
    w.overrides = {
      diff: () => ({ changes: [part], kept: [], conflicts }),
      render: (change) => [`alter, ${change.type === 'alter-table' && change.lossy ? 'and cut' : 'as it is'}`],
    }
    w.targetFault = (point) => {
      if (point === 'open') throw lost()
    }
    w.editTable = (table) => ({ ...table, diff: { drop: 'all', lossy: true } })
    await w.run({ maxRetries: 1 })
    expect(w.statements).toEqual(['alter, as it is', 'alter, and cut'])
    w.editTable = (table) => ({ ...table, diff: { drop: 'all' } })
    await w.run({ maxRetries: 1 })
    expect(w.statements).toEqual(['alter, as it is', 'alter, as it is'])
    w.heard = ({ type }) => {
      if (type === 'table.retrying') conflicts = ['it has another key']
    }
    expect(tableIn(await w.run({ maxRetries: 1 }), users)).toMatchObject({ outcome: 'refused', error: { code: 'SCHEMA_CONFLICT' } })
    expect(w.statements).toEqual(['alter, as it is'])
  })

  it('reads a snapshot of its own, whose bytes are counted too', async () => {
    const w = bench()
    w.put(users, [user(1)])
    w.snapshot = { traffic: () => ({ received: 10, sent: 1 }) }
    expect((await w.run()).totals.wire).toMatchObject({ source: 11 })
    let left = 1
    w.targetFault = (point) => {
      if (point === 'open' && left-- > 0) throw lost()
    }
    expect((await w.run({ mode: 'full' })).totals.wire).toMatchObject({ source: 22 })
  })
})
