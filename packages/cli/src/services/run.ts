import { randomBytes } from 'node:crypto'
import { type DryRun, executeRun, type Plan, planRun, previewRun, type RunReport, redactor } from '@dbsync/core'
import { exitCodeOfReport } from '../failure.ts'
import { loadProject, type ProjectFlags, resolveProject } from '../load-project.ts'
import { openLog } from '../log.ts'
import { openEndpoints } from '../open-endpoints.ts'
import type { PluginHost } from '../registry.ts'
import { openView } from '../render/open-view.ts'
import type { Session } from '../session.ts'

export type RunRequest = {
  readonly project: ProjectFlags
  readonly dryRun: boolean
  /** A program reads: nothing is drawn. */
  readonly json: boolean
}

export type RunOutcome = { readonly warnings: readonly string[]; readonly exit: number } & (
  | { readonly kind: 'dry-run'; readonly preview: DryRun }
  | { readonly kind: 'run'; readonly plan: Plan; readonly report: RunReport }
)

/** One run, or what it would do. Throws where nothing could start; what happens to single tables is in the report. */
export async function run(host: PluginHost, { project: flags, dryRun, json }: RunRequest, session: Session): Promise<RunOutcome> {
  const project = await loadProject(host, flags)
  const config = await resolveProject(project, session)
  const id = newRunId(new Date())
  const redact = redactor([...session.secrets])
  const warnings = [...config.warnings]

  session.log = await openLog({ directory: config.directory, run: id, redact, onLost: (message) => void warnings.push(message) })
  for (const warning of warnings) session.log.warning(warning)
  const { signal } = session.interrupt

  await using view = await openView({ json, slots: config.parallelTables, redact })
  session.interrupt.onStop(() => view.notice('Stopping at the next safe point; once more stops at once.'))
  await using endpoints = await openEndpoints(config, project.registry, { signal, warn: (message) => void warnings.push(message) })
  await using prepared = await planRun(endpoints, config, {
    run: id,
    signal,
    lock: !dryRun,
    retrying: ({ message }, delayMs) => view.notice(redact(`${message} Planning begins anew in ${(delayMs / 1000).toFixed(1)} s.`)),
  })

  if (dryRun) {
    const preview = await previewRun(prepared, { signal })
    return { kind: 'dry-run', preview, warnings: [...warnings, ...preview.plan.warnings], exit: hasRefusals(preview) ? 1 : 0 }
  }
  const report = await executeRun(prepared, { signal, listeners: [session.log.listener, view.listener], redact })
  return { kind: 'run', plan: prepared.plan, report, warnings: [...warnings, ...report.warnings], exit: exitCodeOfReport(report, session.interrupt.received()) }
}

/** Sorts by time, and two runs of one second differ. */
export const newRunId = (now: Date): string => `${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`

const hasRefusals = ({ plan, tables: previews }: DryRun): boolean =>
  previews.some(({ refused }) => refused !== undefined) ||
  plan.targets.some(({ databases }) =>
    databases.some(({ tables, objectPlan }) => [...tables, ...(objectPlan?.changes ?? [])].some(({ refused }) => refused !== undefined)),
  )
