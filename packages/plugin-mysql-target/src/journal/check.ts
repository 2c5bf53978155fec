import { type BackupCheck, CellCursor, type RowBatch, SyncError, tableName } from '@dbsync/core/plugin'
import { tableId } from './content.ts'
import { damaged, type JournalIndex, type Segment } from './journal-index.ts'
import { openPoint } from './point.ts'
import { segmentRows } from './read-journal.ts'

/** Reads the whole journal, unpacks every row and counts. What is wrong with it is the answer. */
export async function checkJournal(path: string, signal: AbortSignal): Promise<BackupCheck> {
  try {
    const journal = await openPoint(path)
    const rows = new Map<string, { database: string; name: string; rows: number }>()
    for (const segment of journal.segments) {
      const { database, name } = segment.head.table
      const table = rows.get(tableId(segment.head.table)) ?? { database, name, rows: 0 }
      table.rows += await countSegment(journal, segment, signal)
      rows.set(tableId(segment.head.table), table)
    }
    return { verdict: 'intact', findings: findings(journal), tables: [...rows.values()] }
  } catch (error) {
    if (!SyncError.is(error) || error.code !== 'JOURNAL_DAMAGED') throw error
    return { verdict: 'damaged', findings: [error.message], tables: [] }
  }
}

function findings(journal: JournalIndex): readonly string[] {
  return [
    ...(journal.end === undefined ? ['its run was killed, or is still at work: it undoes what that run has done so far'] : []),
    ...(journal.torn > 0 && journal.end === undefined ? [`the last ${journal.torn} bytes were cut short; nothing was changed after them`] : []),
    ...(journal.undone.length > 0 ? [`already rolled back: ${journal.undone.map(tableName).join(', ')}`] : []),
  ]
}

async function countSegment(journal: JournalIndex, segment: Segment, signal: AbortSignal): Promise<number> {
  const found = { rows: 0, keys: 0 }
  for (const kind of ['rows', 'keys'] as const) {
    for await (const batch of segmentRows(journal, segment, kind)) {
      signal.throwIfAborted()
      if (!isWhole(batch)) throw damaged(journal.path, `rows of ${tableName(segment.head.table)} cannot be unpacked`)
      found[kind] += batch.rowCount
    }
  }
  const { rows, keys } = segment.counts
  if (found.rows === rows && found.keys === keys) return rows
  throw damaged(journal.path, `${tableName(segment.head.table)} has ${found.rows} rows and ${found.keys} keys instead of ${rows} and ${keys}`)
}

/** Exactly as many cells as there should be. */
function isWhole({ bytes, rowCount, columns }: RowBatch): boolean {
  const cursor = new CellCursor(bytes)
  for (let row = 0; row < rowCount && cursor.at <= bytes.length; row++) cursor.skip(columns.length)
  return cursor.at === bytes.length
}
