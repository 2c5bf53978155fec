import type { Column } from './schema.ts'
import { decodeCell, type Value } from './value.ts'

/**
 * Rows of one table, packed: every cell as exact text or raw bytes, back to back, in the order of `columns`.
 *
 * The layout is that of a MySQL text-protocol row. A cell is a length and that many bytes; the length is one byte up to
 * 250, or 0xfc, 0xfd, 0xfe and then 2, 3 or 8 bytes little-endian; 0xfb alone is NULL.
 * Source: MySQL internals, "Text Resultset Row" and "Length-encoded integer".
 */
export interface RowBatch {
  readonly columns: readonly Column[]
  readonly rowCount: number
  readonly bytes: Uint8Array
  /** The bytes of one cell, not copied: valid as long as the batch. `null` is SQL NULL. */
  cell(row: number, column: number): Uint8Array | null
  /** Rows decoded to JS values. Slow and comfortable: every encoder that matters walks `bytes` with a `CellCursor`. */
  rows(): IterableIterator<readonly Value[]>
}

export const NULL_CELL = 0xfb

/** Wraps packed bytes. `bytes` must hold exactly `rowCount` rows of `columns`; it is not copied. */
export function rowBatch(columns: readonly Column[], bytes: Uint8Array, rowCount: number): RowBatch {
  return new PackedRows(columns, bytes, rowCount)
}

/** Packs decoded cells. For tests and for sources without a text protocol. */
export function packRows(columns: readonly Column[], rows: Iterable<readonly (Uint8Array | string | null)[]>): RowBatch {
  const packer = new RowPacker()
  for (const row of rows) {
    for (const cell of row) packer.cell(cell)
    packer.endRow()
  }
  return packer.take(columns)
}

/** Walks packed cells one after the other without allocating: `next()`, then read `isNull`, or `bytes` from `start` to `end`. */
export class CellCursor {
  readonly bytes: Uint8Array
  /** Offset of the next cell's length; assign it to jump. */
  at: number
  start = 0
  end = 0
  isNull = false

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  next(): void {
    const { bytes } = this
    const first = bytes[this.at++] as number
    this.isNull = first === NULL_CELL
    let length = first
    if (first > 250) {
      if (first === NULL_CELL) length = 0
      else if (first === 0xfc) length = this.#unsigned(2)
      else if (first === 0xfd) length = this.#unsigned(3)
      else length = this.#unsigned(8)
    }
    this.start = this.at
    this.end = this.at + length
    this.at = this.end
  }

  skip(cells: number): void {
    for (let i = 0; i < cells; i++) this.next()
  }

  /** The current cell without a copy, or `null`. */
  cell(): Uint8Array | null {
    return this.isNull ? null : this.bytes.subarray(this.start, this.end)
  }

  #unsigned(size: number): number {
    let value = 0
    for (let i = size - 1; i >= 0; i--) value = value * 256 + (this.bytes[this.at + i] as number)
    this.at += size
    return value
  }
}

/** Builds packed rows in one growing buffer. `take` hands the rows over and starts anew. */
export class RowPacker {
  rowCount = 0
  #buffer: Buffer
  #used = 0
  readonly #enough: number

  /** `enough`: more than this is rarely needed. */
  constructor(capacity = 4096, enough = Number.POSITIVE_INFINITY) {
    this.#buffer = Buffer.allocUnsafeSlow(capacity)
    this.#enough = enough
  }

  get byteLength(): number {
    return this.#used
  }

  /** Strings are packed as UTF-8. */
  cell(value: Uint8Array | string | null): void {
    if (value === null) {
      this.#reserve(1)
      this.#buffer[this.#used++] = NULL_CELL
      return
    }
    const length = typeof value === 'string' ? Buffer.byteLength(value) : value.length
    this.#reserve(length + 9)
    this.#length(length)
    if (typeof value === 'string') this.#buffer.write(value, this.#used, 'utf8')
    else this.#buffer.set(value, this.#used)
    this.#used += length
  }

  /** Appends cells that are already packed, such as a whole row of another batch. */
  packed(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.#reserve(end - start)
    if (end - start > 64) this.#buffer.set(bytes.subarray(start, end), this.#used)
    else for (let i = start, o = this.#used; i < end; i++) this.#buffer[o++] = bytes[i] as number
    this.#used += end - start
  }

  endRow(): void {
    this.rowCount++
  }

  /** The rows so far as a batch of `columns`; the packer is empty afterwards. It goes on in `next`, memory that nobody reads any more, or in its own. */
  take(columns: readonly Column[], next?: Uint8Array): RowBatch {
    const batch = rowBatch(columns, this.#buffer.subarray(0, this.#used), this.rowCount)
    this.#buffer = next === undefined ? Buffer.allocUnsafeSlow(this.#capacityLike(this.#used)) : Buffer.from(next.buffer)
    this.#used = 0
    this.rowCount = 0
    return batch
  }

  /** For about as much once more. */
  #capacityLike(used: number): number {
    return Math.max(4096, Math.min(used + (used >> 3), this.#enough))
  }

  #length(length: number): void {
    const buffer = this.#buffer
    if (length < NULL_CELL) buffer[this.#used++] = length
    else if (length < 0x10000) {
      buffer[this.#used++] = 0xfc
      this.#used = buffer.writeUInt16LE(length, this.#used)
    } else if (length < 0x1000000) {
      buffer[this.#used++] = 0xfd
      this.#used = buffer.writeUIntLE(length, this.#used, 3)
    } else {
      buffer[this.#used++] = 0xfe
      this.#used = buffer.writeBigUInt64LE(BigInt(length), this.#used)
    }
  }

  #reserve(size: number): void {
    if (this.#used + size <= this.#buffer.length) return
    const needed = this.#used + size
    const doubled = Math.max(this.#buffer.length * 2, needed)
    const grown = Buffer.allocUnsafeSlow(needed <= this.#enough ? Math.min(doubled, this.#enough) : doubled)
    this.#buffer.copy(grown, 0, 0, this.#used)
    this.#buffer = grown
  }
}

class PackedRows implements RowBatch {
  readonly columns: readonly Column[]
  readonly bytes: Uint8Array
  readonly rowCount: number
  #rowStarts: Float64Array | undefined

  constructor(columns: readonly Column[], bytes: Uint8Array, rowCount: number) {
    this.columns = columns
    this.bytes = bytes
    this.rowCount = rowCount
  }

  cell(row: number, column: number): Uint8Array | null {
    const cursor = new CellCursor(this.bytes, this.#starts()[row])
    cursor.skip(column + 1)
    return cursor.cell()
  }

  *rows(): IterableIterator<readonly Value[]> {
    const cursor = new CellCursor(this.bytes)
    for (let row = 0; row < this.rowCount; row++) {
      yield this.columns.map((column) => {
        cursor.next()
        return decodeCell(column, cursor.cell())
      })
    }
  }

  #starts(): Float64Array {
    if (this.#rowStarts !== undefined) return this.#rowStarts
    const starts = new Float64Array(this.rowCount)
    const cursor = new CellCursor(this.bytes)
    for (let row = 0; row < this.rowCount; row++) {
      starts[row] = cursor.at
      cursor.skip(this.columns.length)
    }
    this.#rowStarts = starts
    return starts
  }
}
