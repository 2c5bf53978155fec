import type { Stamp } from './stamp.ts'
import type { CellSink } from './values.ts'
import { varint } from './varint.ts'

/** Rows of a column. `parts`: which of them have a value, and the values. */
export type Page = { readonly rows: number; readonly parts: readonly Uint8Array[] }

/** Where a page begins: the row, a multiple of eight, and how many values and bytes come before it. */
type Cut = { readonly row: number; readonly values: number; readonly at: number }

/** Whoever reads a page has it in memory as a whole. */
const PAGE_BYTES = 1 << 20

/**
 * The values of one column of one row group, as Parquet's plain encoding has them: the length of each in four bytes, and its bytes; and a bit for each row that has one.
 * Set `row` before each value; rows come in their order.
 */
export class ParquetColumn implements CellSink {
  row = 0
  readonly name: string
  /** Whether values are text in UTF-8, and not bytes of any kind. */
  readonly isText: boolean
  #values = 0
  #used = 0
  #buffer = Buffer.allocUnsafeSlow(1 << 12)
  #present = new Uint8Array(1 << 8)
  #cuts: Cut[] = [START]
  #nextCut = PAGE_BYTES

  constructor(name: string, isText: boolean) {
    this.name = name
    this.isText = isText
  }

  /** The pages of this column in a group of so many rows. Valid until the next value comes, which begins anew. */
  take(rows: number): readonly Page[] {
    const needed = Math.ceil(rows / 8)
    if (needed > this.#present.length) this.#present = grown(this.#present, needed)
    const end: Cut = { row: rows, values: this.#values, at: this.#used }
    const pages = this.#cuts.map((from, i) => this.#page(from, this.#cuts[i + 1] ?? end))
    this.#present.fill(0)
    this.#values = 0
    this.#used = 0
    this.#cuts = [START]
    this.#nextCut = PAGE_BYTES
    return pages
  }

  text(bytes: Uint8Array, start: number, end: number): void {
    let at = this.#begin(end - start, 0)
    const buffer = this.#buffer
    // A call into the engine costs more than a few dozen bytes do.
    if (end - start > 64) buffer.set(bytes.subarray(start, end), at)
    else for (let i = start; i < end; i++) buffer[at++] = bytes[i] as number
  }

  plain(bytes: Uint8Array, start: number, end: number, tail?: Stamp): void {
    if (tail === undefined || tail.length === 0) {
      this.text(bytes, start, end)
      return
    }
    const at = this.#begin(end - start + tail.length, 4)
    this.#buffer.set(bytes.subarray(start, end), at)
    for (const [i, word] of tail.words.entries()) this.#buffer.writeInt32LE(word, at + end - start + 4 * i)
  }

  digits(text: string): void {
    const at = this.#begin(text.length, 0)
    this.#buffer.write(text, at, 'latin1')
  }

  bool(value: boolean): void {
    this.digits(value ? 'true' : 'false')
  }

  double(bytes: Uint8Array, start: number, end: number): void {
    this.text(bytes, start, end)
  }

  bytes(bytes: Uint8Array, start: number, end: number): void {
    this.text(bytes, start, end)
  }

  json(bytes: Uint8Array, start: number, end: number): void {
    this.text(bytes, start, end)
  }

  /** Marks the row and writes the length. Answers where the value goes; there is room for `spare` bytes more. */
  #begin(length: number, spare: number): number {
    if (this.#used >= this.#nextCut && (this.row & 7) === 0) this.#cut()
    const place = this.row >> 3
    if (place >= this.#present.length) this.#present = grown(this.#present, place + 1)
    this.#present[place] = (this.#present[place] as number) | (1 << (this.row & 7))
    this.#values++
    const start = this.#used + LENGTH
    if (start + length + spare > this.#buffer.length) this.#grow(start + length + spare)
    const buffer = this.#buffer
    buffer[start - 4] = length
    buffer[start - 3] = length >>> 8
    buffer[start - 2] = length >>> 16
    buffer[start - 1] = length >>> 24
    this.#used = start + length
    return start
  }

  #cut(): void {
    this.#cuts.push({ row: this.row, values: this.#values, at: this.#used })
    this.#nextCut = this.#used + PAGE_BYTES
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#used)
    this.#buffer = larger
  }

  /** The levels of a page are their length in four bytes and one run: of equal ones where no row or every row has a value, and else of bits. */
  #page(from: Cut, to: Cut): Page {
    const rows = to.row - from.row
    const values = to.values - from.values
    const alike = values === 0 || values === rows
    const bits = alike ? [values === 0 ? 0 : 1] : this.#present.subarray(from.row >> 3, Math.ceil(to.row / 8))
    const head = varint(alike ? rows * 2 : bits.length * 2 + 1)
    const levels = Buffer.alloc(LENGTH + head.length + bits.length)
    levels.writeUInt32LE(head.length + bits.length)
    levels.set(head, LENGTH)
    levels.set(bits, LENGTH + head.length)
    return { rows, parts: [levels, this.#buffer.subarray(from.at, to.at)] }
  }
}

const START: Cut = { row: 0, values: 0, at: 0 }
const LENGTH = 4

function grown(bytes: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(needed, bytes.length * 2))
  larger.set(bytes)
  return larger
}
