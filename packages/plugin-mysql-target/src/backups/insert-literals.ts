import { isUtf8 } from 'node:buffer'
import { CellCursor, type Column, type RowBatch } from '@dbsync/core/plugin'
import { baseType, quoteId, selectList } from '@dbsync/mysql'

/** A statement is closed with the row that reaches this size: well below any server's max_allowed_packet. */
const STATEMENT_BYTES = 1 << 20

const QUOTE = 0x27
const BACKSLASH = 0x5c

/** How a column's cells are written. Text that the statement's character set cannot carry as it is becomes a number of bytes. */
type Form =
  /** As it is: a number. */
  | 'number'
  /** Quoted: dates, and numbers that would be read otherwise without. */
  | 'quoted'
  /** Quoted where it is UTF-8, and means the same in the column's own character set. */
  | 'utf8'
  /** Quoted where it is ASCII. */
  | 'ascii'
  | 'bytes'

/** What is read of a column to be written: numbers for an ENUM or SET of which '' is a member, since its text alone is not exact. */
export const dumpList = (columns: readonly Column[]): string =>
  columns.map((column) => (isNumbered(column) ? `${quoteId(column.name)} + 0 AS ''` : selectList([column]))).join(', ')

const isNumbered = ({ type, native = '' }: Column): boolean => (type.kind === 'enum' || type.kind === 'set') && /[(,]''[,)]/.test(native)

function formOf(column: Column): Form {
  switch (column.type.kind) {
    case 'bool':
    case 'int':
    case 'decimal':
      return baseType(column) === 'year' ? 'quoted' : 'number'
    case 'bytes':
    case 'bits':
    case 'geometry':
      return 'bytes'
    case 'text':
    case 'enum':
    case 'set':
    case 'json':
      if (isNumbered(column)) return 'number'
      if (column.charset === undefined || column.charset === 'utf8mb4' || column.charset === 'utf8mb3') return 'utf8'
      return column.charset === 'latin1' || column.charset === 'ascii' ? 'ascii' : 'bytes'
    default:
      return 'quoted'
  }
}

/** Writes packed rows of one table as INSERT statements for a session in utf8mb4. Cells after `columns` are not written. */
export class InsertLiterals {
  readonly #head: Buffer
  readonly #forms: readonly Form[]
  readonly #further: number
  /** Bytes of the statement that is open; 0: none is. */
  #open = 0

  constructor(table: string, columns: readonly Column[], further: number) {
    this.#head = Buffer.from(`INSERT INTO ${quoteId(table)} (${columns.map(({ name }) => quoteId(name)).join(', ')}) VALUES\n`)
    this.#forms = columns.map(formOf)
    this.#further = further
  }

  /** The rows as text; `each` gets the cursor at the cells that are not written, row by row. */
  add(batch: RowBatch, each: (cursor: CellCursor) => void): Buffer {
    const cursor = new CellCursor(batch.bytes)
    const text = new Text(batch.bytes.length + (batch.bytes.length >> 1) + this.#head.length + 1024)
    for (let row = 0; row < batch.rowCount; row++) {
      const before = text.length
      text.write(this.#open === 0 ? this.#head : SEPARATOR)
      for (let i = 0; i < this.#forms.length; i++) {
        cursor.next()
        text.write(i === 0 ? ROW : COMMA)
        text.cell(cursor, this.#forms[i] as Form)
      }
      text.write(ROW_END)
      for (let i = 0; i < this.#further; i++) {
        cursor.next()
        each(cursor)
      }
      this.#open += text.length - before
      if (this.#open >= STATEMENT_BYTES) {
        text.write(END)
        this.#open = 0
      }
    }
    return text.take()
  }

  /** Closes the last statement. */
  end(): Buffer {
    const closed = this.#open === 0 ? Buffer.alloc(0) : END
    this.#open = 0
    return closed
  }
}

const SEPARATOR = Buffer.from(',\n')
const ROW = Buffer.from('(')
const COMMA = Buffer.from(',')
const ROW_END = Buffer.from(')')
const END = Buffer.from(';\n')
const NULL = Buffer.from('NULL')
const HEX = Buffer.from('0123456789abcdef')
/** By byte, what stands for it in a string after a backslash; 0: the byte itself. */
const ESCAPES = new Uint8Array(256)
for (const [byte, letter] of [
  [0, '0'],
  [10, 'n'],
  [13, 'r'],
  [26, 'Z'],
  [QUOTE, "'"],
  [BACKSLASH, '\\'],
] as const)
  ESCAPES[byte] = letter.charCodeAt(0)

class Text {
  length = 0
  #bytes: Buffer

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafeSlow(size)
  }

  write(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    for (let i = 0; i < bytes.length; i++) this.#bytes[this.length++] = bytes[i] as number
  }

  cell(cursor: CellCursor, form: Form): void {
    const { bytes, start, end } = cursor
    if (cursor.isNull) {
      this.write(NULL)
      return
    }
    // Room for the worst case: every byte as two, and what stands around them.
    this.#reserve((end - start) * 2 + 3)
    const from = this.length
    if (form === 'bytes' || !this.#string(bytes, start, end, form)) {
      this.length = from
      this.#hex(bytes, start, end)
    }
  }

  take(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }

  /** False where the bytes cannot be written so. */
  #string(bytes: Uint8Array, start: number, end: number, form: Form): boolean {
    const to = this.#bytes
    let at = this.length
    let beyondAscii = false
    if (form !== 'number') to[at++] = QUOTE
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number
      const letter = ESCAPES[byte] as number
      if (letter !== 0) {
        to[at++] = BACKSLASH
        to[at++] = letter
      } else {
        if (byte >= 0x80) beyondAscii = true
        to[at++] = byte
      }
    }
    if (form !== 'number') to[at++] = QUOTE
    this.length = at
    return !beyondAscii || (form === 'utf8' && isUtf8(bytes.subarray(start, end)))
  }

  #hex(bytes: Uint8Array, start: number, end: number): void {
    const to = this.#bytes
    let at = this.length
    to[at++] = 0x58
    to[at++] = QUOTE
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number
      to[at++] = HEX[byte >> 4] as number
      to[at++] = HEX[byte & 15] as number
    }
    to[at++] = QUOTE
    this.length = at
  }

  #reserve(size: number): void {
    if (this.length + size <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.length + size))
    this.#bytes.copy(grown, 0, 0, this.length)
    this.#bytes = grown
  }
}
