import type { CommitReceipt, TableWriter } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import type { Chunk, Position } from '../model/batch.ts'
import type { TableRef } from '../model/schema.ts'

export type PumpOptions = {
  readonly chunks: AsyncIterable<Chunk>
  /** The open writer of a table; the same one each time. */
  readonly writerOf: (table: TableRef) => Promise<TableWriter>
  /** Asked after each chunk with a position: commit now, or go on in the same transaction. A table copy commits once, at the end. */
  readonly due: () => boolean
  readonly save: (position: Position) => Promise<void>
  readonly committed?: (receipt: CommitReceipt) => void
}

/**
 * The one loop of every mode: chunks to writers, then commit, and only then the position.
 * That order is load-bearing: a crash replays at most what was written since the last saved position, and batches are
 * idempotent, so nothing is lost; saved the other way round, a crash between the two skips rows for ever.
 */
export async function pump({ chunks, writerOf, due, save, committed }: PumpOptions): Promise<void> {
  const open = new Set<TableWriter>()
  let last: Position | undefined
  const commit = async () => {
    for (const writer of open) {
      const receipt = await writer.commit()
      committed?.(receipt)
    }
    if (last !== undefined) await save(last)
  }
  for await (const chunk of chunks) {
    if (chunk.type === 'schema') {
      throw new SyncError('SCHEMA_CHANGED', `The definition of ${chunk.schema.table.name} changed while it was followed.`, {
        kind: 'transient',
        table: chunk.schema.table,
      })
    }
    for (const batch of chunk.batches) {
      const writer = await writerOf(batch.table)
      open.add(writer)
      await writer.write(batch)
    }
    if (chunk.position === undefined) continue
    last = chunk.position
    if (due()) await commit()
  }
  await commit()
}
