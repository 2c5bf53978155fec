import { describe, expect, test } from 'vitest'
import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import type { BackupPoint, BackupRequest, Backups } from '../contract/backups.ts'
import { type ErrorKind, SyncError } from '../errors/sync-error.ts'
import { memoryDatabase, memoryStore, memoryTarget, putTable } from '../memory/index.ts'
import { StateRecorder } from '../state/recorder.ts'
import { createPoint } from './create-point.ts'

const POINT: BackupPoint = { name: 'point_1', path: '/backups/point_1', kind: 'dump', bytes: 1, madeAt: '2026-11-20T00:00:00.000Z' }

/** A target with these tables (`database.table`), and what was asked of its backups. */
function world(tables: readonly string[]) {
  const db = memoryDatabase()
  for (const each of tables) {
    const [database = '', name = ''] = each.split('.')
    const columns = [{ name: 'id', type: { kind: 'int', bits: 32 }, nullable: false }] as const
    const none = { uniqueKeys: [], foreignKeys: [], referencedBy: [], triggers: [] }
    putTable(db, { table: { database, name }, columns, key: ['id'], ...none, transactional: true })
  }
  const state = memoryStore()
  const requests: BackupRequest[] = []
  const asked: (readonly string[])[] = []
  const faults: { create?: () => void; unfinished?: Awaited<ReturnType<Backups['unfinished']>> } = {}
  const backups: Pick<Backups, 'create' | 'unfinished'> = {
    async create(request, signal) {
      signal.throwIfAborted()
      requests.push(request)
      faults.create?.()
      return POINT
    },
    async unfinished(databases) {
      asked.push(databases)
      return faults.unfinished
    },
  }
  return {
    requests,
    asked,
    faults,
    async synced(database: string, table: string, target = 'copy') {
      const recorder = await StateRecorder.open(state, database)
      recorder.record(target, table, { sync_status: 'SUCCESS', records_synced: 7 })
      await recorder.flush()
    },
    async create(more: Partial<Config> & { readonly template?: string } = {}, options: Partial<Parameters<typeof createPoint>[1]> = {}) {
      const { template = '{database}', ...changed } = more
      const config = { ...plainConfig, retryDelayMs: 1, ...changed }
      const targetConfig = { type: 'memory', options: {}, directory: '/', name: 'copy', database: template }
      const ends = { config, targetConfig, target: memoryTarget(db), backups: backups as Backups, state }
      return await createPoint(ends, { all: false, signal: new AbortController().signal, ...options })
    },
    tables: () => requests.at(-1)?.tables.map(({ database, name }) => `${database}.${name}`),
  }
}

describe('a point that is made by hand', () => {
  test('belongs to no run, and keeps where the next run would go on', async () => {
    const w = world(['shop.lines', 'shop.orders'])
    await w.synced('shop', 'orders')
    await w.synced('shop', 'lines', 'lake')
    expect(await w.create()).toBe(POINT)
    expect(w.requests).toStrictEqual([
      {
        at: expect.any(Date),
        run: null,
        target: 'copy',
        tables: [
          { database: 'shop', name: 'lines' },
          { database: 'shop', name: 'orders' },
        ],
        state: { tables: { shop: { lines: null, orders: expect.objectContaining({ sync_status: 'SUCCESS', records_synced: 7 }) } } },
      },
    ])
  })

  test('has the tables that the configuration selects, and with all of them the others of these databases too', async () => {
    const w = world(['shop.orders', 'shop.lines', 'shop.log', 'crm.orders'])
    await w.create({ tables: ['shop.orders', 'l*'], excludeTables: ['log'] })
    expect(w.tables()).toEqual(['shop.orders', 'shop.lines'])
    await w.create({ excludeTables: ['shop.orders'] })
    expect(w.tables()).toEqual(['shop.lines', 'shop.log'])
    await w.create({ tables: ['orders'], excludeTables: ['log'] }, { all: true })
    expect(w.tables()).toEqual(['shop.orders', 'shop.lines', 'shop.log'])
  })

  test('has the databases that are named, and by pattern those that were synced before', async () => {
    const w = world(['a*.t', 'a1.t', 'a2.t', 'a3.t', 'b_1.t', 'shop.t'])
    for (const database of ['a3', 'a1', 'shop', 'gone', 'b_1']) await w.synced(database, 't')
    await w.create({ databases: ['shop', 'a*', 'gone', 'never'] })
    expect(w.tables()).toEqual(['a1.t', 'a3.t', 'shop.t'])
    await w.create({ databases: ['b\\_1', 'a2'] })
    expect(w.tables()).toEqual(['a2.t', 'b_1.t'])
  })

  test('finds the tables where the target has them, and names them as the source does in what it keeps', async () => {
    const w = world(['copy_$&_shop.orders', 'shop.orders', 'shop.lines'])
    await w.synced('$&_shop', 'orders')
    await w.create({ template: 'copy_{database}', databases: ['$&_shop'], tables: ['$&_shop.orders'] })
    expect(w.tables()).toEqual(['copy_$&_shop.orders'])
    expect(w.requests[0]?.state).toMatchObject({ tables: { '$&_shop': { orders: { sync_status: 'SUCCESS' } } } })
  })

  test('is not made of nothing', async () => {
    const w = world(['shop.orders', 'other.orders'])
    for (const config of [{ databases: ['crm'] }, { tables: ['lines'] }, { excludeTables: ['*'] }, { databases: ['s*'] }]) {
      await expect(w.create(config)).rejects.toMatchObject({ code: 'BACKUP_NOTHING', kind: 'config', hint: expect.stringContaining('--all') })
    }
    expect(w.requests).toEqual([])
  })

  test('is not made where a rollback was stopped in the middle', async () => {
    const w = world(['a.t', 'a.u', 'b.t'])
    await w.create({ databases: ['a', 'b', 'c'] })
    expect(w.asked).toEqual([['a', 'b']])
    w.faults.unfinished = { point: 'point_0', databases: ['b'], note: null }
    await expect(w.create({ databases: ['a', 'b'] })).rejects.toMatchObject({ code: 'ROLLBACK_UNFINISHED', kind: 'refused' })
    expect(w.requests).toHaveLength(1)
  })

  test('tells how far it is to whoever wants to know', async () => {
    const w = world(['shop.orders'])
    const progress = () => {}
    await w.create({}, { progress })
    expect(w.requests[0]).toMatchObject({ run: null, target: 'copy', progress })
  })
})

describe('when making a point fails', () => {
  const failing = (kind: ErrorKind, times: number) => {
    let left = times
    return () => {
      if (left-- > 0) throw new SyncError('X', 'x', { kind })
    }
  }

  test('what passes is tried again as often as is configured, for the same tables, and told each time', async () => {
    const w = world(['shop.orders'])
    w.faults.create = failing('transient', 2)
    const told: string[] = []
    expect(await w.create({ maxRetries: 2 }, { retrying: ({ code }) => void told.push(code) })).toBe(POINT)
    expect(told).toEqual(['X', 'X'])
    expect(w.requests).toHaveLength(3)
    for (const { tables } of w.requests) expect(tables).toEqual([{ database: 'shop', name: 'orders' }])

    w.faults.create = failing('connection', 2)
    await expect(w.create({ maxRetries: 1 })).rejects.toMatchObject({ code: 'X' })
  })

  test('what does not pass is not tried again', async () => {
    const w = world(['shop.orders'])
    w.faults.create = failing('refused', 1)
    await expect(w.create()).rejects.toMatchObject({ code: 'X', kind: 'refused' })
    expect(w.requests).toHaveLength(1)
  })

  test('who stops it gets no point', async () => {
    const w = world(['shop.orders'])
    await expect(w.create({}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
    expect(w.requests).toEqual([])
  })
})
