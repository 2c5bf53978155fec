import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import type { Snapshot, Visibility } from '../contract/source.ts'
import type { StateStore } from '../contract/state-store.ts'
import type { Target, TargetSupports } from '../contract/target.ts'
import type { SyncEvent } from '../events/event.ts'
import { type MemoryDatabase, memoryDatabase, memorySource, memoryStore, memoryTarget, putTable, type Row } from '../memory/index.ts'
import type { Column, TableSchema } from '../model/schema.ts'
import type { DatabasePlan, TablePlan } from '../plan/plan.ts'
import { databaseKey, parseDatabaseState } from '../state/records.ts'
import { executeRun } from './execute.ts'
import { type PreparedRun, type PrepareOptions, planRun } from './prepare.ts'
import type { RunReport } from './report.ts'

export const int = (name: string): Column => ({ name, type: { kind: 'int', bits: 32 }, nullable: false })
export const text = (name: string): Column => ({ name, type: { kind: 'text' }, nullable: false })
export const stamp: Column = { name: 'updated_at', type: { kind: 'timestamp', fraction: 0 }, nullable: false, stamped: 'on-update' }

export const schemaOf = (name: string, columns: readonly Column[], key: readonly string[] = ['id']): TableSchema => ({
  ...{ table: { database: 'shop', name }, columns, key, uniqueKeys: [], foreignKeys: [], referencedBy: [], triggers: [], transactional: true },
})
/** A table that goes by time. */
export const users = schemaOf('users', [int('id'), text('name'), stamp])
/** One that is compared. */
export const items = schemaOf('items', [int('id'), text('name')])

export const user = (id: number, name = 'a', at = '2025-01-01 00:00:00'): Row => [String(id), name, at]

export type Going = { readonly signal?: AbortSignal; readonly only?: NonNullable<PrepareOptions['only']> }

/** Two servers and a state, runs between them, and what can go wrong. `edits` change a plan: what no memory database has need of. */
export function bench(config: Partial<Config> = {}) {
  const [source, target] = [memoryDatabase('source'), memoryDatabase('target')]
  const store: StateStore = memoryStore({ fault: (point): void => w.storeFault(point) })
  const w = {
    ...{ source, target },
    visibility: { scope: 'complete' } as Visibility,
    sourceFault: (_point: string): void | Promise<void> => {},
    targetFault: (_point: string): void | Promise<void> => {},
    storeFault: (_point: string): void => {},
    /** Told of each statement before it is run. */
    statement: (_statement: string): void | Promise<void> => {},
    overrides: {} as Partial<Target>,
    supports: {} as Partial<TargetSupports>,
    snapshot: {} as Partial<Snapshot>,
    editTable: (table: TablePlan): TablePlan => table,
    editDatabase: (database: DatabasePlan): DatabasePlan => database,
    editRun: (prepared: PreparedRun): PreparedRun => prepared,
    heard: (_event: SyncEvent): void => {},
    statements: [] as string[],
    events: [] as SyncEvent[],
    store,
    put: (schema: TableSchema, rows: readonly Row[]): void => putTable(source, schema, rows),
    async run(more: Partial<Config> = {}, { signal = new AbortController().signal, only }: Going = {}): Promise<RunReport> {
      w.statements = []
      w.events = []
      const memory = memoryTarget(target, { fault: (point) => w.targetFault(point), supports: w.supports })
      const copy: Target = {
        ...memory,
        async run(statements, stop) {
          for (const statement of statements) {
            w.statements.push(statement.split('\n', 1)[0] ?? '')
            await w.statement(statement)
            stop.throwIfAborted()
            // What a memory database knows has a second line; all else is the test's.
            if (statement.includes('\n')) await memory.run([statement], stop)
          }
        },
        ...w.overrides,
      }
      const plain = memorySource(source, { fault: (point) => w.sourceFault(point), visibility: w.visibility })
      const from = { ...plain, open: async (options: Parameters<typeof plain.open>[0]) => ({ ...(await plain.open(options)), ...w.snapshot }) }
      await using prepared = await planRun(
        { source: from, targets: new Map([['copy', copy]]), state: store },
        { ...plainConfig, backupBeforeSync: false, verifyAfterSync: false, retryDelayMs: 1, ...config, ...more },
        { run: 'r', signal, lock: true, ...(only === undefined ? {} : { only }) },
      )
      const targets = prepared.plan.targets.map((one) => ({
        ...one,
        databases: one.databases.map((database) => w.editDatabase({ ...database, tables: database.tables.map((table) => w.editTable(table)) })),
      }))
      const edited = w.editRun({ ...prepared, plan: { ...prepared.plan, targets } })
      return await executeRun(edited, {
        signal,
        listeners: [(event) => w.events.push(event), (event) => w.heard(event)],
        redact: (said) => said.replaceAll('s3cret', '***'),
      })
    },
    rows: (schema: TableSchema, db: MemoryDatabase = target): string[] =>
      [...(db.databases.get('shop')?.get(schema.table.name)?.rows ?? [])].map((row) => row.map(String).join('|')).sort(),
    /** What the state says of a table. */
    async saved(schema: TableSchema) {
      const entry = await store.read(databaseKey('shop'))
      return entry && parseDatabaseState('shop', entry.value).tables[schema.table.name]?.targets?.['copy']
    },
  }
  return w
}

export const tableIn = ({ tables }: RunReport, { table }: TableSchema) => tables.find(({ id }) => id === `copy/shop.${table.name}`)
