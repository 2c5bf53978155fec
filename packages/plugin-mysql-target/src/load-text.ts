import { CellCursor, type RowBatch } from '@dbsync/core/plugin'
import { type CellForm, cellForm } from './cells.ts'

const TAB = 0x09
const NEWLINE = 0x0a
const BACKSLASH = 0x5c
const CAPITAL_N = 0x4e

/**
 * A batch as the text that LOAD DATA reads with FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n' and
 * CHARACTER SET binary, written over `into` where that is large enough: bytes from cell to text, with a backslash before each byte that means something, and `\N` for NULL.
 */
export function loadText(batch: RowBatch, flavour: 'mariadb' | 'mysql', into?: Buffer): Uint8Array {
  const { bytes } = batch
  const cursor = new CellCursor(bytes)
  const forms = batch.columns.map((column) => cellForm(column, flavour))
  const last = forms.length - 1
  const text = new TextBuffer(into ?? Buffer.allocUnsafeSlow(bytes.length + (bytes.length >> 3) + 64))
  for (let row = 0; row < batch.rowCount; row++) {
    for (let column = 0; column <= last; column++) {
      cursor.next()
      // Room for the worst case: every byte escaped, and what ends the cell.
      text.reserve((cursor.end - cursor.start) * 2 + 3)
      if (cursor.isNull) text.nothing()
      else text.copy(bytes, cursor.start, cursor.end, forms[column] as CellForm)
      text.put(column === last ? NEWLINE : TAB)
    }
  }
  return text.take()
}

class TextBuffer {
  #bytes: Buffer
  #used = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  reserve(size: number): void {
    if (this.#used + size <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#used + size))
    this.#bytes.copy(grown, 0, 0, this.#used)
    this.#bytes = grown
  }

  put(byte: number): void {
    this.#bytes[this.#used++] = byte
  }

  nothing(): void {
    this.put(BACKSLASH)
    this.put(CAPITAL_N)
  }

  copy(from: Uint8Array, start: number, end: number, form: CellForm): void {
    const to = this.#bytes
    let at = this.#used
    if (form === 'plain') {
      for (let i = start; i < end; i++) to[at++] = from[i] as number
    } else {
      for (let i = start; i < end; i++) {
        const byte = from[i] as number
        if (byte === BACKSLASH || byte === TAB || byte === NEWLINE) to[at++] = BACKSLASH
        to[at++] = byte
      }
    }
    this.#used = at
  }

  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#used)
  }
}
