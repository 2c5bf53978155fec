import { type Config, type MigrationTarget, redactor, type StateStore } from '@dbsync/core'
import { loadProject, type ProjectFlags, resolveProject } from '../load-project.ts'
import { openLog } from '../log.ts'
import { openState } from '../open-endpoints.ts'
import type { PluginHost, Registry } from '../registry.ts'
import { newRunId } from '../run-id.ts'
import type { Session } from '../session.ts'

/** What the commands about the state begin with: neither end is opened. */
export interface StateWork extends AsyncDisposable {
  readonly config: Config
  readonly registry: Registry
  readonly state: StateStore
  /** All that are configured. */
  readonly targets: readonly MigrationTarget[]
  /** Told to people at the end. */
  readonly warnings: string[]
}

/** `readOnly`: what killed commands left is not tidied up either. */
export async function openStateWork(host: PluginHost, flags: ProjectFlags, session: Session, readOnly: boolean): Promise<StateWork> {
  const project = await loadProject(host, flags)
  const config = await resolveProject(project, session)
  const warnings = [...config.warnings]
  const warn = (message: string) => void warnings.push(message)
  const state = await openState(config, project.registry, { signal: session.interrupt.signal, warn, ...(readOnly ? { readOnly } : {}) })
  return {
    config,
    registry: project.registry,
    state,
    targets: config.targets.map(({ name, database: template }) => ({ name, template })),
    warnings,
    [Symbol.asyncDispose]: () => state[Symbol.asyncDispose](),
  }
}

/** For commands that write: what they did stands in the log. */
export async function beginLog({ config, warnings }: StateWork, session: Session): Promise<void> {
  const redact = redactor([...session.secrets])
  session.log = await openLog({ config, run: newRunId(new Date()), redact, onLost: (message) => void warnings.push(message) })
}

type Listing = Awaited<ReturnType<NonNullable<StateStore['legacy']>['list']>>

/** What an older tool knew of tables, as long as nobody has taken it over: runs of those tables refuse to begin. */
export function waitingNote(listing: Listing | undefined): readonly string[] {
  const count = listing?.files.filter(({ content }) => content.kind === 'table').length ?? 0
  if (count === 0) return []
  return [
    `not shown: ${count === 1 ? '1 state file' : `${count} state files`} of an older tool. \`dbsync state migrate\` takes over what they say; until then runs of their tables refuse to start`,
  ]
}
