import {
  type Config,
  type Endpoints,
  executeRun,
  type Plan,
  planRun,
  type Repairs,
  type RunReport,
  redactor,
  type VerifyLevel,
  type VerifyReport,
  verifyRun,
} from '@dbsync/core'
import { exitCodeOfReport, exitCodeOfVerification } from '../failure.ts'
import { loadProject, type ProjectFlags, resolveProject } from '../load-project.ts'
import { openLog } from '../log.ts'
import { openEndpoints } from '../open-endpoints.ts'
import type { PluginHost } from '../registry.ts'
import { openView } from '../render/open-view.ts'
import type { Session } from '../session.ts'
import { newRunId } from './run.ts'

export type VerifyRequest = {
  readonly project: ProjectFlags
  readonly level: VerifyLevel | undefined
  readonly maxRowsPerSecond: number | undefined
  readonly maxLagSeconds: number | undefined
  readonly limit: number
  readonly repair: boolean
  readonly json: boolean
}

export type VerifyOutcome = {
  readonly plan: Plan
  readonly report: VerifyReport
  /** What a repair did, and what is left after it. */
  readonly repair?: { readonly plan: Plan; readonly report: RunReport; readonly after: VerifyReport }
  readonly warnings: readonly string[]
  readonly exit: number
}

/** Compares both ends. With `repair` the rows that differ are moved then, in a run of its own under the guards of every run, and what it wrote is verified. */
export async function verify(host: PluginHost, request: VerifyRequest, session: Session): Promise<VerifyOutcome> {
  const project = await loadProject(host, request.project)
  const config = withLimits(await resolveProject(project, session), request)
  const id = newRunId(new Date())
  const redact = redactor([...session.secrets])
  const warnings = [...config.warnings]
  session.log = await openLog({ directory: config.directory, run: id, redact, onLost: (message) => void warnings.push(message) })
  for (const warning of warnings) session.log.warning(warning)
  const { signal } = session.interrupt
  const { listener: log } = session.log

  /** Draws one part of the work while it goes on. */
  async function watched<T>(work: (listeners: Parameters<typeof verifyRun>[1]['listeners']) => Promise<T>): Promise<T> {
    await using view = await openView({ json: request.json, slots: config.parallelTables, redact })
    session.interrupt.onStop(() => view.notice('Stopping; once more stops at once.'))
    return await work([log, view.listener])
  }

  async function look(
    endpoints: Endpoints,
    run: string,
    only?: Repairs,
  ): Promise<{ readonly plan: Plan; readonly report: VerifyReport; readonly found: Repairs }> {
    return await watched(async (listeners) => {
      await using prepared = await planRun(endpoints, config, { run, signal, lock: false, purpose: 'verify', ...(only === undefined ? {} : { only }) })
      const found = new Map<string, readonly Uint8Array[] | undefined>()
      const report = await verifyRun(prepared, { signal, listeners, limit: request.limit, found: (id, keys) => void found.set(id, keys) })
      return { plan: prepared.plan, report, found }
    })
  }

  await using endpoints = await openEndpoints(config, project.registry, { signal, warn: (message) => void warnings.push(message) })
  const { found: differing, ...first } = await look(endpoints, id)
  const received = () => session.interrupt.received()
  if (!request.repair || signal.aborted || differing.size === 0) {
    return { ...first, warnings: [...warnings, ...first.report.warnings], exit: exitCodeOfVerification(first.report, received()) }
  }
  const repaired = await watched(async (listeners) => {
    await using prepared = await planRun(
      endpoints,
      { ...config, mode: 'reconcile', verifyAfterSync: false },
      { run: `${id}-repair`, signal, lock: true, only: differing },
    )
    return { plan: prepared.plan, report: await executeRun(prepared, { signal, listeners, redact }) }
  })
  const { report: after } = await look(endpoints, `${id}-after`, differing)
  return {
    ...first,
    repair: { ...repaired, after },
    warnings: [...new Set([...warnings, ...first.report.warnings, ...repaired.report.warnings, ...after.warnings])],
    exit: worse(exitCodeOfReport(repaired.report, received()), exitCodeOfVerification(withOthers(after, first.report, differing), received())),
  }
}

/** A repair cannot help a table that could not be compared. */
const withOthers = (after: VerifyReport, first: VerifyReport, repaired: Repairs): VerifyReport =>
  after.status === 'equal' && first.tables.some(({ id, outcome }) => outcome === 'failed' && !repaired.has(id)) ? { ...after, status: 'incomplete' } : after

/** A signal comes before a difference, and a difference before a failure. */
const worse = (a: number, b: number): number => Math.max(a, b)

function withLimits(config: Config, { level, maxRowsPerSecond, maxLagSeconds }: VerifyRequest): Config {
  return {
    ...config,
    verify: {
      level: level ?? config.verify.level,
      maxRowsPerSecond: maxRowsPerSecond ?? config.verify.maxRowsPerSecond,
      maxLagSeconds: maxLagSeconds ?? config.verify.maxLagSeconds,
    },
  }
}
