import type { TableWriter, WriteWork } from '../contract/target.ts'
import type { Batch, Chunk, Position } from '../model/batch.ts'
import { afterChanges, triggersOf } from '../plan/assemble.ts'
import { positionBounds, timeColumns, zoneOf } from '../plan/time-columns.ts'
import { pump } from './pump.ts'
import type { TableSync } from './sync-table.ts'

/** Pumps batches into one writer, which is opened with the first of them: where there is nothing to write, nothing is opened. `opened` is told of it. */
export async function write(
  sync: TableSync,
  disposition: WriteWork['disposition'],
  batches: AsyncIterable<Batch>,
  opened: (writer: TableWriter) => void = () => {},
): Promise<void> {
  const { plan, target, meter, signal, mayWrite } = sync
  let writer: TableWriter | undefined
  async function* chunks(): AsyncIterable<Chunk> {
    for await (const batch of batches) yield { type: 'rows', batches: [batch] }
    if (writer !== undefined) {
      await sync.guard.passed()
      meter.phase('apply')
    }
    yield { type: 'rows', batches: [], position: await newPosition(sync) }
  }
  try {
    await pump({
      chunks: chunks(),
      writerOf: async () => {
        if (writer === undefined) {
          writer = await target.open({ disposition, schema: plan.wanted, existing: afterChanges(plan), ...triggersOf(plan) }, signal)
          opened(writer)
        }
        mayWrite?.()
        return writer
      },
      due: () => false,
      save: sync.save,
      committed: (receipt) => meter.wrote(receipt, disposition),
    })
  } finally {
    await writer?.[Symbol.asyncDispose]()
  }
}

/** Where the next run by time goes on: per column the newest value that this snapshot holds, never beyond what is settled by its clock. */
export async function newPosition({ plan, snapshot, target, timestampColumns, signal }: TableSync): Promise<Position> {
  const time = timeColumns(plan.schema, timestampColumns)
  if (time === undefined || (plan.schema.key.length === 0 && !target.supports.addsOnce)) return null
  const { clock } = snapshot
  return { columns: await snapshot.newest(plan.schema, positionBounds(time.columns, clock.settled ?? clock), signal), zone: zoneOf(clock) }
}
