import { NO_STAMP, type Stamp } from './stamp.ts'
import type { CellSink } from './values.ts'

/** Bytes that grow: JSON is written into it without making strings. */
export class TextSink implements CellSink {
  #buffer: Buffer<ArrayBuffer>
  #view: DataView
  #used = 0
  readonly #usual: number

  /** `usual`: about so many bytes are taken at once, so that memory is not doubled to twice of that. */
  constructor(usual = 0, capacity = 1 << 16) {
    this.#usual = usual
    this.#buffer = Buffer.allocUnsafeSlow(capacity)
    this.#view = new DataView(this.#buffer.buffer)
  }

  get byteLength(): number {
    return this.#used
  }

  /** What was written; the sink is empty afterwards. It goes on in `next`, what was taken before and nobody reads any more, or in memory of its own. */
  take(next?: Uint8Array<ArrayBuffer>): Buffer<ArrayBuffer> {
    const taken = this.#buffer.subarray(0, this.#used)
    this.#buffer = next === undefined ? Buffer.allocUnsafeSlow(this.#buffer.length) : Buffer.from(next.buffer)
    this.#view = new DataView(this.#buffer.buffer)
    this.#used = 0
    return taken
  }

  /** Takes back what was written since the sink had this length. */
  backTo(length: number): void {
    this.#used = length
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#used++] = value
  }

  /** Writes over a byte that is there. */
  replace(at: number, value: number): void {
    this.#buffer[at] = value
  }

  raw(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.#reserve(end - start)
    this.#copy(bytes, start, end)
  }

  stamp({ words, length }: Stamp): void {
    this.#reserve(words.length * 4)
    const view = this.#view
    let at = this.#used
    for (let i = 0; i < words.length; i++, at += 4) view.setInt32(at, words[i] as number, true)
    this.#used += length
  }

  /** ASCII only. */
  ascii(text: string): void {
    this.#reserve(text.length)
    this.#used += this.#buffer.write(text, this.#used, 'latin1')
  }

  /** UTF-8 text as a JSON string. */
  text(bytes: Uint8Array, start: number, end: number): void {
    // The longest escape has six bytes.
    this.#reserve((end - start) * 6 + 2)
    const buffer = this.#buffer
    let at = this.#used
    buffer[at++] = QUOTE
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number
      if (PLAIN[byte] === 1) {
        buffer[at++] = byte
        continue
      }
      const instead = ESCAPES[byte] ?? NOTHING
      for (let k = 0; k < instead.length; k++) buffer[at++] = instead[k] as number
    }
    buffer[at++] = QUOTE
    this.#used = at
  }

  /** Text in which nothing can need an escape, digits for example, as a JSON string, with `tail` behind it. */
  plain(bytes: Uint8Array, start: number, end: number, tail: Stamp = NO_STAMP): void {
    this.#reserve(end - start + tail.words.length * 4 + 2)
    this.#buffer[this.#used++] = QUOTE
    this.#copy(bytes, start, end)
    this.stamp(tail)
    this.#buffer[this.#used++] = QUOTE
  }

  /** Bytes as a JSON string in base64. */
  bytes(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(Math.ceil((end - start) / 3) * 4 + 2)
    const buffer = this.#buffer
    let at = this.#used
    buffer[at++] = QUOTE
    let i = start
    for (; i + 2 < end; i += 3) {
      const three = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number)
      buffer[at++] = BASE64[three >> 18] as number
      buffer[at++] = BASE64[(three >> 12) & 63] as number
      buffer[at++] = BASE64[(three >> 6) & 63] as number
      buffer[at++] = BASE64[three & 63] as number
    }
    if (i < end) {
      const two = ((bytes[i] as number) << 16) | (i + 1 < end ? (bytes[i + 1] as number) << 8 : 0)
      buffer[at++] = BASE64[two >> 18] as number
      buffer[at++] = BASE64[(two >> 12) & 63] as number
      buffer[at++] = i + 1 < end ? (BASE64[(two >> 6) & 63] as number) : PADDING
      buffer[at++] = PADDING
    }
    buffer[at++] = QUOTE
    this.#used = at
  }

  /** The canonical text of a double is a JSON number. */
  double(bytes: Uint8Array, start: number, end: number): void {
    this.raw(bytes, start, end)
  }

  /** As a string: a JSON number would lose digits. */
  digits(text: string): void {
    this.ascii(`"${text}"`)
  }

  bool(value: boolean): void {
    this.ascii(value ? 'true' : 'false')
  }

  /** As it is, on one line: a line break can only stand between values. */
  json(bytes: Uint8Array, start: number, end: number): void {
    const line = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
    if (!line.includes(0x0a) && !line.includes(0x0d)) this.raw(bytes, start, end)
    else this.raw(Buffer.from(line.toString('latin1').replaceAll(/[\r\n]/g, ' '), 'latin1'))
  }

  /** There is room. A call into the engine costs more than a few dozen bytes do. */
  #copy(bytes: Uint8Array, start: number, end: number): void {
    const buffer = this.#buffer
    let at = this.#used
    if (end - start > 64) buffer.set(bytes.subarray(start, end), at)
    else for (let i = start; i < end; i++) buffer[at++] = bytes[i] as number
    this.#used += end - start
  }

  #reserve(size: number): void {
    if (this.#used + size > this.#buffer.length) this.#grow(size)
  }

  #grow(size: number): void {
    const needed = this.#used + size
    const doubled = this.#buffer.length * 2
    // Pages that are not written to cost nothing yet, and what is copied is in memory twice.
    const capacity = doubled >= SMALL && needed <= this.#usual ? this.#usual : Math.max(doubled, needed)
    const grown = Buffer.allocUnsafeSlow(capacity)
    this.#buffer.copy(grown, 0, 0, this.#used)
    this.#buffer = grown
    this.#view = new DataView(grown.buffer)
  }
}

const SMALL = 1 << 20
const QUOTE = 0x22
const BACKSLASH = 0x5c
/** By byte, of those that have one. */
const ESCAPES: readonly Uint8Array[] = Array.from({ length: BACKSLASH + 1 }, (_, byte) => Buffer.from(JSON.stringify(String.fromCharCode(byte)).slice(1, -1)))
const PADDING = 0x3d
const NOTHING = new Uint8Array(0)
/** 1 for what stands for itself in a JSON string. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0))
const BASE64 = Uint8Array.from(Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'))
