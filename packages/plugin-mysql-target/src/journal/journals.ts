import { dirname, join } from 'node:path'
import { type BackupPoint, type BackupRequest, type BackupTable, type RestoreOptions, type RestoreTable, SyncError, type TableRef } from '@dbsync/core/plugin'
import type { ServerFacts } from '@dbsync/mysql'
import { freeStem } from '../backups/create-point.ts'
import { makeFolder, namesIn, removeFile, syncFolder, troubled } from '../backups/files.ts'
import { removeLeftovers } from '../backups/leftover-files.ts'
import { madeAt, temporaryName } from '../backups/point-names.ts'
import type { Connections } from '../connections.ts'
import type { Fill } from '../restore/restore.ts'
import type { Dialect } from '../staging.ts'
import { byTime, journalsBack } from './chain.ts'
import { sameTable, tableId } from './content.ts'
import { openJournal, type RunJournal, UNFINISHED } from './journal.ts'
import type { JournalIndex } from './journal-index.ts'
import { journalPoint, markUndone, openPoint, tablesLeft } from './point.ts'
import { readHeader } from './read-journal.ts'
import { undoJournals } from './undo.ts'

const JOURNAL_SUFFIX = '.journal'

export type JournalTools = { readonly connections: Connections; readonly server: ServerFacts; readonly dialect: Dialect; readonly folder: string }

/** Opens a journal for a run. `points`: those that there are, the newest first. Throws `BACKUP_UNWRITABLE` or `JOURNAL_WRITE` where its beginning cannot be put on disk. */
export async function createJournal(tools: JournalTools, request: BackupRequest, points: readonly BackupPoint[]): Promise<RunJournal> {
  const { connections, server, folder } = tools
  const { id, label } = server
  const previous = points.find(({ manifest }) => manifest?.target === request.target && manifest.run !== null)?.name ?? null
  try {
    await makeFolder(folder)
    await removeLeftovers(folder)
    await removeEmpty(folder)
    for (;;) {
      const stem = await freeStem(folder, request.at)
      const name = stem + JOURNAL_SUFFIX
      const places = { path: join(folder, name), temporary: join(folder, temporaryName(stem)) }
      const journal = await openJournal({ ...places, name, request, server: { id, label }, previous, connections })
      // Else another run took the name at the same moment.
      if (journal !== undefined) return journal
    }
  } catch (error) {
    throw troubled(folder, error)
  }
}

/** So long after its beginning a run is over, or has made its first commit. */
const OVER_MS = 7 * 24 * 3_600_000

/** Journals of runs that were killed before their first commit are in no list, so that nobody else removes them. */
async function removeEmpty(folder: string): Promise<void> {
  for (const file of (await namesIn(folder)).filter((name) => name.endsWith(JOURNAL_SUFFIX + UNFINISHED))) {
    const path = join(folder, file)
    const { manifest, madeAt: began } = await pointOf(path, pointName(file))
    if (manifest?.tables.length === 0 && Date.now() - Date.parse(began) > OVER_MS) await removeFile(path)
  }
}

/**
 * The journals of a folder, the newest first. To go back to one is to go back past every later one: so each names their tables too. One that
 * cannot be read is without a manifest.
 */
export async function listJournals(folder: string): Promise<readonly BackupPoint[]> {
  const all = await namesIn(folder)
  // A kill may have left both names of one that was finished.
  const names = all
    .filter((name) => !(name.endsWith(UNFINISHED) && all.includes(pointName(name))))
    .filter((name) => madeAt(pointName(name).slice(0, -JOURNAL_SUFFIX.length)) !== undefined && pointName(name).endsWith(JOURNAL_SUFFIX))
  const points: BackupPoint[] = []
  // A folder may be that of several targets.
  const later = new Map<string, readonly BackupTable[]>()
  for (const file of names.toSorted((a, b) => byTime(b, a))) {
    const point = await pointOf(join(folder, file), pointName(file))
    const { manifest } = point
    if (manifest === undefined) points.push(point)
    // Its run was killed before its first commit, or is still before that: there is nothing to go back from.
    if (manifest === undefined || manifest.tables.length === 0) continue
    const own = new Set(manifest.tables.map(tableId))
    const tables = [...manifest.tables, ...(later.get(manifest.target) ?? []).filter((table) => !own.has(tableId(table)))]
    later.set(manifest.target, tables)
    points.push({ ...point, manifest: { ...manifest, tables } })
  }
  return points
}

const pointName = (file: string): string => (file.endsWith(UNFINISHED) ? file.slice(0, -UNFINISHED.length) : file)

async function pointOf(path: string, name: string): Promise<BackupPoint> {
  try {
    return await journalPoint(name, path)
  } catch (error) {
    if (!SyncError.is(error) || error.code !== 'JOURNAL_DAMAGED') throw error
    const at = madeAt(name.slice(0, -JOURNAL_SUFFIX.length))?.at ?? new Date(0)
    return { name, path, kind: 'journal', bytes: 0, madeAt: at.toISOString(), ...(path.endsWith(UNFINISHED) ? { unfinished: true } : {}) }
  }
}

export async function dropJournal(folder: string, name: string): Promise<void> {
  if (madeAt(name.slice(0, -JOURNAL_SUFFIX.length)) === undefined) throw new Error(`${name} is no journal`)
  await removeFile(join(folder, name))
  await removeFile(join(folder, name + UNFINISHED))
  await syncFolder(folder)
}

/** The tables that going back to this journal builds or removes; how many rows they will have is not known before. */
export const journalTables = (tables: readonly RestoreTable[]): readonly RestoreTable[] =>
  tables.map(({ database, name, absent }) => ({ database, name, ...(absent ? { absent } : {}) }))

type Points = () => Promise<readonly BackupPoint[]>

/** Copies the tables as they are now and undoes every journal from the newest to this one, for a restore. */
export function fillFromJournal(
  tools: JournalTools,
  points: Points,
  to: BackupPoint,
  options: Pick<RestoreOptions, 'tables' | 'progress' | 'loseHistory'>,
): Fill {
  const { tables, progress, loseHistory } = options
  return async (connection, scratch, signal) => {
    const journals = []
    for (const { path } of await wayBack(to, points)) journals.push(await openPoint(path))
    const undo = undoJournals({ connections: tools.connections, dialect: tools.dialect, journals, tables, overwrite: loseHistory, progress })
    await undo.fill(connection, scratch, signal)
  }
}

/**
 * After a rollback of these tables. To a journal: it and the later ones are done with. To a dump: no journal leads back from there, since each
 * begins at what a run has left. May come again after a kill.
 */
export async function markRolledBack(server: ServerFacts, points: Points, to: string, tables: readonly TableRef[]): Promise<void> {
  for (const { name, path, kind, manifest } of await points()) {
    if (kind !== 'journal' || manifest?.server.id !== server.id) continue
    if (isJournal(to) && byTime(name, to) < 0) continue
    const journal = await unharmed(path)
    if (journal === undefined) continue
    // One of other tables may be that of a run that is at work.
    const own = tables.filter((table) => journal.segments.some(({ head }) => sameTable(head.table, table)))
    if (own.length === 0) continue
    await markUndone(path, own)
    // What nothing is left to undo of would only stand in the way.
    if (tablesLeft(await openPoint(path)).length === 0) await dropJournal(dirname(path), name)
  }
}

/** `undefined`: it is damaged, and leads nowhere in any case. */
async function unharmed(path: string): Promise<JournalIndex | undefined> {
  try {
    return await openPoint(path)
  } catch (error) {
    if (SyncError.is(error) && error.code === 'JOURNAL_DAMAGED') return undefined
    throw error
  }
}

export const isJournal = (name: string): boolean => name.endsWith(JOURNAL_SUFFIX)

async function wayBack(to: BackupPoint, points: Points): Promise<readonly BackupPoint[]> {
  const all = (await points()).filter(({ manifest }) => manifest === undefined || manifest.target === to.manifest?.target)
  const previous = new Map<string, string | null>()
  for (const point of all) {
    // One that was damaged is not in the list with a manifest, and is in the way.
    if (point.kind === 'journal' && point.manifest !== undefined) previous.set(point.name, (await readHeader(point.path)).previous)
  }
  return journalsBack(to, all, previous)
}
