import { basename } from 'node:path'
import { type PluginContext, SyncError, type Target, type TargetLock, type WriteWork } from '@dbsync/core/plugin'
import { askTable, diffTenant, fitTable, keptRows, narrowings, shareTables, tenantPurge, warehouseReader } from '@dbsync/warehouse'
import { renderChange, tableAt } from './ddl.ts'
import { describeTables } from './describe.ts'
import { DUCKDB } from './dialect.ts'
import { duckdbError } from './failures.ts'
import { attachStatement, openFile, type WarehouseFile } from './file.ts'
import { previewWork } from './preview.ts'
import { fileQueries, runAtOnce } from './queries.ts'
import { duckdbSettings, type Settings } from './settings.ts'
import { DuckdbWriter } from './writer.ts'

/** All writers together hold about so many bytes of rows on their way. */
const ROWS_IN_MEMORY = 64_000_000

/** Opens the file where it is there; a run makes it where it is not. Throws `DUCKDB_IN_USE` where another program has it. */
export async function openTarget(options: Readonly<Record<string, unknown>>, context: PluginContext): Promise<Target> {
  const settings = duckdbSettings(options, context)
  return duckdbTarget(await openFile(settings.path, settings.memoryLimit), settings, context)
}

function duckdbTarget(file: WarehouseFile, settings: Settings, context: PluginContext): Target {
  const { path } = file
  const queries = fileQueries(file)
  const locks = new Map<string, TargetLock>()
  const writers = new Set<DuckdbWriter>()
  const room = () => ROWS_IN_MEMORY / Math.max(1, writers.size)
  const disposed = new AbortController()
  const live = (signal: AbortSignal) => AbortSignal.any([signal, disposed.signal])
  return {
    ...warehouseReader({ dialect: DUCKDB, queries, tableAt }),
    async describe(tenant, names) {
      return (await file.exists()) ? await describeTables(queries, tenant, names, disposed.signal) : []
    },
    supports: {
      deletes: settings.deletes !== 'ignore',
      keylessDeletes: settings.deletes !== 'ignore',
      concurrentTables: context.limits.connections,
      sharedTables: true,
      foldsNames: true,
      ...(settings.deletes === 'ignore' ? { addsOnce: true as const } : {}),
    },
    identity: async () => ({ id: `duckdb:${path}`, label: `DuckDB file ${path}` }),
    databases: async () => ((await file.exists()) ? [basename(path)] : []),
    fit: (schema, as) => fitTable(DUCKDB, schema, as, settings.overrides),
    kept: (schema, rows) => keptRows(DUCKDB, schema, rows, settings.overrides),
    ask: (schema) => askTable(DUCKDB, schema, settings.overrides),
    narrows: (schema) => narrowings(DUCKDB, schema, settings.overrides),
    diff: (actual, wanted, { shared }) => diffTenant(DUCKDB, actual, wanted, { onTypeConflict: settings.onTypeConflict, shared }),
    share: (existing, wanted) => shareTables(DUCKDB, existing, wanted, settings.onTypeConflict),
    render: (change) => renderChange(change, path),
    async run(statements, signal) {
      const attach = attachStatement(path)
      if (statements.includes(attach)) await file.create()
      const others = statements.filter((sql) => sql !== attach)
      if (others.length === 0) return
      await file.alone('', async () => {
        const connection = await file.connect()
        try {
          await runAtOnce(connection, others, live(signal))
        } catch (error) {
          throw duckdbError(error, 'changing a definition', path)
        } finally {
          connection.closeSync()
        }
      })
    },
    // Rows on their way are in memory and in files of a folder that is emptied when the file is opened.
    leftovers: async () => [],
    async purge(tenant, signal) {
      const tables = (await file.exists()) ? await describeTables(queries, tenant, undefined, signal) : []
      const ours = tables.filter(({ columns }) => columns.length > 0).map(({ table }) => ({ name: table.name, sql: tableAt(table) }))
      return await tenantPurge(DUCKDB, queries, ours, tenant, signal)
    },
    preview: (work, effects) => previewWork(work, effects, { path, deletes: settings.deletes }),
    async open(work: WriteWork, signal: AbortSignal) {
      const stop = live(signal)
      stop.throwIfAborted()
      const tenant = work.schema.table.database
      const lock = locks.get(tenant)
      const allowed = () => {
        if (lock !== undefined && !lock.held()) throw lockLost(tenant)
      }
      await file.create()
      const warn = (message: string) => context.warn(message)
      const ended = () => void writers.delete(writer)
      const writer: DuckdbWriter = new DuckdbWriter({ file, queries, settings, work, allowed, warn, room, ended, signal: stop }, await file.connect())
      writers.add(writer)
      return writer
    },
    async lock(tenant, signal) {
      signal.throwIfAborted()
      const lock = takeLock(file, tenant, () => locks.delete(tenant))
      locks.set(tenant, lock)
      return lock
    },
    locked: async (tenant) => file.locks.has(tenant),
    async [Symbol.asyncDispose]() {
      if (disposed.signal.aborted) return
      disposed.abort(new SyncError('CANCELLED', 'The target was closed.', { kind: 'cancelled' }))
      for (const writer of writers) await writer[Symbol.asyncDispose]()
      for (const lock of locks.values()) await lock[Symbol.asyncDispose]()
      await file[Symbol.asyncDispose]()
    },
  }
}

/** Other processes cannot open the file at all: there is only this one to keep apart. */
function takeLock({ locks, path }: WarehouseFile, tenant: string, released: () => void): TargetLock {
  if (locks.has(tenant)) {
    throw new SyncError('RUN_LOCKED', `Another run writes to tenant ${tenant} of the DuckDB file ${path}.`, { kind: 'locked', hint: 'Wait for it to end.' })
  }
  locks.add(tenant)
  let held = true
  return {
    held: () => held,
    async [Symbol.asyncDispose]() {
      if (!held) return
      held = false
      locks.delete(tenant)
      released()
    },
  }
}

const lockLost = (tenant: string): SyncError =>
  new SyncError('RUN_LOCK_LOST', `The lock on tenant ${tenant} was lost before its rows were written.`, {
    kind: 'transient',
    hint: 'Another run may have started meanwhile. Run again.',
  })
