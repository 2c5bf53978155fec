import { type Column, type RowBatch, RowPacker } from '@dbsync/core/plugin'
import { asBytes, type Driver, type RowState } from './driver.ts'

export type BatchLimits = {
  readonly batchRows: number
  /** A batch ends with the row that reaches this size. */
  readonly batchBytes: number
  /** The memory of a batch is used again once the next one is asked for. */
  readonly transient?: true | undefined
}

/** Batches that wait for the consumer before the socket is paused. */
const QUEUE = 4

const NOTHING = new Uint8Array(0)

export interface PackedRows extends AsyncIterable<RowBatch> {
  start(sql: string): void
  /** Ends the rows with an error: the connection is gone, or the run was stopped. */
  fail(error: Error): void
  /** Whether bytes are expected: false while the socket is paused. */
  readonly waiting: boolean
  /** The server has said its last word about this statement. */
  readonly ended: boolean
}

/**
 * Reads a result as packed rows. A row of the text protocol has the very layout of `RowBatch`, so its bytes are copied and nothing is decoded:
 * our `row` state takes the place of the driver's. Should a driver not use it, its `result` events carry the same cells one by one.
 */
export function packedRows(driver: Driver, columns: readonly Column[], limits: BatchLimits, hook = true): PackedRows {
  const packer = new RowPacker(Math.min(limits.batchBytes, 1 << 16), limits.batchBytes + (limits.batchBytes >> 3))
  const queue: RowBatch[] = []
  const spare: Uint8Array[] = []
  let paused = false
  let ended = false
  let failure: Error | undefined
  let wake = () => {}

  function rowDone(): void {
    packer.endRow()
    if (packer.rowCount >= limits.batchRows || packer.byteLength >= limits.batchBytes) flush()
  }

  function flush(): void {
    queue.push(packer.take(columns, ended ? NOTHING : spare.pop()))
    // After the last word there is nothing to hold back: only the next statement, which nobody here would let go again.
    if (queue.length >= QUEUE && !paused && !ended) {
      paused = true
      driver.pause()
    }
    wake()
  }

  function fail(error: Error): void {
    failure ??= error
    wake()
  }

  function start(sql: string): void {
    const command = driver.query({ sql, ...asBytes })
    if (hook) {
      const driversOwn: RowState = command.row
      command.row = (packet, connection) => {
        // A row that begins with 0xfe has a cell of 16 MiB or more: `isEOF` goes by the length of the packet too.
        if (packet.isEOF()) return driversOwn.call(command, packet, connection)
        packer.packed(packet.buffer, packet.offset, packet.end)
        rowDone()
        return command.row
      }
    }
    command.on('result', (row) => {
      for (const cell of row) packer.cell(cell)
      rowDone()
    })
    command.on('fields', (fields) => {
      if (fields?.length !== columns.length) fail(new Error(`${columns.length} columns were expected and ${fields?.length ?? 0} came`))
    })
    // After an error the driver emits `end` too.
    command.on('error', fail)
    command.on('end', () => {
      ended = true
      if (packer.rowCount > 0) flush()
      wake()
    })
  }

  async function* batches(): AsyncGenerator<RowBatch> {
    try {
      for (;;) {
        if (failure !== undefined) throw failure
        const batch = queue.shift()
        if (batch !== undefined) {
          yield batch
          if (limits.transient) spare.push(batch.bytes)
          // Resuming delivers what the driver holds back, at once: not before there is room.
          if (paused && queue.length < QUEUE / 2) {
            paused = false
            driver.resume()
          }
        } else if (ended) {
          return
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    } finally {
      // Emptied: rows may still come when nobody wants them.
      for (const bytes of spare.splice(0)) release(bytes)
    }
  }

  return {
    start,
    fail,
    get waiting() {
      return !paused
    },
    get ended() {
      return ended
    },
    [Symbol.asyncIterator]: batches,
  }
}

/** Left to the collector the memory would often outlive the next statement, which has its own. */
function release({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}
