import {
  type Config,
  type Endpoints,
  executeRun,
  type Listener,
  type Plan,
  planRun,
  type Repairs,
  type RunHistory,
  type RunRecord,
  type RunReport,
  type VerifyLevel,
  type VerifyReport,
  verifyRun,
} from '@dbsync/core'
import { exitCodeOfReport, exitCodeOfVerification } from '../failure.ts'
import type { ProjectFlags } from '../load-project.ts'
import type { PluginHost } from '../registry.ts'
import { openView } from '../render/open-view.ts'
import type { Session } from '../session.ts'
import type { Talk } from '../talk.ts'
import { openWork } from './work.ts'

export type VerifyRequest = {
  readonly project: ProjectFlags
  readonly level: VerifyLevel | undefined
  readonly maxRowsPerSecond: number | undefined
  readonly maxLagSeconds: number | undefined
  readonly limit: number
  readonly repair: boolean
  readonly json: boolean
  readonly talk?: Talk | undefined
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
  await using work = await openWork(host, request.project, session, request.talk)
  const { id, redact, warnings } = work
  const config = withLimits(work.config, request)
  const { interrupt } = session
  const { signal } = interrupt

  /** One part of the work, drawn and remembered while it goes on. */
  async function part<T>(
    about: Pick<RunRecord, 'kind' | 'mode' | 'run'>,
    body: (listeners: readonly Listener[], history: RunHistory) => Promise<T>,
  ): Promise<T> {
    await using view = await openView({ silent: request.json || request.talk !== undefined, slots: config.parallelTables, redact })
    interrupt.onStop(() => view.notice('Stopping; once more stops at once.'))
    return await work.remembered(about, (history) =>
      body([...(session.log === undefined ? [] : [session.log.listener]), history.listener, view.listener], history),
    )
  }

  async function look(
    endpoints: Endpoints,
    run: string,
    only?: Repairs,
  ): Promise<{ readonly plan: Plan; readonly report: VerifyReport; readonly found: Repairs }> {
    return await part({ kind: 'verify', mode: config.mode, run }, async (listeners, history) => {
      await using prepared = await planRun(endpoints, config, { run, signal, lock: false, purpose: 'verify', ...(only === undefined ? {} : { only }) })
      const found = new Map<string, readonly Uint8Array[] | undefined>()
      const report = await verifyRun(prepared, { signal, listeners, limit: request.limit, found: (table, keys) => void found.set(table, keys) })
      history.verified(report)
      return { plan: prepared.plan, report, found }
    })
  }

  await using endpoints = await work.open()
  const { found: differing, ...first } = await look(endpoints, id)
  if (!request.repair || signal.aborted || differing.size === 0) {
    return { ...first, warnings: [...warnings, ...first.report.warnings], exit: exitCodeOfVerification(first.report, interrupt.received()) }
  }
  const run = `${id}-repair`
  const repaired = await part({ kind: 'run', mode: 'reconcile', run }, async (listeners, history) => {
    const repairing: Config = { ...config, mode: 'reconcile', verifyAfterSync: false }
    await using prepared = await planRun(endpoints, repairing, { run, signal, lock: true, only: differing })
    const report = await executeRun(prepared, { signal, listeners, redact })
    history.ran(report)
    return { plan: prepared.plan, report }
  })
  const { report: after } = await look(endpoints, `${id}-after`, differing)
  return {
    ...first,
    repair: { ...repaired, after },
    warnings: [...new Set([...warnings, ...first.report.warnings, ...repaired.report.warnings, ...after.warnings])],
    exit: worse(
      exitCodeOfReport(repaired.report, interrupt.received()),
      exitCodeOfVerification(withOthers(after, first.report, differing), interrupt.received()),
    ),
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
