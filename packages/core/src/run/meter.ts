import type { CommitReceipt } from '../contract/target.ts'
import type { Emit, Phase } from '../events/event.ts'
import type { RowBatch } from '../model/rows.ts'

const EVERY_MS = 100

/** Counts what happens to one table and tells of it at most ten times a second. A new attempt starts with a new meter. */
export class Meter {
  rowsRead = 0
  bytes = 0
  inserted = 0
  updated = 0
  deleted = 0
  readonly #emit: Emit
  readonly #id: string
  #skipped = 0
  #compared = 0
  /** Of the compared rows those that were then read. */
  #fetched = 0
  #phase: Phase = 'copy'
  #total: number | undefined
  #told = 0

  constructor(emit: Emit, id: string) {
    this.#emit = emit
    this.#id = id
  }

  /** Rows that needed no write: found equal by digest, or read again and known. */
  get skipped(): number {
    return this.#skipped + Math.max(0, this.#compared - this.#fetched)
  }

  get written(): number {
    return this.inserted + this.updated + this.deleted
  }

  phase(phase: Phase, total?: number): void {
    // What a run by time skipped is among the rows that are compared now.
    if (phase === 'compare') this.#skipped = 0
    this.#phase = phase
    this.#total = total ?? this.#total
    this.#tell(0)
  }

  read(batch: RowBatch): void {
    this.rowsRead += batch.rowCount
    if (this.#phase === 'compare') this.#fetched += batch.rowCount
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

  wrote(receipt: CommitReceipt): void {
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
