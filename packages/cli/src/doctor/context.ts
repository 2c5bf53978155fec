import type { Config, Examination, ExamineRequest, Inventory, Source, StateStore, Target } from '@dbsync/core'
import { tableOutlook, takeInventory } from '@dbsync/core'
import type { Project, ProjectFlags } from '../load-project.ts'
import { loadProject } from '../load-project.ts'
import type { PluginHost } from '../registry.ts'
import type { Session } from '../session.ts'
import { type Attempt, attempt, needed } from './attempt.ts'
import { lenientHost } from './lenient-host.ts'
import { type OpenedEnds, openEnds } from './open-ends.ts'

/** All that the checks look at, gathered once. Each part may be missing without the others. */
export type Context = {
  readonly host: PluginHost
  readonly flags: ProjectFlags
  readonly session: Session
  readonly now: Date
  readonly project: Attempt<Project>
  /** Secrets are references. */
  readonly config: Attempt<Config>
  readonly source: Attempt<Source>
  readonly targets: ReadonlyMap<string, Attempt<Target>>
  readonly state: Attempt<StateStore>
  /** Connections that said something while they were opened. */
  readonly warnings: readonly string[]
  readonly inventory: Attempt<Inventory>
  readonly examined: { readonly source: Attempt<Examination>; readonly targets: ReadonlyMap<string, Attempt<Examination>> }
}

export async function openContext(host: PluginHost, flags: ProjectFlags, session: Session): Promise<Context & AsyncDisposable> {
  const { signal } = session.interrupt
  await using stack = new AsyncDisposableStack()
  const project = await attempt(signal, () => loadProject(lenientHost(host), flags))
  const ends = await openEnds(project, session, stack)
  const config = await attempt(signal, async () => needed(project, 'the configuration cannot be used').loaded.config)
  const inventory = await attempt(signal, () =>
    takeInventory(needed(ends.source, 'the source cannot be opened'), needed(config, 'the configuration cannot be used'), signal),
  )
  const examined = await examineEnds(ends, config, inventory, signal)
  const opened = stack.move()
  return { host, flags, session, now: new Date(), project, config, ...ends, inventory, examined, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

const NOTHING: Examination = { findings: [] }

async function examineEnds(ends: OpenedEnds, config: Attempt<Config>, inventory: Attempt<Inventory>, signal: AbortSignal): Promise<Context['examined']> {
  const databases = inventory.ok ? inventory.value.databases : []
  const request = (names: readonly string[], tables: ExamineRequest['tables']): ExamineRequest => ({
    databases: names,
    objects: config.ok ? config.value.objects : [],
    backups: config.ok && config.value.backupBeforeSync,
    connections: config.ok ? config.value.connections : 1,
    tables,
    signal,
  })
  const source = await attempt(signal, async () => {
    const opened = needed(ends.source, 'the source cannot be opened')
    return (await opened.examine?.(request(databases, timedTables(config, inventory, ends.targets)))) ?? NOTHING
  })
  const targets = new Map<string, Attempt<Examination>>()
  for (const [name, target] of ends.targets) {
    const template = config.ok ? (config.value.targets.find((each) => each.name === name)?.database ?? '{database}') : '{database}'
    const copies = [...new Set(namesOf(config, databases).map((database) => template.replaceAll('{database}', () => database)))]
    targets.set(name, await attempt(signal, async () => (await needed(target, `target ${name} cannot be opened`).examine?.(request(copies, []))) ?? NOTHING))
  }
  return { source, targets }
}

/** Where the source cannot be asked, the databases that are named. */
function namesOf(config: Attempt<Config>, databases: readonly string[]): readonly string[] {
  if (databases.length > 0 || !config.ok) return databases
  return config.value.databases.filter((pattern) => !/[*?[\\]/.test(pattern))
}

/** A table goes by time if it does at one of the targets. */
function timedTables(config: Attempt<Config>, inventory: Attempt<Inventory>, targets: OpenedEnds['targets']): ExamineRequest['tables'] {
  if (!config.ok || !inventory.ok) return []
  const opened = [...targets.values()].flatMap((target) => (target.ok ? [target.value] : []))
  return inventory.value.tables.map((schema) => {
    const looks = (opened.length === 0 ? [undefined] : opened).map((target) => tableOutlook(config.value, inventory.value, schema, target))
    return { schema, timed: [...new Set(looks.flatMap(({ timed }) => timed))] }
  })
}
