import { describe, expect, test, vi } from 'vitest'
import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import type { BackupPoint, BackupRequest, Backups } from '../contract/backups.ts'
import { SyncError } from '../errors/sync-error.ts'
import type { SyncEvent } from '../events/event.ts'
import { type MemoryDatabase, memoryDatabase, memorySource, memoryStore, memoryTarget, putTable } from '../memory/index.ts'
import type { TableRef, TableSchema } from '../model/schema.ts'
import { readStatus } from '../state/status.ts'
import { executeRun } from './execute.ts'
import { planRun } from './prepare.ts'

const TABLES = ['a', 'b', 'c', '__proto__']
const schemaOf = (name: string): TableSchema => ({
  table: { database: 'shop', name },
  columns: [{ name: 'id', type: { kind: 'int', bits: 32 }, nullable: false }],
  key: ['id'],
  uniqueKeys: [],
  foreignKeys: [],
  referencedBy: [],
  triggers: [],
  transactional: true,
})

const rowsOf = (db: MemoryDatabase, table: string): readonly string[] | undefined => db.databases.get('shop')?.get(table)?.rows.map(String)

/** Points in memory, with the rows of their tables. `fault` may throw while one is made. */
function memoryBackups(db: MemoryDatabase, fault: (request: BackupRequest) => void | Promise<void>, dropping: () => void) {
  const made: { readonly point: BackupPoint; readonly request: BackupRequest; readonly rows: readonly (readonly string[] | undefined)[] }[] = []
  const backups = {
    async create(request: BackupRequest) {
      await fault(request)
      const tables = request.tables.map((table) => ({ ...table, rows: rowsOf(db, table.name)?.length ?? 0, digest: null }))
      const manifest = {
        version: 1,
        run: request.run,
        target: request.target,
        server: db.identity,
        consistency: { scope: 'all', detail: 'one moment' },
        sha256: '',
        tables,
        state: request.state,
        restoredAt: null,
      } as const
      const name = `point_${made.length + 1}`
      const point: BackupPoint = { name, path: name, kind: 'dump', bytes: 1, madeAt: request.at.toISOString(), manifest }
      made.unshift({ point, request, rows: request.tables.map(({ name: table }) => rowsOf(db, table)) })
      return point
    },
    list: async () => made.map(({ point }) => point),
    unfinished: async () => undefined,
    async drop({ name }: BackupPoint) {
      dropping()
      made.splice(
        made.findIndex(({ point }) => point.name === name),
        1,
      )
    },
  }
  return { made, backups: backups as unknown as Backups }
}

function world() {
  const [source, target] = [memoryDatabase('source'), memoryDatabase('target')]
  const store = memoryStore()
  const faults: { backup?: (request: BackupRequest) => void | Promise<void>; drop?: () => void; target?: (point: string) => void } = {}
  const { made, backups } = memoryBackups(
    target,
    (request) => faults.backup?.(request),
    () => faults.drop?.(),
  )
  const events: SyncEvent[] = []
  const settings: Partial<Config> = {}
  let runs = 0
  for (const name of TABLES) putTable(source, schemaOf(name), [['1'], ['2']])
  return {
    source,
    target,
    store,
    faults,
    made,
    events,
    /** Beyond the usual ones. */
    settings,
    async run(signal = new AbortController().signal) {
      const config = {
        ...plainConfig,
        verifyAfterSync: false,
        retryDelayMs: 1,
        parallelTables: 3,
        backup: { ...plainConfig.backup, keepLast: 2, keepDaily: 0, keepWeekly: 0 },
        ...settings,
      }
      const ends = {
        source: memorySource(source),
        targets: new Map([['copy', { ...memoryTarget(target, { fault: (point) => faults.target?.(point) }), backups: () => backups }]]),
        state: store,
      }
      await using prepared = await planRun(ends, config, { run: `run-${++runs}`, signal, lock: true })
      return await executeRun(prepared, { signal, listeners: [(event) => void events.push(event)] })
    },
  }
}

describe('backup points of a run', () => {
  test('one is made before the first write, for all tables, and none where nothing is written', async () => {
    const w = world()
    expect((await w.run()).backups).toMatchObject([{ target: 'copy', name: 'point_1', tables: 4, rows: 0 }])
    expect(w.made[0]?.rows).toEqual([undefined, undefined, undefined, undefined])
    expect((await w.run()).backups).toEqual([])

    for (const name of ['a', '__proto__']) putTable(w.source, schemaOf(name), [['1'], ['3']])
    const report = await w.run()
    expect(report).toMatchObject({ status: 'ok', backups: [{ name: 'point_2', rows: 8 }] })
    expect(w.made[0]?.rows.flat()).toEqual(TABLES.flatMap(() => ['1', '2']))
    expect(w.made[0]?.request).toMatchObject({ run: 'run-3', target: 'copy' })
    const state = w.made[0]?.request.state as { readonly tables: { readonly shop: Record<string, { readonly sync_status: string }> } }
    expect(Object.keys(state.tables.shop).sort()).toEqual([...TABLES].sort())
    expect(Object.getOwnPropertyDescriptor(state.tables.shop, '__proto__')?.value).toMatchObject({ sync_status: 'SUCCESS' })
    expect((await w.store.read('last-run'))?.value).toMatchObject({ backup_point: 'point_2' })
    expect(w.events.map(({ type }) => type).filter((type) => type.startsWith('backup.'))).toEqual([
      'backup.started',
      'backup.finished',
      'backup.started',
      'backup.finished',
    ])
  })

  test('no definition changes before it is made', async () => {
    const w = world()
    await w.run()
    const table = schemaOf('a')
    const more = table.columns.map((column) => ({ ...column, name: 'more', nullable: true }))
    putTable(w.source, { ...table, columns: [...table.columns, ...more] }, [['1', null]])
    const seen: string[] = []
    w.faults.target = (point) => void seen.push(point)
    w.faults.backup = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      seen.push('made')
    }
    expect((await w.run()).status).toBe('ok')
    expect(seen).toContain('run')
    expect(seen.indexOf('made')).toBeLessThan(seen.indexOf('run'))
  })

  test.each(['transient', 'connection'] as const)('a passing fault is tried again with the table: %s', async (kind) => {
    const w = world()
    let faults = 2
    w.faults.backup = () => {
      if (faults-- > 0) throw new SyncError('BUSY', 'busy', { kind })
    }
    const report = await w.run()
    expect(report).toMatchObject({ status: 'ok', backups: [{ name: 'point_1' }] })
    expect(w.made).toHaveLength(1)
  })

  test('without one nothing is written, the run throws, and the state says why', async () => {
    const w = world()
    await w.run()
    putTable(w.source, schemaOf('a'), [['9']])
    w.faults.backup = async () => {
      await new Promise((resolve) => setImmediate(resolve))
      throw new SyncError('BACKUP_UNWRITABLE', 'the disk is full', { kind: 'refused' })
    }
    const writes: string[] = []
    w.faults.target = (point) => void writes.push(point)
    await expect(w.run()).rejects.toMatchObject({ code: 'BACKUP_UNWRITABLE' })
    expect(writes).not.toContain('open')
    expect(rowsOf(w.target, 'a')).toEqual(['1', '2'])
    expect((await readStatus(w.store)).databases[0]?.tables.find(({ name }) => name === 'a')).toMatchObject({ status: 'FAILED', error: 'the disk is full' })
    delete w.faults.backup
    expect(await w.run()).toMatchObject({ status: 'ok', backups: [{}] })
  })

  test('a run that is stopped while one is made says so, and writes nothing', async () => {
    const w = world()
    const stop = new AbortController()
    w.faults.backup = () => {
      stop.abort()
      throw new SyncError('MYSQL_CANCELLED', 'stopped', { kind: 'cancelled' })
    }
    expect(await w.run(stop.signal)).toMatchObject({ status: 'cancelled', backups: [] })
    expect(rowsOf(w.target, 'a')).toBeUndefined()
  })

  test('older ones go after a run that succeeded, and stay after one that did not', async () => {
    const w = world()
    for (let id = 10; id < 14; id++) {
      putTable(w.source, schemaOf('a'), [[String(id)]])
      await w.run()
      // Points of one second are of one age: each is to be younger than the one before.
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(w.made.map(({ point }) => point.name)).toHaveLength(2)
    putTable(w.source, schemaOf('a'), [['20']])
    w.faults.target = (point) => {
      if (point === 'commit') throw new SyncError('X', 'no', { kind: 'data' })
    }
    expect(await w.run()).toMatchObject({ status: 'partial', backups: [{}] })
    expect(w.made).toHaveLength(3)
    w.faults.target = (point) => {
      if (point === 'run') throw new SyncError('X', 'no', { kind: 'data' })
    }
    w.source.databases.get('shop')?.delete('b')
    Object.assign(w.settings, { allow: ['destructive'] })
    expect(await w.run(), 'a table that could not be dropped').toMatchObject({ status: 'partial', totals: { outcomes: { failed: 0 } }, backups: [{}] })
    expect(w.made).toHaveLength(4)
    delete w.faults.target
    expect(await w.run()).toMatchObject({ status: 'ok' })
    expect(w.made).toHaveLength(2)
  })

  test('older ones that cannot be removed are told, and take nothing away from the run, unless that is a fault of dbsync', async () => {
    const w = world()
    for (let id = 10; id < 12; id++) {
      putTable(w.source, schemaOf('a'), [[String(id)]])
      await w.run()
    }
    putTable(w.source, schemaOf('a'), [['20']])
    w.faults.drop = () => {
      throw new SyncError('BACKUP_UNWRITABLE', 'the folder is read-only', { kind: 'config' })
    }
    expect(await w.run()).toMatchObject({ status: 'ok', warnings: [expect.stringMatching(/copy.*the folder is read-only/)] })
    for (const fault of [new SyncError('X', 'a bug', { kind: 'bug' }), new Error('a bug')]) {
      putTable(w.source, schemaOf('a'), [['21']])
      w.faults.drop = () => {
        throw fault
      }
      putTable(w.source, schemaOf('a'), [[String(w.made.length)]])
      await expect(w.run()).rejects.toThrow('a bug')
    }
  })

  test('how far one has come is told for all its tables together, at most ten times a second', async () => {
    const w = world()
    const now = vi.spyOn(Date, 'now')
    const progress = async (estimates: readonly number[]) => {
      w.events.length = 0
      for (const [i, rows] of estimates.entries()) putTable(w.target, { ...schemaOf(TABLES[i] ?? ''), estimate: { rows, bytes: 1 } }, [['9']])
      w.faults.backup = ({ progress: tell, tables }) => {
        const [first, second] = tables.filter(({ name }) => name === 'a' || name === 'b') as [TableRef, TableRef]
        const at = (ms: number, table: TableRef, rows: number) => {
          now.mockReturnValue(1_000_000 + ms)
          tell?.({ table, rows })
        }
        at(0, first, 1)
        at(99, first, 2)
        at(100, first, 3)
        at(150, first, 5)
        at(250, second, 4)
      }
      await w.run()
      return w.events.filter(({ type }) => type === 'backup.progress')
    }
    try {
      expect(await progress([])).toMatchObject([{ rows: 1 }, { rows: 3 }, { rows: 9 }])
      expect(w.events.find(({ type }) => type === 'backup.progress')).not.toHaveProperty('total')
      putTable(w.source, schemaOf('a'), [['1'], ['2'], ['3']])
      // Statistics are wrong at times: it never comes further than its end.
      expect(await progress([2, 3])).toMatchObject([
        { target: 'copy', rows: 1, total: 5 },
        { rows: 3, total: 5 },
        { rows: 9, total: 9 },
      ])
    } finally {
      now.mockRestore()
    }
  })
})
