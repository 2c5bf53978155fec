import {
  type BackupCheck,
  type BackupPoint,
  type Backups,
  type Config,
  choosePoint,
  createPoint,
  pointsOf,
  prune,
  type Retention,
  type StateStore,
  SyncError,
  type Target,
  type TargetConfig,
} from '@dbsync/core'
import { loadProject, type ProjectFlags, resolveProject } from '../load-project.ts'
import { openTarget } from '../open-endpoints.ts'
import { printable } from '../printable.ts'
import type { PluginHost } from '../registry.ts'
import { rows } from '../render/format.ts'
import type { Session } from '../session.ts'

export type PointOf<T> = T & { readonly target: string }
export type BackupOutcome<T> = { readonly points: readonly PointOf<T>[]; readonly warnings: readonly string[]; readonly exit: number }

export type Created = { readonly point: BackupPoint }
export type Checked = { readonly point: BackupPoint; readonly check: BackupCheck }
export type Pruned = Retention & { readonly removed: boolean }

export type CreateRequest = { readonly project: ProjectFlags; readonly all: boolean; readonly json: boolean }
export type CheckRequest = { readonly project: ProjectFlags; readonly point: string | undefined; readonly restore: boolean }

/** A point of every target, now. */
export const createBackups = (host: PluginHost, { project, all, json }: CreateRequest, session: Session): Promise<BackupOutcome<Created>> =>
  eachTarget(host, project, session, async (ends) => {
    const progress = speaker(ends.targetConfig.name, json)
    const retrying = ({ message }: { readonly message: string }) => {
      if (!json) process.stderr.write(`${printable(message)}: made anew.\n`)
    }
    return [{ point: await createPoint(ends, { all, signal: session.interrupt.signal, progress, retrying }) }]
  })

export const listBackups = (host: PluginHost, project: ProjectFlags, session: Session): Promise<BackupOutcome<Created>> =>
  eachTarget(host, project, session, async ({ backups, targetConfig }) => (await pointsOf(backups, targetConfig.name)).map((point) => ({ point })))

/** One point, or every one. A damaged one is an answer, and the exit code is 1. */
export async function checkBackups(host: PluginHost, { project, point: wanted, restore }: CheckRequest, session: Session): Promise<BackupOutcome<Checked>> {
  const { signal } = session.interrupt
  const outcome = await eachTarget(host, project, session, async ({ backups, targetConfig: { name } }) => {
    const points = await pointsOf(backups, name)
    const chosen = wanted === undefined ? points : [choosePoint(points, wanted, name)]
    const checked: Checked[] = []
    for (const point of chosen) {
      signal.throwIfAborted()
      const one = await checkOne(backups, point, { restore, signal })
      if (one !== undefined) checked.push(one)
      // It was named, and has gone: that is said as of any other that is not there.
      else if (wanted !== undefined) choosePoint(await pointsOf(backups, name), wanted, name)
    }
    return checked
  })
  return { ...outcome, exit: outcome.points.some(({ check }) => check.verdict === 'damaged') ? 1 : 0 }
}

/** A run at work finishes its journal, which then has another name, and removes what need not be kept: neither is damage. `undefined`: it has gone. */
async function checkOne(backups: Backups, point: BackupPoint, options: Parameters<Backups['check']>[1]): Promise<Checked | undefined> {
  const check = await backups.check(point, options)
  if (check.verdict !== 'damaged') return { point, check }
  const now = (await backups.list()).find(({ name }) => name === point.name)
  if (now === undefined) return undefined
  return now.path === point.path ? { point, check } : { point: now, check: await backups.check(now, options) }
}

export const pruneBackups = (host: PluginHost, project: ProjectFlags, dryRun: boolean, session: Session): Promise<BackupOutcome<Pruned>> =>
  eachTarget(host, project, session, async ({ backups, targetConfig, config }) => {
    const decided = await prune(backups, targetConfig.name, config.backup, { dryRun })
    return decided.map((one) => ({ ...one, removed: !dryRun && one.keptFor.length === 0 }))
  })

type Ends = {
  readonly config: Config
  readonly targetConfig: TargetConfig
  readonly target: Target
  readonly backups: Backups
  readonly state: StateStore
}

/** Opens one target after the other, with nothing of the source: it may be gone when a backup point is needed. */
async function eachTarget<T>(host: PluginHost, flags: ProjectFlags, session: Session, work: (ends: Ends) => Promise<readonly T[]>): Promise<BackupOutcome<T>> {
  const project = await loadProject(host, flags)
  const config = await resolveProject(project, session)
  const warnings = [...config.warnings]
  const points: PointOf<T>[] = []
  let able = 0
  for (const targetConfig of config.targets) {
    const options = { signal: session.interrupt.signal, warn: (message: string) => void warnings.push(message) }
    await using opened = await openTarget(config, targetConfig, project.registry, options)
    const backups = opened.target.backups?.(config.backup.directory)
    if (backups === undefined) continue
    able++
    for (const one of await work({ config, targetConfig, target: opened.target, backups, state: opened.state }))
      points.push({ ...one, target: targetConfig.name })
  }
  if (able === 0) {
    const types = [...new Set(config.targets.map(({ type }) => type))].join(', ')
    throw new SyncError('ROLLBACK_UNSUPPORTED', `None of the targets has backup points: they are of the type ${types}.`, { kind: 'config' })
  }
  return { points, warnings, exit: 0 }
}

const EVERY_MS = 2_000

/** A line now and then on stderr, so that people see that it goes on. */
function speaker(target: string, json: boolean): NonNullable<Parameters<typeof createPoint>[1]['progress']> {
  let told = Date.now()
  return ({ table, rows: count }) => {
    if (json || Date.now() - told < EVERY_MS) return
    told = Date.now()
    process.stderr.write(`${printable(target)}: backup point, ${printable(`${table.database}.${table.name}`)}: ${rows(count)}\n`)
  }
}
