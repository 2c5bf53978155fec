import { hash } from 'node:crypto'
import { CellCursor, type Column, type RowBatch, SyncError, type TableRef, tableName } from '@dbsync/core/plugin'
import type { Ledger } from './ledger.ts'
import { OPERATION, ROW_HASH, SEQUENCE } from './system-columns.ts'
import { type Stamp, stamp, TextSink } from './text-sink.ts'
import type { WarehouseType } from './types.ts'
import { type CellWriter, cellWriter, digits, text } from './values.ts'

/** A column as it is written: the source's, under its name and type in the warehouse. */
export type EncodedColumn = { readonly column: Column; readonly name: string; readonly type: WarehouseType; readonly inKey: boolean }

export type EncoderOptions = {
  readonly table: TableRef
  readonly columns: readonly EncodedColumn[]
  readonly ledger: Ledger
  /** Rows carry their hash: for tables without a key. The warehouse numbers the copies. */
  readonly hashed: boolean
  /** Rows carry the order in which they came. */
  readonly sequenced: boolean
  /** About so many bytes are taken at once; left out: unknown. */
  readonly usualBytes?: number
  /** The column, one of whole numbers, of which the least and the greatest value are to be known. */
  readonly bounded?: string | undefined
}

type Field = { readonly head: Stamp; readonly write: CellWriter; readonly column: Column; readonly inKey: boolean; readonly bound: boolean }

/** Packed rows to lines of JSON. NULLs are left out. */
export class NdjsonEncoder {
  rows = 0
  /** Of `bounded`, over all rows and deletes so far. */
  bounds: { readonly least: bigint; readonly greatest: bigint } | undefined
  readonly #options: EncoderOptions
  readonly #fields: readonly Field[]
  readonly #byName: ReadonlyMap<string, Field>
  readonly #sink: TextSink
  #sequence = 0

  constructor(options: EncoderOptions) {
    this.#options = options
    this.#sink = new TextSink(options.usualBytes)
    this.#fields = options.columns.map(({ column, name, type, inKey }) => ({
      head: stamp(`,${JSON.stringify(name)}:`),
      write: cellWriter(column, type),
      column,
      inKey,
      bound: column.name === options.bounded,
    }))
    this.#byName = new Map(this.#fields.map((field) => [field.column.name, field]))
  }

  get byteLength(): number {
    return this.#sink.byteLength
  }

  /** Whole rows: every column of the encoder, in its order. Nothing of the batch is kept. */
  add(batch: RowBatch): void {
    const cursor = new CellCursor(batch.bytes)
    const fields = this.#fields
    const sink = this.#sink
    const { hashed } = this.#options
    for (let row = 0; row < batch.rowCount; row++) {
      const start = cursor.at
      const open = sink.byteLength
      for (let i = 0; i < fields.length; i++) {
        cursor.next()
        if (!cursor.isNull) this.#cell(fields[i] as Field, cursor)
      }
      if (hashed) sink.ascii(`,"${ROW_HASH}":"${hash('sha256', batch.bytes.subarray(start, cursor.at), 'hex')}"`)
      this.#end(open)
    }
    this.rows += batch.rowCount
  }

  /** Keys of rows that are to go; where there is no key, 64-bit row hashes, which are written as 16 hexadecimal digits. */
  addDeletes(batch: RowBatch): void {
    if (this.#options.hashed) {
      for (let row = 0; row < batch.rowCount; row++) {
        const number = BigInt(Buffer.from(batch.cell(row, 0) ?? []).toString('latin1'))
        const open = this.#sink.byteLength
        this.#sink.ascii(`,"${OPERATION}":"D","${ROW_HASH}":"${number.toString(16).padStart(16, '0')}"`)
        this.#end(open)
      }
      return
    }
    const cursor = new CellCursor(batch.bytes)
    const fields = batch.columns.map(({ name }) => this.#byName.get(name))
    for (let row = 0; row < batch.rowCount; row++) {
      const open = this.#sink.byteLength
      this.#sink.ascii(`,"${OPERATION}":"D"`)
      for (const field of fields) {
        cursor.next()
        if (field === undefined) throw new Error('a delete by a column that is not in the key')
        if (!cursor.isNull) this.#cell(field, cursor)
      }
      this.#end(open)
    }
  }

  /** The lines so far; the encoder goes on with none, in the memory of `next`, lines that nobody reads any more, or in its own. */
  take(next?: Uint8Array<ArrayBuffer>): Buffer<ArrayBuffer> {
    return this.#sink.take(next)
  }

  /** Everything in a row begins with a comma; the first one makes way for the brace. */
  #end(open: number): void {
    const sink = this.#sink
    if (this.#options.sequenced) sink.ascii(`,"${SEQUENCE}":${this.#sequence++}`)
    if (sink.byteLength === open) sink.byte(OPEN)
    else sink.replace(open, OPEN)
    sink.byte(CLOSE)
    sink.byte(NEW_LINE)
  }

  #bound(value: bigint): void {
    const { least, greatest } = this.bounds ?? { least: value, greatest: value }
    if (this.bounds !== undefined && value >= least && value <= greatest) return
    this.bounds = { least: value < least ? value : least, greatest: value > greatest ? value : greatest }
  }

  #cell(field: Field, cursor: CellCursor): void {
    const { bytes, start, end } = cursor
    const sink = this.#sink
    const mark = sink.byteLength
    sink.stamp(field.head)
    let loss: Loss | undefined
    // What most cells are is called by its name: that can be inlined.
    if (field.write === text) sink.quoted(bytes, start, end)
    else if (field.write === digits) sink.quotedPlain(bytes, start, end)
    else loss = field.write(sink, bytes, start, end)
    if (field.bound) this.#bound(BigInt(Buffer.from(bytes.subarray(start, end)).toString('latin1')))
    if (loss === undefined) return
    sink.backTo(mark)
    const value = Buffer.from(bytes.subarray(start, end)).toString('utf8')
    if (field.inKey) throw this.#lostKey(field.column, loss, value)
    this.#options.ledger.note(field.column, loss, value)
  }

  #lostKey(column: Column, loss: Loss, value: string): SyncError {
    const { table } = this.#options
    return new SyncError('WAREHOUSE_VALUE', `${tableName(table)}: the key column ${column.name} holds ${JSON.stringify(value)}: ${loss}.`, {
      kind: 'data',
      table,
      hint: 'A key cannot become NULL. Correct the row at the source, or keep the column as text with `type_overrides`.',
    })
  }
}

type Loss = string
const OPEN = 0x7b
const CLOSE = 0x7d
const NEW_LINE = 0x0a
