import { type DryRun, executeRun, type Plan, planRun, previewRun, type RunReport } from '@dbsync/core'
import { errorJson } from '@dbsync/core/plugin'
import { exitCodeOfReport } from '../failure.ts'
import type { ProjectFlags } from '../load-project.ts'
import { mustBeWritable, writePage } from '../page/write-page.ts'
import type { PluginHost } from '../registry.ts'
import { openView } from '../render/open-view.ts'
import { runText } from '../render/run-outcome.ts'
import type { Session } from '../session.ts'
import type { Talk } from '../talk.ts'
import { openWork } from './work.ts'

export type RunRequest = {
  readonly project: ProjectFlags
  readonly dryRun: boolean
  /** A program reads: nothing is drawn. */
  readonly json: boolean
  readonly talk?: Talk | undefined
  /** Where the report goes as an HTML page. */
  readonly page?: string | undefined
}

export type RunOutcome = { readonly warnings: readonly string[]; readonly exit: number } & (
  | { readonly kind: 'dry-run'; readonly preview: DryRun }
  | { readonly kind: 'run'; readonly plan: Plan; readonly report: RunReport }
)

/** One run, or what it would do. Throws where nothing could start; what happens to single tables is in the report. */
export async function run(host: PluginHost, { project, dryRun, json, page, talk }: RunRequest, session: Session): Promise<RunOutcome> {
  await using work = await openWork(host, project, session, talk)
  const { id, config, redact, warnings } = work
  const { interrupt } = session
  const { signal } = interrupt
  await using view = await openView({ silent: json || talk !== undefined, slots: config.parallelTables, redact })
  interrupt.onStop(() => view.notice('Stopping at the next safe point; once more stops at once.'))
  const retrying = ({ message }: { readonly message: string }, delayMs: number) =>
    view.notice(redact(`${message} Planning begins anew in ${(delayMs / 1000).toFixed(1)} s.`))

  if (dryRun) {
    await using endpoints = await work.open()
    await using prepared = await planRun(endpoints, config, { run: id, signal, lock: false, retrying })
    const preview = await previewRun(prepared, { signal })
    return { kind: 'dry-run', preview, warnings: [...warnings, ...preview.plan.warnings], exit: hasRefusals(preview) ? 1 : 0 }
  }
  if (page !== undefined) await mustBeWritable(page)
  return await work.remembered({ kind: 'run', run: id, mode: config.mode }, async (history) => {
    await using endpoints = await work.open()
    await using prepared = await planRun(endpoints, config, { run: id, signal, lock: true, retrying })
    const listeners = [...(session.log === undefined ? [] : [session.log.listener]), history.listener, view.listener]
    const report = await executeRun(prepared, { signal, listeners, redact })
    history.ran(report)
    if (page !== undefined) await writePage(page, history.snapshot()).catch((error: unknown) => void warnings.push(errorJson(error).message))
    const outcome: RunOutcome = {
      kind: 'run',
      plan: prepared.plan,
      report,
      warnings: [...warnings, ...report.warnings],
      exit: exitCodeOfReport(report, interrupt.received()),
    }
    session.log?.report(await runText(outcome, new Date()))
    return outcome
  })
}

const hasRefusals = ({ plan, tables: previews }: DryRun): boolean =>
  plan.unplanned !== undefined ||
  previews.some(({ refused }) => refused !== undefined) ||
  plan.targets.some(({ databases }) =>
    databases.some(({ tables, objectPlan }) => [...tables, ...(objectPlan?.changes ?? [])].some(({ refused }) => refused !== undefined)),
  )
