import { describe, expect, it } from 'vitest'
import type { Target } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { putTable, type Row } from '../memory/index.ts'
import { packRows } from '../model/rows.ts'
import type { TableSchema } from '../model/schema.ts'
import { bench, int, schemaOf, stamp, tableIn, text, user, users } from './testing.ts'

const spring = '2025-03-01 00:00:00'
const NO_DIGESTS = { digest: undefined } as unknown as Partial<Target>
const counted = (count: number): Row[] => Array.from({ length: count }, (_, i) => user(i, `name ${i}`))
const only = (...ids: number[]) => new Map([['copy/shop.users', ids.map((id) => packRows([int('id')], [[String(id)]]).bytes)]])
/** No two rows share a name. */
const unique: TableSchema = { ...users, uniqueKeys: [{ name: 'u', columns: ['name'] }] }

async function synced(rows: readonly Row[], schema = users) {
  const w = bench({ maxRetries: 0, parallelTables: 1 })
  w.put(schema, rows)
  await w.run()
  const commits = { count: 0 }
  w.targetFault = (point) => void (point === 'commit' && commits.count++)
  return { ...w, w, commits }
}

describe('a definition', () => {
  const wider = schemaOf('users', [...users.columns, { ...text('note'), nullable: true }])
  const wide = (rows: readonly Row[]): Row[] => rows.map((row) => [...row, 'x'])

  it('is not changed of a table whose rows nobody knows', async () => {
    const w = bench({ maxRetries: 0 })
    putTable(w.target, { ...users, estimate: { rows: 1, bytes: 10 } }, [user(1)])
    w.put(wider, wide([user(1)]))
    expect(tableIn(await w.run(), users)).toMatchObject({ outcome: 'refused', error: { code: 'UNKNOWN_ROWS' } })
    expect(w.rows(users)).toEqual(['1|a|2025-01-01 00:00:00'])
    expect((await w.run({ allow: ['unknown-rows'] })).status).toBe('ok')
    expect(w.rows(users)).toEqual(['1|a|2025-01-01 00:00:00|x'])
  })

  it('is not changed where the source has lost its rows', async () => {
    const { w } = await synced([user(1)])
    w.put(wider, [])
    expect(tableIn(await w.run(), users)).toMatchObject({ outcome: 'refused', error: { code: 'SOURCE_EMPTY' } })
    expect(w.statements).toEqual([])
    expect(w.rows(users)).toEqual(['1|a|2025-01-01 00:00:00'])
  })

  it('is not changed where the lock was lost while rows were counted', async () => {
    const { w } = await synced([user(1)])
    w.put(wider, wide([user(1)]))
    w.snapshot = {
      async count() {
        w.target.locks.clear()
        return 1
      },
    }
    expect(tableIn(await w.run(), users)).toMatchObject({ outcome: 'failed', error: { code: 'RUN_LOCK_LOST' } })
    expect(w.statements).toEqual([])
  })

  it('is not counted for where nothing is to change', async () => {
    const { w } = await synced([user(1)])
    let counts = 0
    w.snapshot = { count: async () => ++counts && 1 }
    await w.run({ mode: 'reconcile' })
    expect(counts).toBe(0)
  })
})

describe('rows that nobody knows', () => {
  it('are not replaced where they cannot be compared, and no rows are nobody’s', async () => {
    for (const [theirs, outcome] of [
      [[user(1)], 'refused'],
      [[], 'synced'],
    ] as const) {
      const w = bench({ maxRetries: 0 })
      w.overrides = NO_DIGESTS
      putTable(w.target, users, theirs)
      w.put(users, [user(1), user(2)])
      expect(tableIn(await w.run(), users)).toMatchObject({ outcome })
      expect(w.rows(users)).toHaveLength(outcome === 'synced' ? 2 : 1)
    }
  })
})

describe('a repair of some rows', () => {
  it('leaves the others, and the place where the next run by time goes on', async () => {
    const { w, commits } = await synced([user(1), user(2), user(3)])
    const before = await w.saved(users)
    w.put(users, [user(1, 'no time tells'), user(3), user(4, 'new', spring)])
    const report = tableIn(await w.run({ mode: 'reconcile' }, { only: only(1, 2) }), users)
    expect(report).toMatchObject({ outcome: 'synced', strategy: 'digest', updated: 1, deleted: 1, inserted: 0, comparedAt: before?.compared_at })
    expect(commits.count).toBe(1)
    expect(w.rows(users)).toEqual(['1|no time tells|2025-01-01 00:00:00', '3|a|2025-01-01 00:00:00'])
    const { position, last_sync_time, compared_at } = before ?? {}
    expect(await w.saved(users)).toMatchObject({ sync_status: 'SUCCESS', records_synced: 2, position, last_sync_time, compared_at })
    expect(tableIn(await w.run(), users)).toMatchObject({ strategy: 'time', inserted: 1 })
    expect(w.rows(users)).toEqual(w.rows(users, w.source))
  })

  it('becomes a comparison of the whole table where one does not go in', async () => {
    const { w, commits } = await synced([user(1, 'a'), user(2, 'b')], unique)
    w.put(unique, [user(1, 'b'), user(2, 'c')])
    const report = tableIn(await w.run({ mode: 'reconcile' }, { only: only(1) }), users)
    expect(report).toMatchObject({ outcome: 'synced', updated: 2 })
    expect(commits.count).toBe(2)
    expect(w.rows(users)).toEqual(w.rows(users, w.source))
    expect((await w.saved(users))?.compared_at).toBe(report?.comparedAt)
  })

  it('is guarded, and what fails for another reason fails it', async () => {
    const { w } = await synced(counted(40))
    w.put(users, [])
    const ids = Array.from({ length: 40 }, (_, i) => i)
    expect(tableIn(await w.run({ mode: 'reconcile' }, { only: only(...ids) }), users)).toMatchObject({ outcome: 'refused', error: { code: 'SOURCE_EMPTY' } })
    w.put(users, counted(60).slice(20))
    expect(tableIn(await w.run({ mode: 'reconcile' }, { only: only(...ids) }), users)).toMatchObject({
      outcome: 'refused',
      error: { code: 'TOO_MANY_DELETES' },
    })
    w.targetFault = (point) => {
      if (point === 'commit') throw new SyncError('LOST', 'lost', { kind: 'connection' })
    }
    expect(tableIn(await w.run({ mode: 'reconcile' }, { only: only(21, 1) }), users)).toMatchObject({ outcome: 'failed', error: { code: 'LOST' } })
    expect(w.rows(users)).toHaveLength(40)
  })

  it('compares the whole table where its copy could end half done', async () => {
    const plain = { ...users, transactional: false }
    const { w } = await synced([user(1), user(2)], plain)
    w.put(plain, [user(1, 'b'), user(2, 'c')])
    expect(tableIn(await w.run({ mode: 'reconcile' }, { only: only(1) }), users)).toMatchObject({ strategy: 'full' })
    expect(w.rows(users)).toEqual(w.rows(users, w.source))
  })
})

describe('a run by time', () => {
  // Row 3 is older than the window, so that both ends count as many rows as they should with the one that is new.
  const moved = [user(2, 'a', spring), user(3, 'c', '2020-01-01 00:00:00')]

  it('goes on by comparing where a row has the unique value of one that is gone', async () => {
    const { w } = await synced([user(1, 'a')], unique)
    w.put(unique, moved)
    expect(tableIn(await w.run(), users)).toMatchObject({ outcome: 'synced', strategy: 'digest', guarantee: { level: 'exact' } })
    expect(w.rows(users)).toEqual(w.rows(users, w.source))
  })

  it('fails there where nothing can be compared', async () => {
    const { w } = await synced([user(1, 'a')], unique)
    w.overrides = NO_DIGESTS
    w.put(unique, moved)
    const before = await w.saved(users)
    expect(tableIn(await w.run(), users)).toMatchObject({ outcome: 'failed', strategy: 'time', error: { code: 'DUPLICATE' } })
    expect(await w.saved(users)).toMatchObject({ sync_status: 'FAILED', position: before?.position })
  })

  it('does not compare for another failure than that of a row', async () => {
    const { w } = await synced([user(1)])
    w.put(users, [user(1, 'b', spring)])
    let digests = 0
    w.targetFault = (point) => {
      if (point === 'digest') digests++
      if (point === 'commit') throw new SyncError('LOST', 'lost', { kind: 'connection' })
    }
    expect(tableIn(await w.run(), users)).toMatchObject({ outcome: 'failed', error: { code: 'LOST' } })
    expect(digests).toBe(0)
  })

  it.each([
    { what: 'compared', overrides: NO_DIGESTS, supports: {} },
    { what: 'deleted', overrides: {}, supports: { deletes: false } },
  ])('goes on where rows cannot be $what, and keeps what is gone at the source', async ({ overrides, supports }) => {
    const { w } = await synced([user(1), user(2)])
    Object.assign(w, { overrides, supports })
    w.put(users, [user(2, 'b', spring)])
    expect(tableIn(await w.run(), users)).toMatchObject({
      outcome: 'synced',
      strategy: 'time',
      guarantee: { level: 'exact-except', except: expect.stringContaining('deletes') },
    })
    expect(w.rows(users)).toEqual(['1|a|2025-01-01 00:00:00', '2|b|2025-03-01 00:00:00'])
  })

  it('takes equal rows of a table without a key for as many rows', async () => {
    const log = schemaOf('log', [text('line'), stamp], [])
    const w = bench({ maxRetries: 0 })
    w.supports = { keylessDeletes: false, addsOnce: true }
    w.put(log, [['a', spring]])
    await w.run()
    w.put(log, [
      ['a', spring],
      ['a', spring],
      ['b', spring],
    ])
    expect(tableIn(await w.run(), log)).toMatchObject({ outcome: 'synced', strategy: 'time', inserted: 2 })
    expect(w.rows(log)).toEqual(w.rows(log, w.source))
  })

  it('is heard of as a failure of the table where both ends cannot be counted', async () => {
    const { w } = await synced([user(1)])
    w.snapshot = { count: () => Promise.reject(new SyncError('LOST', 'lost', { kind: 'connection' })) }
    w.put(users, [user(1, 'b', spring)])
    expect(tableIn(await w.run(), users)).toMatchObject({ outcome: 'failed', error: { code: 'LOST' } })
    expect(w.rows(users)).toEqual(['1|a|2025-01-01 00:00:00'])
    // And nobody waits for the counts any more.
    w.targetFault = (point) => {
      if (point === 'read') throw new SyncError('GONE', 'gone', { kind: 'connection' })
    }
    w.editTable = (table) => ({ ...table, strategy: { kind: 'time', columns: ['updated_at'], since: { updated_at: spring }, position: null } })
    expect(tableIn(await w.run(), users)).toMatchObject({ outcome: 'failed', error: { code: 'GONE' } })
  })

  it('has the next one go on where it has read to', async () => {
    const { w } = await synced([user(1), user(2)])
    const before = await w.saved(users)
    w.put(users, [user(1), user(2, 'b', spring)])
    await w.run()
    expect(await w.saved(users)).toMatchObject({ sync_status: 'SUCCESS', position: { columns: { updated_at: spring } }, compared_at: before?.compared_at })
  })
})

describe('the counter of a table', () => {
  it('is looked at once its rows are in, and not where nothing was written', async () => {
    const numbered: TableSchema = { ...users, counter: { column: 'id', next: '9' } }
    const w = bench({ maxRetries: 0 })
    const steps: string[] = []
    w.overrides = {
      async counter() {
        steps.push('counter')
        return { next: '9', least: '1' }
      },
    }
    w.targetFault = (point) => void (point === 'committed' && steps.push('rows'))
    w.put(numbered, [])
    await w.run()
    steps.length = 0
    await w.run({ mode: 'full' })
    expect(steps.splice(0), 'a new table counts anew').toEqual(['rows', 'counter'])
    w.put(numbered, [user(1, 'b', spring)])
    await w.run()
    expect(steps.splice(0)).toEqual(['rows', 'counter'])
    await w.run()
    expect(steps).toEqual([])
  })
})
