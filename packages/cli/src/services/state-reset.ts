import { afterReset, escapeName, executeReset, nameMatcher, planReset, planRun, type ResetPlan, type ResetTable, SyncError } from '@dbsync/core'
import { ask } from '../confirm.ts'
import type { ProjectFlags } from '../load-project.ts'
import { openEndpoints } from '../open-endpoints.ts'
import type { PluginHost } from '../registry.ts'
import { resetTablesText } from '../render/state-reset.ts'
import { newRunId } from '../run-id.ts'
import type { Session } from '../session.ts'
import { beginLog, openStateWork, type StateWork } from './state-work.ts'

export type ResetRequest = {
  readonly project: ProjectFlags
  readonly selection: {
    readonly databases: readonly string[] | undefined
    readonly tables: readonly string[] | undefined
    readonly targets: readonly string[] | undefined
  }
  readonly preview: boolean
  readonly yes: boolean
  /** A program reads: nobody is asked. */
  readonly json: boolean
}

/** `next`: what the next run does with the table; `unknown`: nobody could be asked. */
export type ForgottenTable = ResetTable & { readonly next: 'full' | 'compare' | 'not selected' | 'unknown'; readonly reason: string }

export type ResetOutcome = { readonly kind: 'preview' | 'reset'; readonly tables: readonly ForgottenTable[]; readonly warnings: readonly string[] }

export async function resetState(host: PluginHost, { project, selection, preview, yes, json }: ResetRequest, session: Session): Promise<ResetOutcome> {
  await using work = await openStateWork(host, project, session, preview)
  const plan = await planReset(work.state, selection, new Date())
  const tables = await forecast(work, plan, session.interrupt.signal)
  const { warnings } = work
  if (preview) return { kind: 'preview', tables, warnings }
  if (!yes) {
    const what = 'A reset makes the next run read these tables as a whole'
    await ask({ what, shown: () => resetTablesText(tables), question: 'Forget how far they have come?', look: '--preview' }, json, session)
  }
  await beginLog(work, session)
  await executeReset(work.state, work.targets, plan, session.interrupt.signal)
  session.log?.entry('state.reset', { tables })
  return { kind: 'reset', tables, warnings }
}

/** What the next run would plan for these tables, asked of both ends as they are now. Writes nothing. */
async function forecast(work: StateWork, plan: ResetPlan, signal: AbortSignal): Promise<readonly ForgottenTable[]> {
  const { config, registry, warnings } = work
  const selected = [...new Set(plan.tables.map(({ database }) => database))].filter(nameMatcher(config.databases))
  if (selected.length === 0) return plan.tables.map((table) => ({ ...table, ...NOT_SELECTED }))
  try {
    await using ends = await openEndpoints(config, registry, afterReset(work.state, plan), { signal, warn: (message) => void warnings.push(message) })
    const narrowed = { ...config, databases: selected.map(escapeName), maxRetries: 0 }
    await using next = await planRun(ends, narrowed, { run: newRunId(new Date()), signal, lock: false })
    return plan.tables.map((table) => {
      const target = next.plan.targets.find(({ name }) => name === table.target)
      const database = target?.databases.find(({ source }) => source === table.database)
      const found = database?.tables.find(({ schema }) => schema.table.name === table.table)
      if (found === undefined) return { ...table, ...NOT_SELECTED }
      if (found.refused !== undefined) return { ...table, next: 'unknown', reason: found.refused.message }
      return { ...table, next: found.strategy.kind === 'full' ? 'full' : 'compare', reason: found.reason }
    })
  } catch (error) {
    if (!SyncError.is(error) || error.kind === 'bug' || error.kind === 'cancelled') throw error
    warnings.push(`what the next run does could not be asked of source and target: ${error.message}`)
    return plan.tables.map((table) => ({ ...table, next: 'unknown', reason: 'compared where the target has rows and can be compared, else copied in full' }))
  }
}

const NOT_SELECTED = { next: 'not selected', reason: 'no run syncs it as things are configured now' } as const
