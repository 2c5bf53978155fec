import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import type { Snapshot, Source } from '../contract/source.ts'
import type { Target } from '../contract/target.ts'
import type { SyncEvent } from '../events/event.ts'
import { memoryDatabase, memorySource, memoryStore, memoryTarget, putTable, type Row } from '../memory/index.ts'
import { mustHave } from '../model/must.ts'
import type { TableSchema } from '../model/schema.ts'
import type { Plan, TablePlan } from '../plan/plan.ts'
import { executeRun } from '../run/execute.ts'
import { type PreparedRun, planRun, type Repairs } from '../run/prepare.ts'
import type { RunReport } from '../run/report.ts'
import { type VerifyOptions, verifyRun } from './verify-run.ts'

/** A source, targets and a state, and verifications of them. */
export function world(names: readonly string[] = ['copy']) {
  const source = memoryDatabase('source')
  const copies = new Map(names.map((name) => [name, memoryDatabase(name)]))
  const store = memoryStore()
  const w = {
    ...{ source, store },
    copy: (name = 'copy') => mustHave(copies, name),
    /** What the ends of a verification do otherwise. */
    change: (_name: string, _plain: Target): Partial<Target> => ({}),
    snapshot: {} as Partial<Snapshot>,
    /** Of a table's plan, what no memory database has need of. */
    editTable: (table: TablePlan): TablePlan => table,
    heard: (_event: SyncEvent): void => {},
    events: [] as SyncEvent[],
    found: new Map<string, readonly Uint8Array[] | undefined>(),
    /** Snapshots of the source. */
    opened: { now: 0, all: 0 },
    /** At the source alone, or at one copy. */
    put: (schema: TableSchema, rows: readonly Row[], name?: string) => putTable(name === undefined ? source : mustHave(copies, name), schema, rows),
    putAll: (schema: TableSchema, rows: readonly Row[]) => {
      for (const db of [source, ...copies.values()]) putTable(db, schema, rows)
    },
    async run(config: Partial<Config> = {}, only?: Repairs): Promise<RunReport> {
      await using prepared = await w.prepare(config, { lock: true, ...(only === undefined ? {} : { only }) })
      return await executeRun(prepared, { signal: new AbortController().signal, listeners: [] })
    },
    async verify(config: Partial<Config> = {}, { signal = new AbortController().signal, limit = 10 }: Partial<VerifyOptions> = {}) {
      w.events = []
      w.found = new Map()
      w.opened = { now: 0, all: 0 }
      await using prepared = await w.prepare(config, { lock: false, purpose: 'verify' })
      return await verifyRun(edited(prepared, w.editTable, { ...prepared.snapshot, ...w.snapshot }), {
        ...{ signal, limit },
        listeners: [(event) => w.events.push(event), (event) => w.heard(event)],
        found: (id, keys) => w.found.set(id, keys),
      })
    },
    /** The source, which keeps account of who reads it. */
    reading(): Source {
      const plain = memorySource(source)
      return {
        ...plain,
        async open(asked) {
          const snapshot = await plain.open(asked)
          w.opened = { now: w.opened.now + 1, all: w.opened.all + 1 }
          return { ...snapshot, [Symbol.asyncDispose]: async () => void w.opened.now-- }
        },
      }
    },
    async prepare(config: Partial<Config>, options: { readonly lock: boolean; readonly purpose?: 'verify'; readonly only?: Repairs }): Promise<PreparedRun> {
      const verifies = options.purpose === 'verify'
      const targets = new Map(
        [...copies].map(([name, db]) => {
          const plain = memoryTarget(db)
          return [name, verifies ? { ...plain, ...w.change(name, plain) } : plain]
        }),
      )
      const settings: Config = {
        ...plainConfig,
        targets: names.map((name) => ({ type: 'memory', options: {}, directory: '/', name, database: '{database}' })),
        ...{ backupBeforeSync: false, verifyAfterSync: false, retryDelayMs: 1 },
        ...config,
      }
      const { signal } = new AbortController()
      return await planRun({ source: w.reading(), targets, state: store }, settings, { run: 'r', signal, ...options })
    },
  }
  return w
}

function edited(prepared: PreparedRun, editTable: (table: TablePlan) => TablePlan, snapshot: Snapshot): PreparedRun {
  const targets = prepared.plan.targets.map((target) => ({
    ...target,
    databases: target.databases.map((database) => ({ ...database, tables: database.tables.map(editTable) })),
  }))
  const plan: Plan = { ...prepared.plan, targets }
  return { ...prepared, plan, snapshot }
}
