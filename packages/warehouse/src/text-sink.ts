/** Bytes that grow: JSON is written into it without making strings. */
export class TextSink {
  #buffer: Buffer
  #used = 0

  constructor(capacity = 1 << 16) {
    this.#buffer = Buffer.allocUnsafeSlow(capacity)
  }

  get byteLength(): number {
    return this.#used
  }

  /** What was written; the sink is empty afterwards and goes on in memory of its own. */
  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#used)
    this.#buffer = Buffer.allocUnsafeSlow(this.#buffer.length)
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

  raw(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.#reserve(end - start)
    if (end - start > 64) this.#buffer.set(bytes.subarray(start, end), this.#used)
    else for (let i = start, o = this.#used; i < end; i++) this.#buffer[o++] = bytes[i] as number
    this.#used += end - start
  }

  /** ASCII only. */
  ascii(text: string): void {
    this.#reserve(text.length)
    this.#used += this.#buffer.write(text, this.#used, 'latin1')
  }

  /** UTF-8 text as a JSON string. */
  quoted(bytes: Uint8Array, start: number, end: number): void {
    // The longest escape has six bytes.
    this.#reserve((end - start) * 6 + 2)
    const buffer = this.#buffer
    let at = this.#used
    buffer[at++] = QUOTE
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number
      if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) {
        buffer[at++] = byte
        continue
      }
      buffer[at++] = BACKSLASH
      if (byte === QUOTE || byte === BACKSLASH) buffer[at++] = byte
      else at += buffer.write(`u00${byte.toString(16).padStart(2, '0')}`, at, 'latin1')
    }
    buffer[at++] = QUOTE
    this.#used = at
  }

  #reserve(size: number): void {
    if (this.#used + size <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#used + size))
    this.#buffer.copy(grown, 0, 0, this.#used)
    this.#buffer = grown
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
