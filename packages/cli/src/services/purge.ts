import { type Config, executePurge, nameMatcher, type PurgeEnds, type PurgePlan, type PurgeReport, type PurgeTarget, planPurge, redactor } from '@dbsync/core'
import { ask } from '../confirm.ts'
import { loadProject, type ProjectFlags, resolveProject } from '../load-project.ts'
import { openLog } from '../log.ts'
import { openTargets } from '../open-endpoints.ts'
import type { PluginHost } from '../registry.ts'
import { planText } from '../render/purge.ts'
import { newRunId } from '../run-id.ts'
import type { Session } from '../session.ts'

export type PurgeCommand = {
  readonly project: ProjectFlags
  readonly databases: readonly string[]
  readonly targets: readonly string[] | undefined
  readonly dryRun: boolean
  readonly yes: boolean
  /** A program reads: nobody is asked. */
  readonly json: boolean
}

export type PurgeOutcome = { readonly warnings: readonly string[] } & (
  | { readonly kind: 'dry-run'; readonly plan: PurgePlan }
  | { readonly kind: 'purge'; readonly report: PurgeReport }
)

/** Removes databases from targets and state, or shows what there is to remove. Throws where something is left of them. */
export async function purge(host: PluginHost, command: PurgeCommand, session: Session): Promise<PurgeOutcome> {
  const { targets } = command
  const flags = { ...command.project, overrides: { ...command.project.overrides, ...(targets === undefined ? {} : { targets }) } }
  const project = await loadProject(host, flags)
  const config = await resolveProject(project, session)
  const warnings = [...config.warnings]
  const warn = (message: string) => void warnings.push(message)
  const { signal } = session.interrupt
  if (!command.dryRun) {
    session.log = await openLog({ config, run: newRunId(new Date()), redact: redactor([...session.secrets]), onLost: warn })
  }
  await using opened = await openTargets(config, project.registry, { signal, warn })
  const ends: PurgeEnds = { targets: purgeTargets(config, opened.targets), everywhere: targets === undefined, state: opened.state }
  const plan = await planPurge(ends, command.databases, signal)
  warnings.push(...comingBack(config, plan))
  if (command.dryRun) return { kind: 'dry-run', plan, warnings }
  if (!command.yes)
    await ask(
      { what: 'A purge deletes rows for good', shown: () => asked(plan, warnings), question: 'Delete all of this for good?', look: '--dry-run' },
      command.json,
      session,
    )
  session.log?.entry('purge.started', { plan })
  const report = await executePurge(ends, plan, signal)
  session.log?.entry('purge.finished', { report })
  return { kind: 'purge', report, warnings }
}

const purgeTargets = ({ targets }: Config, opened: Awaited<ReturnType<typeof openTargets>>['targets']): readonly PurgeTarget[] =>
  targets.flatMap(({ name, type, database }) => {
    const target = opened.get(name)
    return target === undefined ? [] : [{ name, type, database, target }]
  })

const comingBack = ({ databases }: Config, plan: PurgePlan): readonly string[] => {
  return plan.databases.filter(nameMatcher(databases)).map((name) => `db_list still selects ${name}: the next run brings it back, if the source has it`)
}

const asked = async (plan: PurgePlan, warnings: readonly string[]): Promise<string> =>
  [await planText(plan), ...warnings.map((warning) => `warning: ${warning}`)].join('\n')
