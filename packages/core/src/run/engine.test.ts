import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import type { Visibility } from '../contract/source.ts'
import type { StateEntry } from '../contract/state-store.ts'
import { SyncError } from '../errors/sync-error.ts'
import { type MemoryDatabase, memoryDatabase, memorySource, memoryStore, memoryTarget, putTable, type Row } from '../memory/index.ts'
import type { JsonValue } from '../model/json.ts'
import type { Column, TableSchema } from '../model/schema.ts'
import { readStatus } from '../state/status.ts'
import { executeRun } from './execute.ts'
import { planRun } from './prepare.ts'
import { previewRun } from './preview.ts'
import type { RunReport } from './report.ts'

const int = (name: string): Column => ({ name, type: { kind: 'int', bits: 32 }, nullable: false })
const text = (name: string): Column => ({ name, type: { kind: 'text' }, nullable: false })
const stamp: Column = { name: 'updated_at', type: { kind: 'timestamp', fraction: 0 }, nullable: false, stamped: 'on-update' }

function schemaOf(name: string, columns: readonly Column[], key: readonly string[]): TableSchema {
  return { table: { database: 'shop', name }, columns, key, uniqueKeys: [], foreignKeys: [], referencedBy: [], triggers: [], transactional: true }
}
const users = schemaOf('users', [int('id'), text('name'), stamp], ['id'])
const items = schemaOf('items', [int('id'), text('name')], ['id'])
const log = schemaOf('log', [text('line')], [])

const settings: Config = { ...plainConfig, backupBeforeSync: false, verifyAfterSync: false, retryDelayMs: 1, parallelTables: 2, batchRows: 100 }

/** Two servers and a state, and runs between them. */
function world(config: Partial<Config> = {}, visibility?: Visibility) {
  const source = memoryDatabase('source')
  const target = memoryDatabase('target')
  const faults: { source?: () => void; target?: (point: string) => void | Promise<void>; store?: (point: string) => void } = {}
  const store = memoryStore({ fault: (point) => faults.store?.(point) })
  let runs = 0
  const prepare = (more: Partial<Config>, lock: boolean, signal: AbortSignal) =>
    planRun(
      {
        source: memorySource(source, { fault: () => faults.source?.(), ...(visibility === undefined ? {} : { visibility }) }),
        targets: new Map([['copy', memoryTarget(target, { fault: (point) => faults.target?.(point) })]]),
        state: store,
      },
      { ...settings, ...config, ...more },
      { run: `run-${++runs}`, signal, lock },
    )
  return {
    source,
    target,
    store,
    faults,
    put: (schema: TableSchema, rows: readonly Row[]) => putTable(source, schema, rows),
    async run(more: Partial<Config> = {}, signal = new AbortController().signal): Promise<RunReport> {
      await using prepared = await prepare(more, true, signal)
      return await executeRun(prepared, { signal, listeners: [] })
    },
    async dryRun(more: Partial<Config> = {}) {
      const { signal } = new AbortController()
      await using prepared = await prepare(more, false, signal)
      return await previewRun(prepared, { signal })
    },
    rows: (db: MemoryDatabase, table: string) => [...(db.databases.get('shop')?.get(table)?.rows ?? [])].map((row) => row.map(String).join('|')).sort(),
  }
}

const outcome = (report: RunReport, table: string) => report.tables.find(({ id }) => id === `copy/shop.${table}`)

describe('a run', () => {
  it('copies in full, then moves only what changed, then nothing', async () => {
    const w = world()
    const many = Array.from({ length: 2_000 }, (_, i): Row => [String(i), `name ${i}`, i === 7 ? '2025-06-01 00:00:00' : '2025-01-01 00:00:00'])
    w.put(users, many)
    w.put(
      items,
      many.map((row) => row.slice(0, 2)),
    )
    w.put(log, [['a'], ['a'], ['b']])
    const first = await w.run()
    expect(first.status).toBe('ok')
    expect(first.tables.map((table) => table.strategy)).toEqual(['full', 'full', 'full'])
    expect(first.totals.inserted).toBe(4_003)

    w.put(users, [...many.slice(0, -1), ['1999', 'changed', '2026-01-01 00:00:00']])
    w.put(items, [...many.slice(1).map((row) => row.slice(0, 2)), ['5000', 'new']])
    w.put(log, [['a'], ['b'], ['b'], ['c']])
    const second = await w.run()
    expect(outcome(second, 'users')).toMatchObject({ strategy: 'time', outcome: 'synced', rowsRead: 2, skipped: 1, updated: 1, inserted: 0 })
    expect(outcome(second, 'items')).toMatchObject({ strategy: 'digest', inserted: 1, deleted: 1, rowsRead: 1 })
    expect(outcome(second, 'log')).toMatchObject({ strategy: 'digest', outcome: 'synced' })
    for (const table of ['users', 'items', 'log']) expect(w.rows(w.target, table)).toEqual(w.rows(w.source, table))

    const third = await w.run()
    expect(third.totals).toMatchObject({ inserted: 0, updated: 0, deleted: 0, outcomes: { unchanged: 3 } })
  })

  it('finds deletes that no timestamp shows, by counting', async () => {
    const w = world()
    const rows = Array.from({ length: 50 }, (_, i): Row => [String(i), 'n', '2025-01-01 00:00:00'])
    w.put(users, rows)
    await w.run()
    w.put(users, rows.slice(5))
    const dry = await w.dryRun()
    expect(dry.tables[0]).toMatchObject({ rows: { upserts: 0, deletes: 5 }, statements: ['delete rows from table "shop.users"'] })
    const report = await w.run()
    expect(outcome(report, 'users')).toMatchObject({ strategy: 'digest', deleted: 5, guarantee: { level: 'exact' } })
    expect(w.rows(w.target, 'users')).toEqual(w.rows(w.source, 'users'))
  })

  it('does not go on by time where it was killed between a definition and its rows', async () => {
    const w = world()
    w.put(users, [['1', 'a', '2025-01-01 00:00:00']])
    await w.run()
    w.put(schemaOf('users', [...users.columns, { ...text('note'), nullable: true }], ['id']), [['1', 'a', '2025-01-01 00:00:00', 'no timestamp tells']])
    let onDisk: readonly StateEntry[] = []
    w.faults.target = async (point) => {
      if (point !== 'open') return
      onDisk = await w.store.list('')
      throw new SyncError('GONE', 'killed', { kind: 'bug' })
    }
    await w.run({ maxRetries: 0 }).catch(() => {})
    w.faults.target = () => {}
    // What the killed run had written, and nothing that it said afterwards.
    for (const { key, value } of onDisk) await w.store.write(key, value, (await w.store.read(key))?.revision)
    expect(outcome(await w.run(), 'users')).toMatchObject({ strategy: 'digest', updated: 1 })
    expect(w.rows(w.target, 'users')).toEqual(w.rows(w.source, 'users'))
  })

  it('tells in a dry run what it would do, and does nothing', async () => {
    const w = world()
    w.put(users, [['1', 'a', '2025-01-01 00:00:00']])
    const first = await w.dryRun()
    expect(first.statements).toEqual([
      expect.stringContaining('create database "shop"'),
      'load the rows beside table "shop.users"',
      'replace table "shop.users"',
    ])
    expect(w.target.databases.size).toBe(0)
    expect(await w.store.list('')).toEqual([])
    await w.run()
    w.put(users, [
      ['1', 'a', '2025-01-01 00:00:00'],
      ['2', 'b', '2026-01-01 00:00:00'],
    ])
    const second = await w.dryRun()
    expect(second.tables).toEqual([
      { id: 'copy/shop.users', rows: { upserts: 1, deletes: 0, estimated: false }, statements: ['insert or update rows of table "shop.users"'] },
    ])
    expect(w.rows(w.target, 'users')).toHaveLength(1)
  })

  it('goes on with the other tables when one fails, and compares that one the next time', async () => {
    const w = world({ maxRetries: 0 })
    w.put(users, [['1', 'a', '2025-01-01 00:00:00']])
    w.put(items, [['1', 'a']])
    await w.run()
    w.put(users, [['1', 'b', '2026-01-01 00:00:00']])
    w.put(items, [['2', 'b']])
    let broken = true
    w.faults.target = (point) => {
      if (broken && point === 'commit') {
        broken = false
        throw new Error('disk full')
      }
    }
    const report = await w.run({ parallelTables: 1 })
    expect(report.status).toBe('partial')
    expect(report.totals.outcomes).toMatchObject({ synced: 1, failed: 1 })
    const next = await w.dryRun()
    expect(next.plan.targets[0]?.databases[0]?.tables.map((table) => table.reason)).toContain('the last run failed')
    await w.run()
    for (const table of ['users', 'items']) expect(w.rows(w.target, table)).toEqual(w.rows(w.source, table))
  })

  it('never drops what it cannot see', async () => {
    const w = world()
    w.put(users, [['1', 'a', '2025-01-01 00:00:00']])
    w.put(items, [['1', 'a']])
    await w.run()
    w.source.databases.get('shop')?.delete('items')
    const report = await w.run()
    expect(report.status).toBe('ok')
    expect(report.warnings.join()).toContain('shop.items')
    expect(w.rows(w.target, 'items')).toEqual(['1|a'])
  })

  it('stops where a table may only be hidden', async () => {
    const w = world({}, { scope: 'partial', user: "'sync'@'%'" })
    w.put(users, [['1', 'a', '2025-01-01 00:00:00']])
    w.put(items, [['1', 'a']])
    await w.run()
    w.source.databases.get('shop')?.delete('items')
    await expect(w.run()).rejects.toMatchObject({ code: 'TABLE_NOT_VISIBLE', kind: 'privilege', hint: expect.stringContaining('GRANT SELECT') })
    await expect(w.run({ tables: ['orders'] })).rejects.toMatchObject({ code: 'TABLE_NOT_VISIBLE' })
  })

  it('refuses source and target in one place, names that match nothing, and a second run', async () => {
    const w = world()
    w.put(users, [['1', 'a', '2025-01-01 00:00:00']])
    await expect(w.run({ tables: ['nothing*'] })).rejects.toMatchObject({ code: 'NO_TABLE_MATCHES', kind: 'config' })
    await expect(w.run({ databases: ['shop2'] })).rejects.toMatchObject({ code: 'DATABASE_NOT_VISIBLE' })
    const same = { source: memorySource(w.source), targets: new Map([['copy', memoryTarget(w.source)]]), state: memoryStore() }
    const { signal } = new AbortController()
    await expect(planRun(same, settings, { run: 'r', signal, lock: true })).rejects.toMatchObject({ code: 'SOURCE_IS_TARGET', kind: 'config' })
    const held = await w.store.lock('copy/shop')
    await expect(w.run()).rejects.toMatchObject({ code: 'RUN_LOCKED', kind: 'locked' })
    await held[Symbol.asyncDispose]()
    expect((await w.run()).status).toBe('ok')
  })

  it('waits for every table before it gives up because the state cannot be written', async () => {
    const w = world()
    w.put(users, [['1', 'a', '2025-01-01 00:00:00']])
    w.put(items, [['1', 'a']])
    let committing = 0
    w.faults.target = async (point) => {
      if (point !== 'commit') return
      committing++
      await setTimeout(committing === 1 ? 0 : 30)
      expect(w.target.locks.size, 'the lock is held while a table is written').toBe(1)
      committing--
    }
    w.faults.store = () => {
      throw new SyncError('STATE_UNWRITABLE', 'disk full', { kind: 'config' })
    }
    await expect(w.run()).rejects.toMatchObject({ code: 'STATE_UNWRITABLE' })
    expect(committing).toBe(0)
    expect(w.target.locks.size).toBe(0)
  })

  it('tries again while a server that was there cannot be reached', async () => {
    const w = world()
    w.put(users, [['1', 'a', '2025-01-01 00:00:00']])
    let left = 3
    w.faults.target = (point) => {
      if (point === 'open' && left-- > 0) throw new SyncError('UNREACHABLE', 'refused', { kind: 'connection' })
    }
    expect(outcome(await w.run(), 'users')).toMatchObject({ outcome: 'synced', retries: 3 })
  })

  it('takes a lost lock again, and reads anew what was read before', async () => {
    const w = world({ parallelTables: 1 })
    w.put(users, [['1', 'a', '2025-01-01 00:00:00']])
    w.put(items, [['1', 'a']])
    let lost = false
    w.faults.target = (point) => {
      if (lost || point !== 'write') return
      lost = true
      w.target.locks.clear()
      w.put(users, [['1', 'b', '2025-01-02 00:00:00']])
      w.put(items, [['1', 'b']])
    }
    const report = await w.run()
    expect(report.status).toBe('ok')
    for (const table of ['users', 'items']) {
      expect(outcome(report, table)?.warnings.join()).toContain('later moment')
      expect(w.rows(w.target, table)).toEqual(w.rows(w.source, table))
    }
  })

  it('commits nothing of what it read before the lock was lost', async () => {
    const w = world({ batchRows: 1 })
    w.put(items, [
      ['1', 'a'],
      ['2', 'b'],
    ])
    const seen: string[] = []
    w.faults.target = (point) => {
      if (point === 'write' && !seen.includes('write')) w.target.locks.clear()
      seen.push(point)
    }
    expect((await w.run()).status).toBe('ok')
    // The first attempt has come as far as its first write.
    expect(seen.slice(seen.indexOf('write'), seen.indexOf('commit')).filter((point) => point === 'open')).toHaveLength(1)
    expect(w.rows(w.target, 'items')).toEqual(w.rows(w.source, 'items'))
  })

  it('does not go on by a plan that the source has left behind', async () => {
    const w = world()
    w.put(users, [['1', 'a', '2025-01-01 00:00:00']])
    let once = true
    w.faults.target = (point) => {
      if (!once || point !== 'write') return
      once = false
      w.put({ ...users, columns: [...users.columns, text('more')] }, [['1', 'a', '2025-01-01 00:00:00', 'x']])
      throw new SyncError('LOST', 'lost', { kind: 'transient' })
    }
    const report = await w.run()
    expect(outcome(report, 'users')).toMatchObject({
      outcome: 'failed',
      retries: 1,
      error: { code: 'SCHEMA_CHANGED', hint: expect.stringContaining('Run again') },
    })
    await w.run()
    expect(w.rows(w.target, 'users')).toEqual(['1|a|2025-01-01 00:00:00|x'])
  })

  it('writes its own part of the state on top of what another run has written', async () => {
    const w = world()
    w.put(users, [['1', 'a', '2025-01-01 00:00:00']])
    await w.run()
    let once = true
    w.faults.target = async (point) => {
      if (!once || point !== 'write') return
      once = false
      const entry = await w.store.read('database/shop')
      const value = structuredClone(entry?.value) as { tables: { users: { targets: Record<string, JsonValue> } } }
      value.tables.users.targets['other'] = value.tables.users.targets['copy'] ?? null
      await w.store.write('database/shop', value, entry?.revision)
    }
    expect((await w.run({ mode: 'full' })).status).toBe('ok')
    expect(Object.keys((await readStatus(w.store)).databases[0]?.tables[0]?.targets ?? {}).sort()).toEqual(['copy', 'other'])
  })

  it('retries what is transient, with a snapshot of its own', async () => {
    const w = world()
    w.put(users, [['1', 'a', '2025-01-01 00:00:00']])
    let left = 2
    w.faults.target = (point) => {
      if (point === 'write' && left-- > 0) throw new SyncError('LOST', 'lost', { kind: 'transient' })
    }
    const report = await w.run()
    expect(report.status).toBe('ok')
    expect(outcome(report, 'users')).toMatchObject({ retries: 2, warnings: [expect.stringContaining('later moment')] })
  })
})

describe('a database that cannot be planned', () => {
  const elsewhere = (schema: TableSchema, database: string): TableSchema => ({ ...schema, table: { ...schema.table, database } })

  it('is left out and named, and the others are synced', async () => {
    const w = world({ databases: ['shop', 'gone', 'busy', 'torn'] })
    w.put(items, [['1', 'a']])
    for (const name of ['busy', 'torn']) putTable(w.source, elsewhere(items, name), [['1', 'a']])
    w.target.locks.add('busy')
    await w.store.write('database/torn', { tables: 1 }, undefined)
    const report = await w.run()
    expect(report).toMatchObject({
      status: 'partial',
      tables: [{ id: 'copy/shop.items', outcome: 'synced' }],
      unplanned: [
        { database: 'gone', error: { code: 'DATABASE_NOT_VISIBLE', kind: 'privilege' } },
        { database: 'busy', target: 'copy', error: { code: 'RUN_LOCKED', kind: 'locked' } },
        { database: 'torn', error: { code: 'STATE_UNREADABLE' } },
      ],
    })
    expect((await w.dryRun()).plan.unplanned).toMatchObject([{ database: 'gone' }, { database: 'torn' }])
    // What was locked for it is given back.
    expect([...w.target.locks]).toEqual(['busy'])
    w.target.locks.delete('busy')
    expect((await w.run({ databases: ['shop', 'busy'] })).unplanned).toBeUndefined()
  })

  it('ends the run where it is the only one', async () => {
    const w = world({ databases: ['gone'] })
    await expect(w.run()).rejects.toMatchObject({ code: 'DATABASE_NOT_VISIBLE', kind: 'privilege' })
    w.put(items, [['1', 'a']])
    w.target.locks.add('shop')
    await expect(w.run({ databases: ['shop'] })).rejects.toMatchObject({ code: 'RUN_LOCKED' })
  })
})
