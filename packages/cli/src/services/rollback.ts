import { stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import {
  type BackupPoint,
  type Config,
  executeRollback,
  planRollback,
  type RollbackEnds,
  type RollbackPlan,
  type RollbackProgress,
  type RollbackReport,
  redactor,
  SyncError,
  type TargetConfig,
} from '@dbsync/core'
import type { CliCode } from '../codes.ts'
import { ask } from '../confirm.ts'
import { loadProject, type ProjectFlags, resolveProject } from '../load-project.ts'
import { openLog } from '../log.ts'
import { openTarget } from '../open-endpoints.ts'
import { printable } from '../printable.ts'
import type { PluginHost } from '../registry.ts'
import { planText } from '../render/rollback.ts'
import { newRunId } from '../run-id.ts'
import type { Session } from '../session.ts'

export type RollbackCommand = {
  readonly project: ProjectFlags
  readonly point: string
  readonly mode: 'list' | 'dry-run' | 'rollback'
  readonly target: string | undefined
  readonly database: string | undefined
  readonly yes: boolean
  /** A program reads: nobody is asked, and nothing is drawn. */
  readonly json: boolean
}

export type RollbackOutcome = { readonly warnings: readonly string[]; readonly exit: number } & (
  | { readonly kind: 'list'; readonly target: string; readonly points: readonly BackupPoint[] }
  | { readonly kind: 'dry-run'; readonly target: string; readonly plan: RollbackPlan }
  | { readonly kind: 'rollback'; readonly report: RollbackReport }
)

/** Goes back to a point, or shows what there is to go back to. Throws where the tables stay as they are. */
export async function rollback(host: PluginHost, command: RollbackCommand, session: Session): Promise<RollbackOutcome> {
  const project = await loadProject(host, command.project)
  const config = await resolveProject(project, session)
  const warnings = [...config.warnings]
  const redact = redactor([...session.secrets])
  const { signal } = session.interrupt
  if (command.mode === 'rollback') {
    session.log = await openLog({ config, run: newRunId(new Date()), redact, onLost: (message) => void warnings.push(message) })
  }
  const chosen = chooseTarget(config, command.target)
  await using opened = await openTarget(config, chosen, project.registry, { signal, warn: (message) => void warnings.push(message) })
  const backups = opened.target.backups?.(config.backup.directory)
  if (backups === undefined) {
    throw new SyncError('ROLLBACK_UNSUPPORTED', `The target ${chosen.name} is of the type ${chosen.type}, which has no backup points.`, { kind: 'config' })
  }
  const ends: RollbackEnds = { name: chosen.name, target: opened.target, backups, state: opened.state }
  if (command.mode === 'list') {
    const points = (await backups.list()).filter(({ manifest }) => manifest === undefined || manifest.target === chosen.name)
    return { kind: 'list', target: chosen.name, points, warnings, exit: 0 }
  }
  const say = speaker(command.json)
  say({ phase: 'check' })
  const file = await fileElsewhere(resolve(command.project.cwd, command.point), config.backup.directory)
  const plan = await planRollback(ends, { point: command.point, file, database: command.database, allow: config.allow, signal })
  const refused = plan.kind === 'restore' && !plan.loseHistory ? plan.preview.refused : undefined
  if (command.mode === 'dry-run') return { kind: 'dry-run', target: chosen.name, plan, warnings, exit: refused === undefined ? 0 : 1 }
  // What would be refused at the end need not be asked about.
  if (refused !== undefined) {
    throw new SyncError(refused.code, refused.message, { kind: refused.kind, ...(refused.hint === undefined ? {} : { hint: refused.hint }) })
  }
  if (!command.yes)
    await ask(
      { what: 'A rollback replaces tables', shown: () => planText(plan, chosen.name, new Date()), question: 'Go back now?', look: '--dry-run' },
      command.json,
      session,
    )
  session.log?.entry('rollback.started', startedFields(plan, chosen.name))
  const report = await executeRollback(ends, plan, { signal, progress: say })
  session.log?.entry('rollback.finished', { report })
  return { kind: 'rollback', report, warnings, exit: report.missing.length === 0 ? 0 : 1 }
}

const startedFields = (plan: RollbackPlan, target: string): object =>
  plan.kind === 'finish'
    ? { target, point: plan.pending.point, finishes: true }
    : { target, point: plan.point.name, verdict: plan.check.verdict, tables: plan.preview.tables }

/** A dump that lies outside of the backup folder; what is in it is known by its name. */
async function fileElsewhere(path: string, folder: string): Promise<BackupPoint | undefined> {
  if (!path.endsWith('.sql.gz') || dirname(path) === resolve(folder)) return undefined
  const stats = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw new SyncError('BACKUP_POINT_UNKNOWN', `The file ${path} cannot be read: ${error.message}`, { kind: 'config', cause: error })
  })
  if (stats === undefined || !stats.isFile()) return undefined
  return { name: basename(path), path, kind: 'dump', bytes: stats.size, madeAt: stats.mtime.toISOString() }
}

function chooseTarget({ targets }: Config, wanted: string | undefined): TargetConfig {
  const names = targets.map(({ name }) => name).join(', ')
  const [only, ...others] = wanted === undefined ? targets : targets.filter(({ name }) => name === wanted)
  if (only === undefined)
    throw new SyncError('USAGE' satisfies CliCode, `There is no target ${wanted}.`, { kind: 'config', hint: `The targets are: ${names}.` })
  if (others.length > 0) {
    throw new SyncError('USAGE' satisfies CliCode, 'Several targets are configured: say which one is to go back.', {
      kind: 'config',
      hint: `--target NAME, with one of: ${names}.`,
    })
  }
  return only
}

type Said = RollbackProgress | { readonly phase: 'check' }

const PHASES = {
  check: 'checking the backup point',
  backup: 'keeping the present state',
  restore: 'building the tables beside the live ones',
  swap: 'exchanging the tables',
} as const

/** One line for each phase, and for each table as it comes. */
function speaker(json: boolean): (done: Said) => void {
  const said = new Set<string>()
  const line = (text: string) => {
    if (!json && !said.has(text)) process.stderr.write(`${text}\n`)
    said.add(text)
  }
  return (done) => {
    line(PHASES[done.phase])
    if ('table' in done) line(`  ${printable(`${done.table.database}.${done.table.name}`)}`)
  }
}
