import { describe, expect, it } from 'vitest'
import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import { SyncError } from '../errors/sync-error.ts'
import { type MemoryDatabase, memoryDatabase, memorySource, memoryStore, memoryTarget, putTable, type Row } from '../memory/index.ts'
import type { Column, TableSchema } from '../model/schema.ts'
import { executeRun } from './execute.ts'
import { planRun } from './prepare.ts'
import { previewRun } from './preview.ts'

const id: Column = { name: 'id', type: { kind: 'int', bits: 32 }, nullable: false }
const text: Column = { name: 'v', type: { kind: 'text' }, nullable: false }
const stamp: Column = { name: 'updated_at', type: { kind: 'timestamp', fraction: 0 }, nullable: false, stamped: 'on-update' }
const schemaOf = (columns: readonly Column[], key: readonly string[], transactional = true): TableSchema => ({
  table: { database: 'shop', name: 't' },
  columns,
  key,
  uniqueKeys: [],
  foreignKeys: [],
  referencedBy: [],
  triggers: [],
  transactional,
})
const items = schemaOf([id, text], ['id'])
const bag = schemaOf([id, text], [])
const timed = schemaOf([id, text, stamp], ['id'])

const rowsOf = (count: number, from = 1): Row[] => Array.from({ length: count }, (_, i): Row => [String(from + i), `v${from + i}`])
const content = (db: MemoryDatabase) => (db.databases.get('shop')?.get('t')?.rows ?? []).map((row) => row.map(String).join('|')).sort()

function world(schema: TableSchema = items) {
  const [source, target] = [memoryDatabase('source'), memoryDatabase('target')]
  const faults: { target?: (point: string) => void; store?: (point: string) => void } = {}
  const store = memoryStore({ fault: (point) => faults.store?.(point) })
  const { signal } = new AbortController()
  const prepare = (config: Partial<Config>, lock: boolean, from = source) =>
    planRun(
      { source: memorySource(from), targets: new Map([['copy', memoryTarget(target, { fault: (point) => faults.target?.(point) })]]), state: store },
      { ...plainConfig, backupBeforeSync: false, maxRetries: 0, ...config },
      { run: 'r', signal, lock },
    )
  return {
    source,
    target,
    faults,
    put: (rows: readonly Row[], db = source) => putTable(db, schema, rows),
    async run(config: Partial<Config> = {}, from = source) {
      await using prepared = await prepare(config, true, from)
      const report = await executeRun(prepared, { signal, listeners: [] })
      return report.tables[0]
    },
    async dryRun(config: Partial<Config> = {}) {
      await using prepared = await prepare(config, false)
      return (await previewRun(prepared, { signal })).tables[0]
    },
  }
}

const refusedWith = (code: string, allowance: string) => ({
  outcome: 'refused',
  error: { code, kind: 'refused', hint: expect.stringContaining(`--allow ${allowance}`) },
})

describe('a guard against deletes', () => {
  const cases = [
    { how: 'by digest', schema: items, config: {} },
    { how: 'by digest, without a key', schema: bag, config: {} },
    { how: 'in full', schema: items, config: { mode: 'full' } },
    { how: 'by comparing', schema: items, config: { mode: 'reconcile' } },
  ] as const
  it.each(cases)('stops an empty source and a mass delete, $how', async ({ schema, config }) => {
    const w = world(schema)
    w.put(rowsOf(100))
    await w.run()
    for (const [left, code] of [
      [0, 'SOURCE_EMPTY'],
      [40, 'TOO_MANY_DELETES'],
      [79, 'TOO_MANY_DELETES'],
    ] as const) {
      w.put(rowsOf(left))
      const writes: string[] = []
      w.faults.target = (point) => void writes.push(point)
      expect(await w.run(config), `${left} rows left`).toMatchObject(refusedWith(code, 'deletes'))
      expect(writes.filter((point) => point !== 'digest' && point !== 'read')).toEqual([])
      expect(await w.dryRun(config)).toMatchObject({ refused: { code }, statements: [] })
      expect(content(w.target)).toHaveLength(100)
      delete w.faults.target
    }
    w.put(rowsOf(80))
    expect(await w.run(config)).toMatchObject({ outcome: 'synced' })
    w.put(rowsOf(30))
    expect(await w.run({ ...config, allow: ['deletes'] })).toMatchObject({ outcome: 'synced' })
    w.put(rowsOf(19))
    expect(await w.run(config), 'eleven are too many').toMatchObject(refusedWith('TOO_MANY_DELETES', 'deletes'))
    w.put(rowsOf(20))
    expect(await w.run(config), 'ten rows may always go').toMatchObject({ outcome: 'synced' })
    w.put([])
    expect(await w.run({ ...config, allow: ['deletes'] })).toMatchObject({ outcome: 'synced' })
    expect(content(w.target)).toEqual([])
  })

  it('sees deletes that as many inserts make up for', async () => {
    const w = world()
    w.put(rowsOf(100))
    await w.run()
    w.put(rowsOf(100, 61))
    expect(await w.run()).toMatchObject(refusedWith('TOO_MANY_DELETES', 'deletes'))
    expect(content(w.target)).toContain('1|v1')
  })
})

describe('rows that nobody knows', () => {
  it.each([{}, { mode: 'full' }, { mode: 'reconcile' }] as const)('are neither deleted nor overwritten on first contact: %o', async (config) => {
    for (const theirs of [rowsOf(60), [['1', 'not ours'] as Row, ...rowsOf(49, 2)]]) {
      const w = world()
      w.put(rowsOf(50))
      w.put(theirs, w.target)
      const before = content(w.target)
      // A refusal is no acquaintance.
      for (let time = 1; time <= 2; time++) expect(await w.run(config)).toMatchObject(refusedWith('UNKNOWN_ROWS', 'unknown-rows'))
      expect(content(w.target)).toEqual(before)
      expect(await w.run({ ...config, allow: ['unknown-rows'] })).toMatchObject({ outcome: 'synced' })
      expect(content(w.target)).toEqual(content(w.source))
      w.put([['7', 'changed'], ...rowsOf(49, 8)])
      expect(await w.run(config), 'known from now on').toMatchObject({ outcome: 'synced' })
    }
  })

  it('may be equal, or fewer', async () => {
    const w = world()
    w.put(rowsOf(50))
    w.put(rowsOf(45), w.target)
    expect(await w.run()).toMatchObject({ outcome: 'synced' })
    expect(content(w.target)).toEqual(content(w.source))
  })

  it('are our own once a commit of them was tried, though its answer was lost', async () => {
    const w = world()
    w.put(rowsOf(50))
    w.put(rowsOf(45), w.target)
    let lost = false
    w.faults.target = (point) => {
      if (lost || point !== 'committed') return
      lost = true
      w.put([['1', 'changed'], ...rowsOf(49, 2)])
      throw new SyncError('LOST', 'lost', { kind: 'transient' })
    }
    expect(await w.run({ maxRetries: 1, retryDelayMs: 1 })).toMatchObject({ outcome: 'synced', retries: 1 })
    expect(content(w.target)).toEqual(content(w.source))
  })

  it('are our own after a first run that was killed before its state was saved', async () => {
    for (const point of ['committed', 'commit']) {
      const w = world()
      w.put(rowsOf(50))
      let reached = false
      w.faults.target = (at) => {
        if (at === point) reached = true
      }
      w.faults.store = (at) => {
        if (reached && at === 'save') throw new Error('killed')
      }
      await expect(w.run()).rejects.toThrow('killed')
      w.faults.store = () => {}
      w.put([['1', 'changed'], ...rowsOf(40, 2)])
      expect(await w.run(), `killed at ${point}`).toMatchObject({ outcome: 'synced' })
      expect(content(w.target)).toEqual(content(w.source))
    }
  })
})

describe('another server', () => {
  it('is refused until it is allowed, and its position is not taken for that of the old one', async () => {
    const w = world(timed)
    const rows = rowsOf(30).map((row): Row => [...row, '2025-01-01 00:00:00'])
    w.put(rows)
    await w.run()
    const other = memoryDatabase('another server')
    w.put([...rows.slice(1), ['99', 'new', '2020-01-01 00:00:00']], other)
    await expect(w.run({}, other)).rejects.toMatchObject({ code: 'SERVER_CHANGED', kind: 'refused', hint: expect.stringContaining('--allow new-server') })
    expect(content(w.target)).toEqual(content(w.source))

    w.faults.target = (point) => {
      if (point === 'commit') throw new Error('killed')
    }
    expect(await w.run({ allow: ['new-server'] }, other)).toMatchObject({ outcome: 'failed' })
    delete w.faults.target
    await expect(w.run({}, other), 'nothing was synced with it yet').rejects.toMatchObject({ code: 'SERVER_CHANGED' })
    expect(await w.run({ allow: ['new-server'] }, other)).toMatchObject({ outcome: 'synced', strategy: 'digest' })
    expect(content(w.target)).toEqual(content(other))
    expect(await w.run({}, other)).toMatchObject({ outcome: 'unchanged' })
  })
})

describe('a copy whose engine has no transactions', () => {
  it('is compared, and replaced as a whole where it differs', async () => {
    const w = world(schemaOf([id, text, stamp], ['id'], false))
    const rows = rowsOf(30).map((row): Row => [...row, '2025-01-01 00:00:00'])
    w.put(rows)
    await w.run()
    expect(await w.run()).toMatchObject({ outcome: 'unchanged', strategy: 'digest' })
    w.put([['1', 'changed', '2026-01-01 00:00:00'], ...rows.slice(1)])
    expect(await w.run()).toMatchObject({ outcome: 'synced', strategy: 'full' })
    expect(content(w.target)).toEqual(content(w.source))
  })
})

describe('the verification after a run', () => {
  it.each([
    { how: 'full', config: { mode: 'full' }, verified: { level: 'digest', scope: 'table' } },
    { how: 'digest', config: { mode: 'reconcile' }, verified: { level: 'digest', scope: 'table' } },
    { how: 'time', config: {}, verified: { level: 'rows', scope: 'written' } },
    { how: 'time, every row', config: { verify: { ...plainConfig.verify, level: 'rows' } }, verified: { level: 'rows', scope: 'table' } },
  ] as const)('finds what the target made of the rows: $how', async ({ config, verified }) => {
    const w = world(timed)
    const rows = rowsOf(30).map((row): Row => [...row, '2025-01-01 00:00:00'])
    w.put(rows)
    expect(await w.run()).toMatchObject({ outcome: 'synced', verified: { equal: true, rows: 30 } })
    w.put([...rows.slice(1), ['1', 'changed', '2026-01-01 00:00:00']])
    w.faults.target = (point) => {
      if (point !== 'committed') return
      const there = w.target.databases.get('shop')?.get('t')?.rows ?? []
      putTable(
        w.target,
        timed,
        there.map((row): Row => (String(row[0]) === '1' ? ['1', 'CHANGED', '2026-01-01 00:00:00'] : row)),
      )
    }
    expect(await w.run(config)).toMatchObject({ outcome: 'failed', error: { code: 'NOT_EQUAL' }, verified: { ...verified, equal: false } })
    delete w.faults.target
    expect(await w.run(), 'the next run compares').toMatchObject({ outcome: 'synced', strategy: 'digest', updated: 1, verified: { equal: true } })
    expect((await w.run())?.verified).toBeUndefined()
    expect((await w.run({ mode: 'reconcile' }))?.verified, 'compared already').toEqual({ level: 'digest', scope: 'table', rows: 30, equal: true })
    w.put([...rows.slice(2), ['1', 'more', '2026-02-01 00:00:00'], ['2', 'more', '2026-02-01 00:00:00']])
    expect((await w.run({ verifyAfterSync: false }))?.verified).toBeUndefined()
  })

  it('does not call a copy equal because there was nothing to write into it', async () => {
    const w = world(timed)
    const twins = (first: string, second: string): Row[] => [
      ['1', first, '2025-01-01 00:00:00'],
      ['1', second, '2025-01-01 00:00:00'],
    ]
    w.put(twins('a', 'b'))
    await w.run()
    // Rows whose keys read alike: the row that the source has besides is taken for one that is there.
    putTable(w.target, timed, twins('b', 'b'))
    const outcome = await w.run({ mode: 'reconcile' })
    expect(outcome).toMatchObject({ outcome: 'failed', error: { code: 'NOT_EQUAL' }, inserted: 0, updated: 0, deleted: 0, verified: { equal: false } })
  })
})
