import { type PluginContext, SyncError, type Target, type TargetLock, type WriteWork } from '@dbsync/core/plugin'
import { askTable, diffTenant, fitTable, keptRows, narrowings, shareTables, tenantPurge } from '@dbsync/warehouse'
import { LoadBudget } from './budget.ts'
import { renderChange } from './ddl.ts'
import { datasetTables } from './describe.ts'
import { BIGQUERY } from './dialect.ts'
import { examineDataset } from './examine.ts'
import { syncError } from './failures.ts'
import { definitionJob, Jobs } from './jobs.ts'
import { isLocked, takeLock } from './lock.ts'
import { Mutexes } from './mutexes.ts'
import { Once } from './once.ts'
import { previewWork, workCosts } from './preview.ts'
import { bigqueryReader, type Session } from './reader.ts'
import { openRest } from './rest.ts'
import { bigquerySettings, type Settings } from './settings.ts'
import { quoteName } from './sql.ts'
import { mergeJob, stagingPrefix } from './staging.ts'
import { BigqueryWriter } from './writer.ts'

/** Raised whenever rows are written otherwise than before: every table is looked at once then. */
const ROW_FORM = 1

type Dataset = { readonly location?: string }

/** Looks for the dataset once, to know where it is. A run makes it where it is not there. */
export async function openTarget(options: Readonly<Record<string, unknown>>, context: PluginContext): Promise<Target> {
  return await openWith(bigquerySettings(options, context), context)
}

export async function openWith(settings: Settings, context: PluginContext): Promise<Target> {
  const rest = await openRest(settings, context.signal)
  const jobs = new Jobs(rest, settings)
  const { dataset } = settings
  const place = { project: rest.project, dataset, location: settings.location }
  const find = async (signal: AbortSignal): Promise<boolean> => {
    try {
      const found = await rest.find<Dataset>({ path: `/datasets/${dataset}`, signal })
      if (found?.location !== undefined && settings.location !== undefined && found.location.toLowerCase() !== settings.location.toLowerCase()) {
        throw elsewhere(dataset, found.location, settings.location)
      }
      jobs.location = found?.location ?? settings.location
      return found !== undefined
    } catch (error) {
      throw syncError(error, `looking for dataset ${dataset}`)
    }
  }
  const there = await find(context.signal)
  return bigqueryTarget({ rest, jobs, place, tables: datasetTables(rest, dataset) }, settings, context, { there, exists: find })
}

/** Whether the dataset was there when the target was opened, and whether it is now. */
type Presence = { readonly there: boolean; readonly exists: (signal: AbortSignal) => Promise<boolean> }

function bigqueryTarget(session: Session, settings: Settings, context: PluginContext, { there, exists }: Presence): Target {
  const { rest, jobs, place } = session
  const { dataset } = place
  const mutexes = new Mutexes()
  // Every tenant of a run asks for the same new column; a table takes five changes in ten seconds.
  const altered = new Once()
  const locks = new Map<string, TargetLock>()
  /** By the statement that removes it, the staging table of a killed run. */
  const abandoned = new Map<string, string>()
  const warn = (message: string) => context.warn(message)
  const budget = new LoadBudget({ rest, dataset, limit: settings.maxDailyLoads, warn })
  const disposed = new AbortController()
  return {
    ...bigqueryReader(session),
    supports: {
      deletes: settings.deletes !== 'ignore',
      keylessDeletes: settings.deletes !== 'ignore',
      concurrentTables: context.limits.connections,
      sharedTables: true,
      billed: { form: JSON.stringify([ROW_FORM, settings.deletes, settings.strict]) },
      ...(settings.deletes === 'ignore' ? { addsOnce: true as const } : {}),
    },
    identity: async () => ({ id: `bigquery:${rest.project}.${dataset}`, label: `BigQuery dataset ${rest.project}.${dataset}` }),
    databases: async () => (there || (await exists(context.signal)) ? [dataset] : []),
    examine: async (request) => examineDataset(rest, dataset, await exists(request.signal), request.signal),
    fit: (schema, as) => fitTable(BIGQUERY, schema, as, settings.overrides),
    kept: (schema, rows) => keptRows(BIGQUERY, schema, rows, settings.overrides),
    ask: (schema) => askTable(BIGQUERY, schema, settings.overrides),
    narrows: (schema) => narrowings(BIGQUERY, schema, settings.overrides),
    diff: (actual, wanted, { shared }) => diffTenant(BIGQUERY, actual, wanted, { onTypeConflict: settings.onTypeConflict, shared }),
    share: (existing, wanted) => shareTables(BIGQUERY, existing, wanted, settings.onTypeConflict),
    render: (change) => renderChange(change, place),
    async run(statements, signal) {
      for (const sql of statements) {
        const execute = () => jobs.execute(sql, { doing: 'changing a definition', name: definitionJob(), signal })
        await (sql.startsWith('ALTER TABLE') ? altered.once(sql, execute) : execute())
        const staging = abandoned.get(sql)
        if (staging !== undefined) await jobs.settle(mergeJob(staging), signal)
      }
      if (statements.length > 0) session.tables.changed()
    },
    // Without its staging table no MERGE of the killed run can begin any more; `run` then waits for the one that may have begun.
    async leftovers(tenant) {
      const ids = (await session.tables.own(AbortSignal.timeout(60_000))).filter((id) => id.startsWith(stagingPrefix(tenant)))
      return ids.map((id) => {
        const sql = `DROP TABLE IF EXISTS ${quoteName(place.project, dataset, id)}`
        abandoned.set(sql, id)
        return sql
      })
    },
    async purge(tenant, signal) {
      const ids = await session.tables.shared(signal)
      const tables = ids.map((id) => ({ name: id, sql: quoteName(place.project, dataset, id) }))
      return await tenantPurge(BIGQUERY, jobs, tables, tenant, signal)
    },
    preview: (work, effects) => previewWork(work, effects, { place, deletes: settings.deletes }),
    async costs(work, sent, signal) {
      const { loadBytes, deletes } = settings
      const tableBytes = work.existing === undefined ? 0 : await session.tables.bytes(work.schema.table.name, signal)
      return workCosts(work, sent, { loadBytes, deletes, tableBytes })
    },
    async open(work: WriteWork, signal: AbortSignal) {
      signal.throwIfAborted()
      const tenant = work.schema.table.database
      const lock = locks.get(tenant)
      const allowed = () => {
        if (lock !== undefined && !lock.held()) throw lockLost(tenant)
      }
      const stop = AbortSignal.any([signal, disposed.signal])
      return new BigqueryWriter({ ...session, settings, work, mutexes, budget, allowed, warn, signal: stop })
    },
    async lock(tenant, signal) {
      signal.throwIfAborted()
      const lock = await takeLock(rest, dataset, tenant, signal)
      locks.set(tenant, lock)
      // What was seen before may be another run's by now.
      session.tables.changed()
      return {
        held: () => lock.held(),
        async [Symbol.asyncDispose]() {
          if (locks.get(tenant) === lock) locks.delete(tenant)
          await lock[Symbol.asyncDispose]()
        },
      }
    },
    async locked(tenant, signal) {
      try {
        return await isLocked(rest, dataset, tenant, signal)
      } catch (error) {
        throw syncError(error, `looking for the lock of ${tenant}`)
      }
    },
    async [Symbol.asyncDispose]() {
      disposed.abort(new SyncError('CANCELLED', 'The target was closed.', { kind: 'cancelled' }))
      await budget[Symbol.asyncDispose]()
    },
  }
}

const elsewhere = (dataset: string, is: string, wanted: string): SyncError =>
  new SyncError('BIGQUERY_OPTIONS', `BigQuery: dataset ${dataset} is in ${is}, and location says ${wanted}.`, {
    kind: 'config',
    hint: `A dataset cannot be moved. Set location to ${is} or leave it out, or name another dataset.`,
  })

const lockLost = (tenant: string): SyncError =>
  new SyncError('RUN_LOCK_LOST', `The lock on tenant ${tenant} was lost before its rows were written.`, {
    kind: 'transient',
    hint: 'Another run may have started meanwhile. Run again.',
  })
