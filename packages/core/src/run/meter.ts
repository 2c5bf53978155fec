import type { CommitReceipt, WriteWork } from '../contract/target.ts'
import type { Emit, Phase } from '../events/event.ts'
import type { RowBatch } from '../model/rows.ts'

const EVERY_MS = 100

/** Counts what happens to one table and tells of it at most ten times a second. A new attempt starts with a new meter, and keeps what the one before has committed. */
export class Meter {
  rowsRead = 0
  bytes = 0
  inserted: number
  updated: number
  deleted: number
  readonly #emit: Emit
  readonly #id: string
  #skipped = 0
  #compared = 0
  /** Rows that were read in this phase: of those that were compared, the ones that differ. */
  #fetched = 0
  #phase: Phase = 'copy'
  #total: number | undefined
  #told = 0

  constructor(emit: Emit, id: string, before?: Meter) {
    this.#emit = emit
    this.#id = id
    this.inserted = before?.inserted ?? 0
    this.updated = before?.updated ?? 0
    this.deleted = before?.deleted ?? 0
  }

  /** Rows that needed no write: found equal by digest, or read again and known. */
  get skipped(): number {
    return this.#skipped + Math.max(0, this.#compared - this.#fetched)
  }

  get written(): number {
    return this.inserted + this.updated + this.deleted
  }

  phase(phase: Phase, total?: number): void {
    // It begins anew: what a run by time skipped is among the rows that are compared now, and what was equal then is copied where all rows are.
    if (phase !== 'apply') this.#skipped = this.#compared = this.#fetched = 0
    this.#phase = phase
    this.#total = total ?? this.#total
    this.#tell(0)
  }

  read(batch: RowBatch): void {
    this.rowsRead += batch.rowCount
    this.#fetched += batch.rowCount
    this.bytes += batch.bytes.length
    this.#tell(EVERY_MS)
  }

  compared(rows: number): void {
    this.#compared += rows
    this.#tell(EVERY_MS)
  }

  skip(rows: number): void {
    this.#skipped += rows
  }

  wrote(receipt: CommitReceipt, disposition: WriteWork['disposition']): void {
    // What was written before is gone with the rows that are replaced.
    if (disposition === 'replace') this.inserted = this.updated = this.deleted = 0
    this.inserted += receipt.inserted
    this.updated += receipt.updated
    this.deleted += receipt.deleted
    this.#skipped += receipt.unchanged
  }

  #tell(everyMs: number): void {
    const now = performance.now()
    if (now - this.#told < everyMs) return
    this.#told = now
    const rows = this.#phase === 'compare' ? this.#compared : this.rowsRead
    const total = this.#total === undefined ? {} : { total: this.#total }
    this.#emit({ type: 'table.progress', id: this.#id, phase: this.#phase, rows, bytes: this.bytes, ...total })
  }
}
