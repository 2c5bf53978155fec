import { createHash } from 'node:crypto'
import { CellCursor, type Column, type RowBatch, SyncError, type TableRef, tableName } from '@dbsync/core/plugin'
import type { Ledger } from './ledger.ts'
import { OPERATION, ROW_HASH, SEQUENCE } from './system-columns.ts'
import { TextSink } from './text-sink.ts'
import type { WarehouseType } from './types.ts'
import { type CellWriter, cellWriter } from './values.ts'

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
}

type Field = { readonly head: Buffer; readonly write: CellWriter; readonly column: Column; readonly inKey: boolean }

/** Packed rows to lines of JSON. NULLs are left out. */
export class NdjsonEncoder {
  rows = 0
  readonly #options: EncoderOptions
  readonly #fields: readonly Field[]
  readonly #byName: ReadonlyMap<string, Field>
  readonly #sink = new TextSink()
  #sequence = 0

  constructor(options: EncoderOptions) {
    this.#options = options
    this.#fields = options.columns.map(({ column, name, type, inKey }) => ({
      head: Buffer.from(`${JSON.stringify(name)}:`),
      write: cellWriter(column, type),
      column,
      inKey,
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
    for (let row = 0; row < batch.rowCount; row++) {
      const start = cursor.at
      this.#sink.byte(OPEN)
      let first = true
      for (const field of fields) {
        cursor.next()
        if (!cursor.isNull && this.#cell(field, cursor, first)) first = false
      }
      if (this.#options.hashed) {
        const hash = createHash('sha256').update(batch.bytes.subarray(start, cursor.at)).digest('hex')
        this.#sink.ascii(`${first ? '' : ','}"${ROW_HASH}":"${hash}"`)
        first = false
      }
      this.#end(first)
    }
    this.rows += batch.rowCount
  }

  /** Keys of rows that are to go; where there is no key, 64-bit row hashes, which are written as 16 hexadecimal digits. */
  addDeletes(batch: RowBatch): void {
    if (this.#options.hashed) {
      for (let row = 0; row < batch.rowCount; row++) {
        const hash = BigInt(Buffer.from(batch.cell(row, 0) ?? []).toString('latin1'))
        this.#sink.ascii(`{"${OPERATION}":"D","${ROW_HASH}":"${hash.toString(16).padStart(16, '0')}"`)
        this.#end(false)
      }
      return
    }
    const cursor = new CellCursor(batch.bytes)
    const fields = batch.columns.map(({ name }) => this.#byName.get(name))
    for (let row = 0; row < batch.rowCount; row++) {
      this.#sink.ascii(`{"${OPERATION}":"D"`)
      for (const field of fields) {
        cursor.next()
        if (field === undefined) throw new Error('a delete by a column that is not in the key')
        if (!cursor.isNull) this.#cell(field, cursor, false)
      }
      this.#end(false)
    }
  }

  /** The lines so far; the encoder goes on with none. */
  take(): Buffer {
    return this.#sink.take()
  }

  #end(first: boolean): void {
    if (this.#options.sequenced) this.#sink.ascii(`${first ? '' : ','}"${SEQUENCE}":${this.#sequence++}`)
    this.#sink.ascii('}\n')
  }

  #cell(field: Field, { bytes, start, end }: CellCursor, first: boolean): boolean {
    const sink = this.#sink
    const mark = sink.byteLength
    if (!first) sink.byte(COMMA)
    sink.raw(field.head)
    const loss = field.write(sink, bytes, start, end)
    if (loss === undefined) return true
    sink.backTo(mark)
    const value = Buffer.from(bytes.subarray(start, end)).toString('utf8')
    if (field.inKey) throw this.#lostKey(field.column, loss, value)
    this.#options.ledger.note(field.column, loss, value)
    return false
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
const COMMA = 0x2c
