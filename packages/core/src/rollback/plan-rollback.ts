import type { Allowance } from '../config/allowances.ts'
import type { BackupCheck, BackupPoint, Backups, RestorePreview, RestoreTable, UnfinishedRestore } from '../contract/backups.ts'
import type { StateStore } from '../contract/state-store.ts'
import type { Target } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { type TableRef, tableName } from '../model/schema.ts'
import { choosePoint, isPointNamed, LATEST } from './choose-point.ts'
import { refuseOvertaken } from './overtaken.ts'
import { unfinished } from './unfinished.ts'

/** The target of a rollback and its memory, opened by the host and closed by it. */
export type RollbackEnds = {
  /** The target's name in the configuration. */
  readonly name: string
  readonly target: Target
  readonly backups: Backups
  readonly state: StateStore
}

export type RollbackRequest = {
  /** A point's name, a path, a run, or `latest`. */
  readonly point: string | undefined
  /** What `point` means where it is a file outside of the backup folder. */
  readonly file?: BackupPoint | undefined
  /** Where the tables of a file belong that names no database. */
  readonly database: string | undefined
  readonly allow: readonly Allowance[]
  readonly signal: AbortSignal
}

export type RollbackPlan =
  /** Another one was stopped after it had begun to change something: that one is finished. */
  | { readonly kind: 'finish'; readonly pending: UnfinishedRestore }
  | {
      readonly kind: 'restore'
      readonly point: BackupPoint
      readonly check: BackupCheck
      readonly databases: readonly string[]
      readonly tables: readonly RestoreTable[]
      readonly preview: RestorePreview
      /** Tables that later points hold and this one does not: they stay as they are now. */
      readonly staying: readonly TableRef[]
      readonly loseHistory: boolean
    }

/** Decides what to go back to, reads the whole point, and looks at what is there. Writes nothing. */
export async function planRollback(ends: RollbackEnds, request: RollbackRequest): Promise<RollbackPlan> {
  const { target, backups, name } = ends
  const { signal, allow } = request
  const wanted = request.point ?? LATEST
  const points = await backups.list()
  const known = points.flatMap(({ manifest }) => (manifest?.tables ?? []).map(({ database }) => database))
  const pending = await backups.unfinished([...new Set([...(await target.databases()), ...known])], signal)
  if (pending !== undefined) {
    if (wanted !== LATEST && !isPointNamed(wanted, pending.point, points)) throw unfinished(pending)
    return { kind: 'finish', pending }
  }
  const point = request.file ?? choosePoint(points, wanted, name)
  await refuseOtherServer(ends, point, allow)
  const check = await backups.check(point, { restore: false, signal })
  if (check.verdict === 'damaged') {
    if (request.file === undefined) await refuseOvertaken(backups, point)
    throw new SyncError('ROLLBACK_POINT_DAMAGED', `The backup point ${point.name} is damaged: ${check.findings.join('; ')}.`, {
      kind: 'refused',
      hint: 'Nothing was changed. Take another one: dbsync rollback --list',
    })
  }
  const tables = tablesOf(point, check, request.database)
  const preview = await backups.preview(point, tables, signal)
  const loseHistory = allow.includes('destructive')
  const staying = otherTables(points.slice(0, Math.max(0, points.indexOf(point))), name, tables)
  return { kind: 'restore', point, staying, check, tables, databases: [...new Set(tables.map(({ database }) => database))].sort(), preview, loseHistory }
}

async function refuseOtherServer({ target, name }: RollbackEnds, { manifest, name: point }: BackupPoint, allow: readonly Allowance[]): Promise<void> {
  if (manifest === undefined || allow.includes('new-server')) return
  const now = await target.identity()
  if (now.id === manifest.server.id) return
  throw new SyncError(
    'ROLLBACK_OTHER_SERVER',
    `The backup point ${point} was made of ${manifest.server.label}, and the target ${name} is another server now: ${now.label}.`,
    {
      kind: 'refused',
      hint: 'Nothing was changed. Check host, port and DNS. If the server was moved or replaced on purpose, say so with --allow new-server.',
    },
  )
}

/** What runs have written to since the point, as far as their own points tell. */
function otherTables(later: readonly BackupPoint[], target: string, tables: readonly TableRef[]): readonly TableRef[] {
  const known = new Set(tables.map(tableName))
  const found = new Map<string, TableRef>()
  for (const { manifest } of later) {
    if (manifest?.target !== target) continue
    for (const { database, name } of manifest.tables)
      if (!known.has(tableName({ database, name }))) found.set(tableName({ database, name }), { database, name })
  }
  return [...found.values()]
}

/** A manifest knows what was not there; a file without one is as its statements are. */
function tablesOf(point: BackupPoint, check: BackupCheck, database: string | undefined): readonly RestoreTable[] {
  const tables = point.manifest?.tables.map(
    ({ database, name, absent, rows }): RestoreTable => (absent ? { database, name, absent } : { database, name, rows }),
  )
  const found = tables ?? check.tables.map((table) => ({ ...table, database: table.database === '' ? (database ?? '') : table.database }))
  if (found.length === 0) {
    throw new SyncError('ROLLBACK_NOTHING', `The backup point ${point.name} holds no table.`, {
      kind: 'config',
      hint: 'Take another one: dbsync rollback --list',
    })
  }
  if (found.some((table) => table.database === '')) {
    throw new SyncError('ROLLBACK_WHERE', `The file ${point.name} does not say which database its tables belong to.`, {
      kind: 'config',
      hint: 'Name the database of the target: --database NAME',
    })
  }
  return found
}
