import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Backups } from '../contract/backups.ts'
import { SyncError } from '../errors/sync-error.ts'
import type { Row } from '../memory/index.ts'
import type { ObjectPlan } from '../plan/objects.ts'
import { LAST_RUN_KEY } from '../state/records.ts'
import { bench, int, items, schemaOf, stamp, user, users } from './testing.ts'

const full = () => new SyncError('NO_ROOM', 'no room for s3cret', { kind: 'config' })
const cut = () => new SyncError('LOST', 'the line is cut', { kind: 'connection' })
const orders = schemaOf('orders', [int('id'), int('user'), stamp])
const child = {
  ...orders,
  foreignKeys: [{ name: 'of', columns: ['user'], references: users.table, referencedColumns: ['id'], rewritesRows: false }],
}
const order = (id: number): Row => [String(id), '9', '2025-01-01 00:00:00']

async function synced(config: Parameters<typeof bench>[0] = {}) {
  const w = bench({ maxRetries: 0, parallelTables: 1, ...config })
  w.put(users, [user(1)])
  w.put(items, [['1', 'a']])
  await w.run({ backupBeforeSync: false })
  return w
}

describe('a run for which no backup point can be made', () => {
  async function roomless() {
    const w = await synced({ backupBeforeSync: true })
    w.overrides = { backups: () => ({ create: () => Promise.reject(full()), list: async () => [], unfinished: async () => undefined }) as unknown as Backups }
    return w
  }

  it('ends before it has written anything, and the state says of which tables', async () => {
    const w = await roomless()
    w.put(items, [['1', 'b']])
    await expect(w.run()).rejects.toMatchObject({ code: 'NO_ROOM' })
    expect(w.rows(items)).toEqual(['1|a'])
    expect(await w.saved(items)).toMatchObject({ sync_status: 'FAILED', error_message: 'no room for ***' })
    // It was looked at before, and there was nothing to write.
    expect(await w.saved(users)).toMatchObject({ sync_status: 'SUCCESS', error_message: null })
  })

  it('ends where a definition is the first to change, and that is not said of a table that is refused', async () => {
    const w = await roomless()
    const refused = { code: 'NO', kind: 'refused', message: 'not this one' } as const
    w.editTable = (table) => (table.schema.table.name === 'users' ? { ...table, before: ['take the key away'] } : { ...table, refused })
    await expect(w.run()).rejects.toMatchObject({ code: 'NO_ROOM' })
    expect(w.statements).toEqual([])
    expect(await w.saved(users)).toMatchObject({ sync_status: 'FAILED', error_message: 'no room for ***' })
    expect((await w.saved(items))?.error_message).toBeNull()
  })

  it('ends where the first write comes after the tables', async () => {
    const w = await roomless()
    w.editTable = (table) => ({ ...table, after: [{ statements: ['make the index'], always: false }] })
    await expect(w.run()).rejects.toMatchObject({ code: 'NO_ROOM' })
    w.editTable = (table) => table
    w.editDatabase = (database) => ({ ...database, drops: [{ table: orders.table, statements: ['drop orders'] }] })
    await expect(w.run()).rejects.toMatchObject({ code: 'NO_ROOM' })
    expect(w.statements).toEqual([])
  })
})

describe('a run', () => {
  it('begins no other table once its state cannot be written', async () => {
    const w = bench({ parallelTables: 1 })
    for (let i = 0; i < 6; i++) w.put(schemaOf(`t${i}`, [int('id')]), [['1']])
    let commits = 0
    w.targetFault = async (point) => {
      if (point === 'commit') commits++
      if (point === 'committed') await sleep(3)
    }
    w.storeFault = () => {
      if (commits > 0) throw full()
    }
    await expect(w.run()).rejects.toMatchObject({ code: 'NO_ROOM' })
    expect(commits).toBeLessThan(5)
    expect(await w.store.read(LAST_RUN_KEY)).toBeUndefined()
  })

  it('says in the state what it is about while it goes on', async () => {
    const w = await synced()
    w.put(orders, [order(1)])
    let seen: unknown
    w.targetFault = async (point) => {
      if (point === 'open') seen ??= [await w.saved(orders), await w.saved(users), await w.saved(items)]
    }
    await w.run()
    expect(seen).toMatchObject([
      { sync_status: 'RUNNING', sync_mode: 'FULL', last_sync_time: null, position: null },
      { sync_status: expect.anything(), sync_mode: 'INCREMENTAL', position: { columns: {} } },
      { sync_status: expect.anything(), sync_mode: 'INCREMENTAL', compared_at: expect.any(String) },
    ])
  })

  it('tells of its plan first and of its report last', async () => {
    const w = await synced()
    const report = await w.run()
    expect(w.events[0]).toMatchObject({ type: 'run.planned', plan: { run: 'r' } })
    expect(w.events.at(-1)).toMatchObject({ type: 'run.finished', report })
  })

  it('takes away the objects that go before its tables, and makes the others after them', async () => {
    const w = await synced()
    const object = (action: ObjectPlan['action']) => ({ id: `copy/shop ${action}`, type: 'view', name: action, action, statements: [action] })
    w.editDatabase = (database) =>
      ({ ...database, objectPlan: { kinds: ['views'], unchanged: 2, kept: [], changes: [object('create'), object('drop')] } }) as never
    w.put(items, [['1', 'b']])
    w.targetFault = (point) => void (point === 'committed' && w.statements.push('rows are in'))
    const report = await w.run()
    expect(w.statements).toEqual(['drop', 'rows are in', 'create'])
    expect(report).toMatchObject({ status: 'ok', objects: { unchanged: 2, changes: [{ outcome: 'dropped' }, { outcome: 'created' }] } })
    w.overrides = { objects: { definitions: () => Promise.reject(cut()) } as never }
    expect(await w.run(), 'what was made cannot be looked at').toMatchObject({ status: 'ok', warnings: [expect.stringContaining('the line is cut')] })
  })
})

describe('the rows that have no parent', () => {
  function withChild() {
    const w = bench({ tables: ['orders'] })
    w.put(child, [order(1)])
    return w
  }

  it('are named, and a question that fails does not take the report away', async () => {
    const w = withChild()
    w.overrides = { orphans: async () => [{ foreignKey: 'of', rows: 1 }] }
    expect(await w.run()).toMatchObject({ status: 'ok', warnings: [expect.stringContaining('foreign key of')] })
    w.overrides = { orphans: () => Promise.reject(cut()) }
    w.put(child, [order(1), order(2)])
    expect(await w.run()).toMatchObject({ status: 'ok', totals: { inserted: 1 }, warnings: [expect.stringContaining('the line is cut')] })
    w.overrides = { orphans: () => Promise.reject(new TypeError('a bug')) }
    w.put(child, [order(1), order(2), order(3)])
    await expect(w.run()).rejects.toThrow('a bug')
  })

  it('are not asked for in a run that is stopped', async () => {
    for (const early of [true, false]) {
      const w = withChild()
      const stop = new AbortController()
      w.heard = ({ type }) => {
        if (early && type === 'table.finished') stop.abort()
      }
      let asked = 0
      w.overrides = {
        orphans: async (_, signal) => {
          asked++
          stop.abort()
          signal.throwIfAborted()
          return []
        },
      }
      expect(await w.run({}, { signal: stop.signal })).toMatchObject({ status: 'cancelled', totals: { inserted: 1 }, warnings: [] })
      expect(asked).toBe(early ? 0 : 1)
    }
  })
})

describe('the note of the last run', () => {
  const noted = async (w: Awaited<ReturnType<typeof synced>>) => (await w.store.read(LAST_RUN_KEY))?.value

  it('names the tables that got there, changed or not, and no others', async () => {
    const w = await synced()
    w.put(orders, [order(1)])
    w.put(items, [['1', 'b']])
    w.editTable = (table) => (table.schema.table.name === 'orders' ? { ...table, refused: { code: 'NO', kind: 'refused', message: 'not this one' } } : table)
    const report = await w.run()
    expect(report.totals.outcomes).toMatchObject({ synced: 1, unchanged: 1, refused: 1 })
    expect(await noted(w)).toEqual({ last_sync: report.finishedAt, synced_tables: ['shop.users', 'shop.items'], backup_point: null })
  })

  it('is written on top of that of a run that ended at the same moment', async () => {
    const w = await synced()
    let others = 2
    const write = w.store.write.bind(w.store)
    w.store.write = async (key, value, revision) => {
      if (key === LAST_RUN_KEY && others-- > 0) await write(key, { other: others }, revision)
      return await write(key, value, revision)
    }
    await w.run()
    expect(await noted(w)).toMatchObject({ synced_tables: ['shop.users', 'shop.items'] })
    // Somebody else is always first.
    others = Number.POSITIVE_INFINITY
    await expect(w.run()).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    let tried = 0
    w.store.write = async (key, value, revision) => {
      if (key !== LAST_RUN_KEY) return await write(key, value, revision)
      tried++
      throw full()
    }
    await expect(w.run()).rejects.toMatchObject({ code: 'NO_ROOM' })
    expect(tried).toBe(1)
  })
})
