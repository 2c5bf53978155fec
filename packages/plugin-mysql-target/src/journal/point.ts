import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { BackupPoint, BackupTable, TableRef } from '@dbsync/core/plugin'
import { NOFOLLOW, statsOf } from '../backups/files.ts'
import { type JournalEnd, journalManifest, sameTable, tableId } from './content.ts'
import { encodeFrame, START_BYTES, saltOf } from './frames.ts'
import { UNFINISHED } from './journal.ts'
import { packJson } from './journal-file.ts'
import type { JournalIndex } from './journal-index.ts'
import { readHeader, readJournal, readTail } from './read-journal.ts'

/** The journal at `path` for a list, `.unfinished` or not. Reads its beginning and its end; throws `JOURNAL_DAMAGED` where these cannot be read. */
export async function journalPoint(name: string, path: string): Promise<BackupPoint> {
  const unfinished = isUnfinished(path)
  const header = await readHeader(path)
  const end = (unfinished ? undefined : await readTail(path)) ?? endOf(await openPoint(path))
  const bytes = (await statsOf(path))?.size ?? 0
  const manifest = journalManifest(header, end)
  return { name, path, kind: 'journal', bytes, madeAt: header.madeAt, ...(unfinished ? { unfinished } : {}), manifest }
}

/** Reads and proves all of a journal. */
export const openPoint = (path: string): Promise<JournalIndex> => readJournal(path, { finished: !isUnfinished(path) })

const isUnfinished = (path: string): boolean => path.endsWith(UNFINISHED)

/** What it takes reading the whole file to know: of a run that was killed, or after a rollback of some tables. */
const endOf = (journal: JournalIndex): JournalEnd => ({ tables: tablesLeft(journal), sha256: journal.end?.sha256 ?? '' })

/** The tables that it can still take back, with the number of rows that are kept for it. */
export function tablesLeft({ segments, undone }: JournalIndex): readonly BackupTable[] {
  const tables = new Map<string, BackupTable>()
  for (const { head, counts } of segments) {
    if (undone.some((one) => sameTable(one, head.table))) continue
    const { database, name } = head.table
    const before = tables.get(tableId(head.table))
    // The oldest segment says whether there was a table at all.
    const absent = before === undefined ? head.holds === 'absent' : before.absent === true
    tables.set(tableId(head.table), { database, name, ...(absent ? { absent } : {}), rows: (before?.rows ?? 0) + counts.rows, digest: null })
  }
  return [...tables.values()]
}

/** Writes down that these tables are back at what they were before this journal: nobody undoes it for them again. */
export async function markUndone(path: string, tables: readonly TableRef[]): Promise<void> {
  const journal = await openPoint(path)
  await using file = await open(path, constants.O_RDWR | NOFOLLOW)
  const start = await file.read(Buffer.alloc(START_BYTES), 0, START_BYTES, 0)
  const salt = saltOf(start.buffer)
  if (salt === undefined) throw new Error('a journal that was read has no beginning')
  const body = await packJson(tables.map(({ database, name }) => ({ database, name })))
  const frame = encodeFrame({ kind: 'undone', segment: 0, number: journal.frames, synced: journal.frames, body }, salt)
  // What a kill cut short is of no use, and would stand in the way of what follows.
  const end = journal.bytes - journal.torn
  await file.truncate(end)
  await file.write(frame, 0, frame.length, end)
  await file.sync()
}
