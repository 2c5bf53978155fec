import { beforeEach, describe, expect, it } from 'vitest'
import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import type { StateEntry } from '../contract/state-store.ts'
import type { Target, TargetSupports } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { memoryDatabase, memorySource, memoryStore, memoryTarget, putTable, type Row } from '../memory/index.ts'
import type { JsonValue } from '../model/json.ts'
import { mustHave } from '../model/must.ts'
import type { Column, TableSchema } from '../model/schema.ts'
import { databaseKey, parseDatabaseState } from '../state/records.ts'
import { exportState } from '../transfer/export-file.ts'
import { executeImport, planImport } from '../transfer/import-state.ts'
import { executeReset, planReset } from '../transfer/reset.ts'
import { verifyRun } from '../verify/verify-run.ts'
import { executeRun } from './execute.ts'
import { type PrepareOptions, planRun } from './prepare.ts'
import { previewRun } from './preview.ts'
import type { RunReport } from './report.ts'

const int = (name: string): Column => ({ name, type: { kind: 'int', bits: 32 }, nullable: false })
const text = (name: string): Column => ({ name, type: { kind: 'text' }, nullable: false })
const stamp: Column = { name: 'updated_at', type: { kind: 'timestamp', fraction: 0 }, nullable: false, stamped: 'on-update' }
const schemaOf = (name: string, columns: readonly Column[], key: readonly string[]): TableSchema => ({
  table: { database: 'shop', name },
  columns,
  key,
  uniqueKeys: [],
  foreignKeys: [],
  referencedBy: [],
  triggers: [],
  transactional: true,
})
const keyed = schemaOf('keyed', [int('id'), text('name')], ['id'])
const stamped = schemaOf('stamped', [int('id'), text('name'), stamp], ['id'])
const keyless = schemaOf('keyless', [text('line')], [])

/** The rows that a table begins with. */
const ROWS: ReadonlyMap<TableSchema, readonly Row[]> = new Map([
  [keyed, Array.from({ length: 300 }, (_, i): Row => [String(i), `name ${i}`])],
  [stamped, Array.from({ length: 300 }, (_, i): Row => [String(i), `name ${i}`, i < 290 ? '2025-01-01 00:00:00' : '2025-06-01 00:00:00'])],
  [keyless, [['a'], ['a'], ['b']]],
])
const rowsOf = (schema: TableSchema): readonly Row[] => mustHave(ROWS, schema)

const LOOKS = ['count', 'newest', 'read', 'ranges', 'digest', 'fingerprints', 'open', 'run'] as const

/** Two servers and a state; the target keeps account of whoever looks at its tables. */
function world() {
  const store = memoryStore()
  const w = {
    source: memoryDatabase('source'),
    target: memoryDatabase('target'),
    store,
    form: 'as it is',
    billed: true,
    supports: {} as Partial<TargetSupports>,
    looks: [] as string[],
    sourceFault: (_point: string): void => {},
    targetFault: (_point: string): void | Promise<void> => {},
    change: {} as Partial<Target>,
    put: (schema: TableSchema, rows: readonly Row[]) => putTable(w.source, schema, rows),
    async prepare(more: Partial<Config>, options: Partial<PrepareOptions>) {
      const supports = { ...w.supports, ...(w.billed ? { billed: { form: w.form } } : {}) }
      const copy = memoryTarget(w.target, { fault: (point) => w.targetFault(point), supports })
      const counted = Object.fromEntries(
        LOOKS.map((name) => [
          name,
          (...args: readonly unknown[]) => {
            if (name !== 'run' || (args[0] as readonly string[]).length > 0) w.looks.push(name)
            return (copy[name] as (...all: readonly unknown[]) => unknown)(...args)
          },
        ]),
      )
      const target = { ...copy, ...counted, ...w.change } as Target
      const source = memorySource(w.source, { fault: (point) => w.sourceFault(point) })
      w.looks = []
      const config = { ...plainConfig, backupBeforeSync: false, retryDelayMs: 1, parallelTables: 1, ...more }
      const { signal } = new AbortController()
      return await planRun({ source, targets: new Map([['copy', target]]), state: store }, config, { run: 'r', signal, lock: true, ...options })
    },
    async run(more: Partial<Config> = {}, options: Partial<PrepareOptions> = {}): Promise<RunReport> {
      await using prepared = await w.prepare(more, options)
      return await executeRun(prepared, { signal: options.signal ?? new AbortController().signal, listeners: [] })
    },
    async dryRun(more: Partial<Config> = {}) {
      await using prepared = await w.prepare(more, { lock: false })
      return await previewRun(prepared, { signal: new AbortController().signal })
    },
    async verify() {
      await using prepared = await w.prepare({}, { purpose: 'verify', lock: false })
      return await verifyRun(prepared, { signal: new AbortController().signal, listeners: [], limit: 5 })
    },
    /** What the state says, as it is on disk. */
    async edit(change: (saved: Saved) => Saved): Promise<undefined> {
      const entry = await store.read(databaseKey('shop'))
      const value = entry?.value as { readonly tables: Record<string, { readonly targets: { copy: Saved } }> }
      for (const { targets } of Object.values(value.tables)) targets.copy = change(targets.copy)
      await store.write(databaseKey('shop'), value as unknown as JsonValue, entry?.revision)
    },
    equal: (schema: TableSchema) => {
      const [theirs, ours] = [w.source, w.target].map((db) =>
        db.databases
          .get('shop')
          ?.get(schema.table.name)
          ?.rows.map((row) => row.map(String).join('|'))
          .sort(),
      )
      expect(ours).toEqual(theirs)
    },
  }
  return w
}
type World = ReturnType<typeof world>
type Saved = { readonly [name: string]: JsonValue }

const SEED = Number(process.env['SEED'] ?? 4711)
const STEPS = Number(process.env['STEPS'] ?? 150)

const UNSEEN = expect.stringContaining('what others did to the copy')

describe('at a target that bills who looks', () => {
  const tables = [keyed, stamped, keyless]
  let w: World
  const outcomes = ({ tables: all }: RunReport) => Object.fromEntries(all.map(({ id, outcome }) => [id.replace('copy/shop.', ''), outcome]))
  const quiet = async (more: Partial<Config> = {}): Promise<RunReport> => {
    const report = await w.run(more)
    expect(w.looks).toEqual([])
    expect(outcomes(report)).toEqual(Object.fromEntries([...(w.source.databases.get('shop')?.keys() ?? [])].map((name) => [name, 'unchanged'])))
    return report
  }
  beforeEach(async () => {
    w = world()
    for (const schema of tables) w.put(schema, rowsOf(schema))
    await w.run()
  })

  it('a table whose source has not changed is not looked at, and nothing is claimed of what others did there', async () => {
    const before = new Date().toISOString()
    for (let run = 0; run < 3; run++) {
      for (const table of (await quiet()).tables) {
        expect(table).toMatchObject({ guarantee: { level: 'exact-except', except: UNSEEN, since: table.comparedAt } })
        expect(table.verified).toBeUndefined()
        expect(table.lookedAt?.localeCompare(before)).toBe(-1)
      }
    }
    const [dry] = (await w.dryRun()).plan.targets[0]?.databases[0]?.tables ?? []
    expect(w.looks).toEqual([])
    expect(dry).toMatchObject({ reason: expect.stringContaining('left alone'), guarantee: { level: 'exact-except', except: UNSEEN } })
  })

  it('only a table that has changed is looked at, whatever has changed in it', async () => {
    const [rows, timed, lines] = [rowsOf(keyed), rowsOf(stamped), rowsOf(keyless)]
    const changes: readonly (readonly [TableSchema, readonly Row[]])[] = [
      [keyed, [...rows, ['999', 'new']]],
      [keyed, [...rows.slice(1), ['999', 'new']]],
      [keyed, rows.slice(5)],
      [keyless, [...lines, ['b']]],
      [keyless, [['a'], ['b'], ['b']]],
      // It was committed late: its timestamp is older than the position.
      [stamped, [...timed, ['998', 'late', '2025-05-31 23:55:00']]],
      [stamped, [...timed, ['998', 'late', '2025-05-31 23:55:00'], ['999', 'new', '2025-07-01 00:00:00']]],
      [stamped, [...timed, ['999', 'changed within its second', '2025-07-01 00:00:00']]],
      // Old rows go: what is new by time stays the same.
      [stamped, [...timed.slice(5), ['999', 'changed within its second', '2025-07-01 00:00:00']]],
    ]
    for (const [schema, changed] of changes) {
      w.put(schema, changed)
      const report = await w.run()
      const others = tables.filter((other) => other !== schema).map(({ table: { name } }) => [name, 'unchanged'])
      expect(outcomes(report)).toEqual({ ...Object.fromEntries(others), [schema.table.name]: 'synced' })
      expect(report.tables.filter(({ lookedAt }) => lookedAt === undefined).map(({ id }) => id)).toEqual([`copy/shop.${schema.table.name}`])
      expect(report.tables.find(({ lookedAt }) => lookedAt === undefined)?.guarantee).not.toMatchObject({ except: UNSEEN })
      w.equal(schema)
      await quiet()
    }
  })

  it('reads no more of the source than it would elsewhere', async () => {
    const changed = async (billed: boolean): Promise<readonly string[]> => {
      w = world()
      w.billed = billed
      for (const schema of [keyed, keyless]) w.put(schema, rowsOf(schema))
      await w.run({ verifyAfterSync: billed })
      const points: string[] = []
      w.sourceFault = (point) => points.push(point)
      await w.run({ verifyAfterSync: false })
      w.put(keyed, rowsOf(keyed).slice(5))
      await w.run({ verifyAfterSync: false })
      return points
    }
    expect(await changed(true)).toEqual(await changed(false))
  })

  it('what others did there is found by whoever looks, and is not claimed before', async () => {
    const copy = mustHave(mustHave(w.target.databases, 'shop'), 'keyed')
    putTable(w.target, copy.schema, [...copy.rows.slice(1), ['0', 'somebody else was here']])
    expect((await quiet()).tables[0]?.guarantee).toMatchObject({ level: 'exact-except', except: UNSEEN })
    expect((await w.verify()).tables.map(({ id, changed }) => [id, changed])).toContainEqual(['copy/shop.keyed', 1])
    expect(w.looks).not.toEqual([])
    expect((await w.run({ mode: 'reconcile' })).tables[0]).toMatchObject({ updated: 1, guarantee: { level: 'exact' } })
    w.equal(keyed)
    await quiet()
  })

  it('without a proof of what was written, the next run looks and the one after it does not', async () => {
    for (const more of [{ verifyAfterSync: false }, { verify: { ...plainConfig.verify, level: 'count' } }] satisfies readonly Partial<Config>[]) {
      for (const schema of tables) w.put(schema, rowsOf(schema).slice(0, more.verifyAfterSync === false ? -1 : undefined))
      await w.run({ ...more, mode: 'full' })
      expect((await w.run(more)).tables.map(({ lookedAt }) => lookedAt)).toEqual([undefined, undefined, undefined])
      await quiet(more)
    }
  })

  it('a window of new rows that is too large to hold is left, and all rows are looked at instead', async () => {
    w = world()
    w.put(
      stamped,
      Array.from({ length: 20 }, (_, i): Row => [String(i), 'x'.repeat(500_000), '2025-06-01 00:00:00']),
    )
    await w.run()
    await quiet()
    w.put(stamped, [['1', 'y', '2025-06-01 00:00:00']])
    expect((await w.run({ allow: ['deletes'] })).tables[0]?.outcome).toBe('synced')
    w.equal(stamped)
    await quiet()
  })

  it('at a target that never deletes, what goes by time is left alone, and what can only be copied in full is copied', async () => {
    w = world()
    w.supports = { deletes: false, keylessDeletes: false }
    for (const schema of [keyed, stamped]) w.put(schema, rowsOf(schema))
    await w.run({ verifyAfterSync: false })
    await w.run({ verifyAfterSync: false })
    const { tables: all } = await w.run({ verifyAfterSync: false })
    expect(all.map(({ id, outcome, lookedAt }) => [id, outcome, lookedAt !== undefined])).toEqual([
      ['copy/shop.keyed', 'synced', false],
      ['copy/shop.stamped', 'unchanged', true],
    ])
  })

  it('where looking is free every run looks, and nothing is kept', async () => {
    w = world()
    w.billed = false
    for (const schema of tables) w.put(schema, rowsOf(schema))
    await w.run()
    await w.run()
    expect(new Set(w.looks)).toEqual(new Set(['count', 'digest', 'read']))
    expect(JSON.stringify(await w.store.list(''))).not.toContain('source_print')
  })

  const killed = async (more: Partial<Config> = {}): Promise<undefined> => {
    let onDisk: readonly StateEntry[] = []
    w.put(keyed, [...rowsOf(keyed), ['999', 'new']])
    w.targetFault = (point) => {
      if (point === 'commit') throw new SyncError('GONE', 'killed', { kind: 'bug' })
    }
    const write = w.store.write.bind(w.store)
    // What was on disk when the first row was written is all that a killed run leaves.
    w.store.write = async (...args) => {
      const entry = await write(...args)
      if (onDisk.length === 0) onDisk = await w.store.list('')
      return entry
    }
    await w.run({ ...more, maxRetries: 0 }).catch(() => {})
    w.store.write = write
    w.targetFault = () => {}
    for (const { key, value } of onDisk) await write(key, value, (await w.store.read(key))?.revision)
    w.put(keyed, rowsOf(keyed))
  }

  it(`whatever comes in between, a run that ends well leaves equal tables (seed ${SEED})`, async () => {
    const random = generator(SEED)
    w = world()
    const [left, looked] = [{ tables: 0 }, { tables: 0 }]
    let second = 0
    // Few values, so that tables often become what they were before.
    const value = () => ['a', 'b'][random(2)] as string
    const change = {
      keyed: () =>
        w.put(
          keyed,
          subset(['0', '1', '2', '3']).map((id) => [id, value()]),
        ),
      keyless: () =>
        w.put(
          keyless,
          Array.from({ length: 1 + random(4) }, () => [value()]),
        ),
      stamped: () => {
        const before = w.source.databases.get('shop')?.get('stamped')?.rows ?? []
        const now = new Date(Date.UTC(2025, 0, 1) + ++second * 60_000).toISOString().slice(0, 19).replace('T', ' ')
        w.put(stamped, [...before.filter(() => random(3) > 0), [String(1000 + second), value(), now]])
      },
    }
    const subset = (ids: readonly string[]) => ids.filter((id) => id === '0' || random(3) > 0)
    for (const each of Object.values(change)) each()
    const one = <T>(...choices: readonly T[]): T => choices[random(choices.length)] as T
    for (let step = 0; step < STEPS; step++) {
      const before = [keyed, keyless].map((schema) => [schema, w.source.databases.get('shop')?.get(schema.table.name)?.rows ?? []] as const)
      for (const each of Object.values(change)) if (random(3) === 0) each()
      const more: Partial<Config> = {
        allow: ['deletes'],
        mode: one('incremental', 'incremental', 'incremental', 'incremental', 'reconcile', 'full'),
        verifyAfterSync: random(4) > 0,
        verify: { ...plainConfig.verify, level: one('digest', 'digest', 'rows', 'count') },
      }
      if (random(3) === 0) {
        await killedAt(random(12), more)
        // What is kept of the source may be right again while the copy is not.
        if (random(2) === 0) for (const [schema, rows] of before) w.put(schema, rows)
        continue
      }
      const report = await w.run(more)
      expect(report.status, `step ${step}`).toBe('ok')
      for (const schema of tables) w.equal(schema)
      for (const { lookedAt } of report.tables) (lookedAt === undefined ? looked : left).tables++
    }
    expect(left.tables).toBeGreaterThan(STEPS / 10)
    expect(looked.tables).toBeGreaterThan(STEPS / 10)
  })

  /** A run that is no more from the `count`-th thing on that it does at the target: nothing is written there, and nothing into the state. */
  async function killedAt(count: number, more: Partial<Config>): Promise<void> {
    let things = 0
    let onDisk: readonly StateEntry[] | undefined
    w.targetFault = async () => {
      if (things++ < count) return
      onDisk ??= await w.store.list('')
      throw new SyncError('GONE', 'killed', { kind: 'bug' })
    }
    await w.run({ ...more, maxRetries: 0 }).catch(() => {})
    w.targetFault = () => {}
    for (const { key, value } of onDisk ?? []) await w.store.write(key, value, (await w.store.read(key))?.revision)
  }

  const wider = schemaOf('keyed', [...keyed.columns, { ...text('more'), nullable: true }], ['id'])
  const elsewhere = (label: string) => ({ id: label, label })
  const reads = (point: string): boolean => point === 'digest' || point === 'read'
  const signal = new AbortController().signal

  /** What happens between two runs, and with what the next run is started then. */
  const VOID: Readonly<Record<string, () => Promise<Partial<Config> | undefined>>> = {
    'a run was killed': () => killed(),
    'a run was killed that copied in full': () => killed({ mode: 'full' }),
    async 'a run failed'() {
      w.sourceFault = (point) => {
        if (reads(point)) throw new SyncError('GONE', 'gone', { kind: 'data' })
      }
      await w.run({ maxRetries: 0 })
      w.sourceFault = () => {}
    },
    async 'a run was stopped'() {
      const stop = new AbortController()
      w.sourceFault = (point) => {
        if (reads(point)) stop.abort()
      }
      expect((await w.run({}, { signal: stop.signal })).status).toBe('cancelled')
      w.sourceFault = () => {}
    },
    async 'another attempt is made'() {
      let faults = 0
      w.sourceFault = (point) => {
        if (reads(point) && faults++ === 0) throw new SyncError('GONE', 'gone', { kind: 'transient' })
      }
    },
    async 'the lock was lost after planning'() {
      let locks = 0
      w.change = {
        lock: async () => {
          const held = locks++ > 0
          return { held: () => held, [Symbol.asyncDispose]: async () => {} }
        },
      }
    },
    async 'a column came'() {
      w.put(
        wider,
        rowsOf(keyed).map((row) => [...row, 'x']),
      )
    },
    async 'the source is asked for another form'() {
      w.change = { ask: (schema) => ({ ...schema, columns: schema.columns.map((column) => ({ ...column, portable: 'value' as const })) }) }
    },
    async 'a setting of the target changed'() {
      w.form = 'otherwise'
    },
    async 'this is another source'() {
      w.source = { ...w.source, identity: elsewhere('source 2') }
      return { allow: ['new-server'] }
    },
    async 'this is another target'() {
      w.target = { ...w.target, identity: elsewhere('target 2') }
      return { allow: ['new-server'] }
    },
    async 'it goes to another database'() {
      for (const { schema, rows } of w.target.databases.get('shop')?.values() ?? [])
        putTable(w.target, { ...schema, table: { ...schema.table, database: 'shop_2' } }, rows)
      return { targets: plainConfig.targets.map((target) => ({ ...target, database: '{database}_2' })) }
    },
    'all is compared on request': async () => ({ mode: 'reconcile' }),
    'all is copied on request': async () => ({ mode: 'full' }),
    'it is set to be copied in full': async () => ({ forceFullTables: ['*'] }),
    async 'it is time to compare'() {
      w.source.clock = { utc: '2090-01-01 00:00:00.000000', local: '2090-01-01 00:00:00.000000' }
      return { reconcileEveryMs: 1000 }
    },
    'what was kept is of another version': () => keep((print) => ({ ...print, form: 'older' })),
    'what was kept is damaged': () => keep((print) => ({ ...print, rows: 'many' })),
    'what was kept is something else': () => keep(() => 'equal'),
    async 'the state says that a run is at work'() {
      await w.edit((saved) => ({ ...saved, sync_status: 'RUNNING' }))
    },
    async 'the state was reset'() {
      await executeReset(w.store, [], await planReset(w.store, {}, new Date()), signal)
    },
    async 'the state was put in the place of a newer one'() {
      const file = await exportState(w.store, new Date())
      await w.edit((saved) => ({ ...saved, records_synced: 7 }))
      await executeImport(w.store, [], await planImport(w.store, file), signal)
    },
    async 'somebody else was killed there'() {
      w.change = { leftovers: async () => memoryTarget(w.target).render({ type: 'create-database', database: 'left', like: 'shop' }) }
    },
    async 'the copy is gone'() {
      w.target.databases.get('shop')?.delete('keyed')
    },
  }
  const keep = (change: (print: object) => JsonValue) => w.edit((saved) => ({ ...saved, source_print: change(saved['source_print'] as object) }))

  it.each(Object.keys(VOID))('the copy is looked at where %s, and then not any more', async (what) => {
    const more = (await VOID[what]?.()) ?? {}
    const report = await w.run(more)
    expect(report.status).toBe('ok')
    expect(w.looks).not.toEqual([])
    const first = report.tables.find(({ id }) => id === 'copy/shop.keyed')
    expect(first?.lookedAt).toBeUndefined()
    expect(first?.guarantee).toEqual({ level: 'exact' })
    w.sourceFault = () => {}
    if (w.change.ask === undefined) w.change = {}
    // What was asked for once, or is set.
    const { mode: _, forceFullTables = [], reconcileEveryMs: _often, ...same } = more
    await w.run(same)
    expect(w.looks.length > 0).toBe(forceFullTables.length > 0)
  })

  it('the copy is looked at where single tables are repaired, and in the run after that', async () => {
    const repair = { only: new Map([['copy/shop.keyed', undefined]]) }
    expect((await w.run({ mode: 'reconcile' }, repair)).tables).toMatchObject([{ guarantee: { level: 'exact' } }])
    await quiet()
    const saved = async () => parseDatabaseState('shop', (await w.store.read(databaseKey('shop')))?.value ?? null).tables['keyed']?.targets?.['copy']
    const before = await saved()
    await w.run({}, { only: new Map([['copy/shop.keyed', []]]) })
    expect(w.looks).not.toEqual([])
    // Only rows that were named are in step: what came since the last run is still to come.
    expect(await saved()).toMatchObject({ last_sync_time: before?.last_sync_time, position: before?.position })
    await w.run()
    expect(w.looks).not.toEqual([])
    await quiet()
  })

  it.each([
    ['it is read from further back', { lookbackMinutes: 20 }],
    ['another column tells of changes', { tableRules: [{ match: 'shop.stamped', rule: { lookbackMinutes: 30 } }] }],
    ['it is compared by digest from now on', { tableRules: [{ match: 'shop.stamped', rule: { mode: 'digest' } }] }],
  ] satisfies readonly (readonly [string, Partial<Config>])[])('by time, the copy is looked at where %s, and then not any more', async (_, more) => {
    const { tables: all } = await w.run(more)
    expect(all.filter(({ lookedAt }) => lookedAt === undefined).map(({ id }) => id)).toEqual(['copy/shop.stamped'])
    await quiet(more)
  })
})

function generator(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
