import { hash } from 'node:crypto'
import { CellCursor, type Column, type RowBatch, SyncError, type TableRef, tableName } from '@dbsync/core/plugin'
import type { Ledger } from './ledger.ts'
import { OPERATION, ROW_HASH, SEQUENCE } from './system-columns.ts'
import type { WarehouseType } from './types.ts'
import type { Loss } from './values.ts'

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
  /** The column, one of whole numbers, of which the least and the greatest value are to be known. */
  readonly bounded?: string | undefined
}

type SystemColumn = typeof ROW_HASH | typeof OPERATION | typeof SEQUENCE

/** Packed rows to the form of a file that a warehouse loads. What is not written of a row is NULL. */
export abstract class RowEncoder {
  /** Of `bounded`, over all rows and deletes so far. */
  bounds: { readonly least: bigint; readonly greatest: bigint } | undefined
  readonly #options: EncoderOptions
  readonly #bounded: number
  #sequence = 0

  constructor(options: EncoderOptions) {
    this.#options = options
    this.#bounded = options.columns.findIndex(({ column }) => column.name === options.bounded)
  }

  /** Of what is not taken yet. */
  abstract get byteLength(): number

  /** Writes a cell of the open row, or says why its value has no place; then nothing was written. */
  protected abstract cell(column: number, bytes: Uint8Array, start: number, end: number): Loss | undefined

  protected abstract system(column: SystemColumn, value: string | number): void

  protected abstract endRow(): void

  /** Whole rows: every column of the encoder, in its order. Nothing of the batch is kept. */
  add({ bytes, rowCount }: RowBatch): void {
    const cursor = new CellCursor(bytes)
    const { columns, hashed } = this.#options
    for (let row = 0; row < rowCount; row++) {
      const start = cursor.at
      for (let column = 0; column < columns.length; column++) {
        cursor.next()
        if (!cursor.isNull) this.#cell(column, cursor)
      }
      if (hashed) this.system(ROW_HASH, hash('sha256', bytes.subarray(start, cursor.at), 'hex'))
      this.#endRow()
    }
  }

  /** Keys of rows that are to go; where there is no key, 64-bit row hashes, which are written as 16 hexadecimal digits. */
  addDeletes(batch: RowBatch): void {
    const { columns, hashed } = this.#options
    const cursor = new CellCursor(batch.bytes)
    const places = hashed ? [] : batch.columns.map(({ name }) => columns.findIndex(({ column }) => column.name === name))
    if (places.includes(-1)) throw new Error('a delete by a column that is not in the key')
    for (let row = 0; row < batch.rowCount; row++) {
      this.system(OPERATION, 'D')
      if (hashed) this.system(ROW_HASH, hexadecimal(batch.cell(row, 0)))
      for (const column of places) {
        cursor.next()
        if (!cursor.isNull) this.#cell(column, cursor)
      }
      this.#endRow()
    }
  }

  #endRow(): void {
    if (this.#options.sequenced) this.system(SEQUENCE, this.#sequence++)
    this.endRow()
  }

  #cell(column: number, { bytes, start, end }: CellCursor): void {
    const loss = this.cell(column, bytes, start, end)
    if (column === this.#bounded) this.#bound(BigInt(Buffer.from(bytes.subarray(start, end)).toString('latin1')))
    if (loss === undefined) return
    const { column: of, inKey } = this.#options.columns[column] as EncodedColumn
    const value = Buffer.from(bytes.subarray(start, end)).toString('utf8')
    if (inKey) throw this.#lostKey(of, loss, value)
    this.#options.ledger.note(of, loss, value)
  }

  #bound(value: bigint): void {
    const { least, greatest } = this.bounds ?? { least: value, greatest: value }
    if (this.bounds !== undefined && value >= least && value <= greatest) return
    this.bounds = { least: value < least ? value : least, greatest: value > greatest ? value : greatest }
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

const hexadecimal = (digits: Uint8Array | null): string =>
  BigInt(Buffer.from(digits ?? []).toString('latin1'))
    .toString(16)
    .padStart(16, '0')
