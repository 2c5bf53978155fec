import type { BackupTable, RowBatch } from '@dbsync/core/plugin'
import { type SegmentCounts, type SegmentHead, tableId } from './content.ts'
import type { JournalFile } from './journal-file.ts'
import { BATCH_HEAD_BYTES } from './read-journal.ts'

/** Writes segments, those of several tables at a time, and keeps account of their tables. */
export class SegmentWriter {
  readonly #file: JournalFile
  readonly #touched = new Map<string, BackupTable>()
  #segments = 0

  constructor(file: JournalFile) {
    this.#file = file
  }

  /** What the journal holds by now. */
  get tables(): readonly BackupTable[] {
    return [...this.#touched.values()]
  }

  /** A segment is on disk when this resolves, or it does not count. */
  async segment(head: SegmentHead, fill: (segment: number) => Promise<SegmentCounts>): Promise<number> {
    const segment = ++this.#segments
    await this.#file.append('open', segment, head)
    const counts = await fill(segment)
    await this.#file.append('ready', segment, counts)
    await this.#file.sync()
    const { database, name } = head.table
    const before = this.#touched.get(tableId(head.table))
    // The oldest entry says whether there was a table at all.
    const absent = before === undefined ? head.holds === 'absent' : before.absent === true
    this.#touched.set(tableId(head.table), { database, name, ...(absent ? { absent } : {}), rows: (before?.rows ?? 0) + counts.rows, digest: null })
    return segment
  }

  async batches(kind: 'rows' | 'keys', segment: number, batches: AsyncIterable<RowBatch>): Promise<number> {
    let rows = 0
    for await (const batch of batches) {
      const count = Buffer.alloc(BATCH_HEAD_BYTES)
      count.writeUInt32LE(batch.rowCount)
      await this.#file.append(kind, segment, Buffer.concat([count, batch.bytes]))
      rows += batch.rowCount
    }
    return rows
  }
}
