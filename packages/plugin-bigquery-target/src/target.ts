import { type PluginContext, SyncError, type Target, type TargetLock, type WriteWork } from '@dbsync/core/plugin'
import { renderChange } from './ddl.ts'
import { datasetTables, tableIds } from './describe.ts'
import { diffTenant } from './diff.ts'
import { syncError } from './failures.ts'
import { askTable, fitTable, narrowings } from './fit.ts'
import { Jobs } from './jobs.ts'
import { keptRows } from './kept.ts'
import { isLocked, takeLock } from './lock.ts'
import { Mutexes } from './mutexes.ts'
import { previewWork } from './preview.ts'
import { comparing } from './ranges.ts'
import { bigqueryReader, type Session } from './reader.ts'
import { openRest } from './rest.ts'
import { bigquerySettings, type Settings } from './settings.ts'
import { quoteName } from './sql.ts'
import { stagingPrefix } from './staging.ts'
import { BigqueryWriter } from './writer.ts'

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
      jobs.location = found?.location ?? settings.location
      return found !== undefined
    } catch (error) {
      throw syncError(error, `looking for dataset ${dataset}`)
    }
  }
  await find(context.signal)
  return bigqueryTarget({ rest, jobs, place, tables: datasetTables(rest, dataset) }, settings, context, find)
}

function bigqueryTarget(session: Session, settings: Settings, context: PluginContext, exists: (signal: AbortSignal) => Promise<boolean>): Target {
  const { rest, jobs, place } = session
  const { dataset } = place
  const mutexes = new Mutexes()
  const locks = new Map<string, TargetLock>()
  const disposed = new AbortController()
  return {
    ...bigqueryReader(session),
    ...comparing(session),
    supports: {
      deletes: settings.deletes !== 'ignore',
      keylessDeletes: settings.deletes !== 'ignore',
      concurrentTables: context.limits.connections,
      sharedTables: true,
      ...(settings.deletes === 'ignore' ? { addsOnce: true as const } : {}),
    },
    identity: async () => ({ id: `bigquery:${rest.project}.${dataset}`, label: `BigQuery dataset ${rest.project}.${dataset}` }),
    databases: async () => ((await exists(context.signal)) ? [dataset] : []),
    fit: (schema, as) => fitTable(schema, as, settings.overrides),
    kept: (schema, rows) => keptRows(schema, rows, settings.overrides),
    ask: (schema) => askTable(schema, settings.overrides),
    narrows: (schema) => narrowings(schema, settings.overrides),
    diff: (actual, wanted) => diffTenant(actual, wanted),
    render: (change) => renderChange(change, place),
    async run(statements, signal) {
      for (const sql of statements) await jobs.execute('changing a definition', sql, signal)
      if (statements.length > 0) session.tables.changed()
    },
    async leftovers(tenant) {
      const signal = AbortSignal.timeout(60_000)
      try {
        const ids = (await tableIds(rest, dataset, signal, true)).filter((id) => id.startsWith(stagingPrefix(tenant)))
        return ids.map((id) => `DROP TABLE IF EXISTS ${quoteName(place.project, dataset, id)}`)
      } catch (error) {
        throw syncError(error, `looking for what a killed run left in ${dataset}`)
      }
    },
    preview: (work, effects) => previewWork(work, effects, { place, deletes: settings.deletes }),
    async open(work: WriteWork, signal: AbortSignal) {
      signal.throwIfAborted()
      const tenant = work.schema.table.database
      const lock = locks.get(tenant)
      const allowed = () => {
        if (lock !== undefined && !lock.held()) throw lockLost(tenant)
      }
      const stop = AbortSignal.any([signal, disposed.signal])
      return new BigqueryWriter({ ...session, settings, work, mutexes, allowed, warn: (message) => context.warn(message), signal: stop })
    },
    async lock(tenant, signal) {
      signal.throwIfAborted()
      const lock = await takeLock(rest, dataset, tenant, signal)
      locks.set(tenant, lock)
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
    },
  }
}

const lockLost = (tenant: string): SyncError =>
  new SyncError('RUN_LOCK_LOST', `The lock on tenant ${tenant} was lost before its rows were written.`, {
    kind: 'transient',
    hint: 'Another run may have started meanwhile. Run again.',
  })
