import { type Config, type Endpoints, RunHistory, type RunRecord, redactor, type StateStore } from '@dbsync/core'
import { loadProject, type Project, type ProjectFlags, resolveProject } from '../load-project.ts'
import { openLog } from '../log.ts'
import { openEndpoints, openState } from '../open-endpoints.ts'
import { redactTexts } from '../redact-texts.ts'
import type { PluginHost } from '../registry.ts'
import { newRunId } from '../run-id.ts'
import type { Session } from '../session.ts'
import type { Talk } from '../talk.ts'

/** What a run and a verification begin with: configuration, log and memory. Neither end has been opened yet. */
export interface Work extends AsyncDisposable {
  readonly id: string
  readonly config: Config
  readonly redact: (text: string) => string
  /** Told to people at the end. */
  readonly warnings: string[]
  /** Both ends, beside the memory that is open already. */
  open(): Promise<Endpoints & AsyncDisposable>
  /** Does something that `dbsync status` shows while it goes on, and afterwards. */
  remembered<T>(about: Pick<RunRecord, 'kind' | 'mode' | 'run'>, work: (history: RunHistory) => Promise<T>): Promise<T>
}

export async function openWork(host: PluginHost, flags: ProjectFlags, session: Session, talk?: Talk): Promise<Work> {
  await using stack = new AsyncDisposableStack()
  const project = await loadProject(host, flags)
  const config = await resolveProject(project, session)
  const id = newRunId(new Date())
  const redact = redactor([...session.secrets])
  const warnings = [...config.warnings]
  const warn = (message: string) => void warnings.push(message)
  session.log = await openLog({ config, run: id, redact, onLost: warn, ...(talk === 'verbose' ? { echo: (lines) => process.stderr.write(lines) } : {}) })
  for (const warning of warnings) session.log.warning(warning)
  const state = stack.use(await openMemory(config, project, warn))
  const opened = stack.move()
  return {
    id,
    config,
    redact,
    warnings,
    open: () => openEndpoints(config, project.registry, state, { signal: session.interrupt.signal, warn }),
    async remembered(about, work) {
      await using history = await RunHistory.open({ ...about, state, redact: (value) => redactTexts(value, redact), onLost: warn })
      try {
        return await work(history)
      } catch (error) {
        history.failed(error)
        throw error
      }
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** A stopped run still saves how far it came, so its memory outlives the stop. */
const openMemory = (config: Config, { registry }: Project, warn: (message: string) => void): Promise<StateStore> =>
  openState(config, registry, { signal: new AbortController().signal, warn })
