import { ParquetColumn } from './parquet-column.ts'
import { footer, MAGIC, pageHeader, type RowGroup } from './parquet-format.ts'
import { type EncoderOptions, RowEncoder } from './row-encoder.ts'
import { OPERATION, ROW_HASH, SEQUENCE } from './system-columns.ts'
import { type CellWriter, cellWriter, digits, type Loss, text } from './values.ts'

type Field = { readonly column: ParquetColumn; readonly write: CellWriter }

/**
 * Packed rows to one Parquet file: every value is text, or bytes, as it came from the source, and whoever reads it casts. `take` gives the file piece by piece, each a row
 * group, and `end` what comes last.
 */
export class ParquetEncoder extends RowEncoder {
  readonly #fields: readonly Field[]
  readonly #system: ReadonlyMap<string, ParquetColumn>
  readonly #columns: readonly ParquetColumn[]
  readonly #groups: RowGroup[] = []
  #begun = false
  /** Of the open group. */
  openRows = 0
  #bytes = 0

  constructor(options: EncoderOptions) {
    super(options)
    this.#fields = options.columns.map(({ column, name, type }) => ({ column: new ParquetColumn(name, type !== 'BYTES'), write: cellWriter(column, type) }))
    this.#system = new Map([...(options.hashed ? [ROW_HASH] : []), SEQUENCE, OPERATION].map((name) => [name, new ParquetColumn(name, true)]))
    this.#columns = [...this.#fields.map(({ column }) => column), ...this.#system.values()]
  }

  /** About what the open group takes. */
  get byteLength(): number {
    return this.#bytes
  }

  /** The rows so far, in the order of the file. The encoder goes on without them, in the same memory: they are valid until the next row comes. */
  take(): readonly Uint8Array[] {
    const rows = this.openRows
    const pieces = this.#begun ? [] : [MAGIC]
    this.#begun = true
    if (rows === 0) return pieces
    const sizes = this.#columns.map((column) => {
      let total = 0
      for (const page of column.take(rows)) {
        const size = page.parts.reduce((sum, { length }) => sum + length, 0)
        const header = pageHeader(page.rows, size)
        pieces.push(header, ...page.parts)
        total += header.length + size
      }
      return total
    })
    this.#groups.push({ rows, sizes })
    this.openRows = 0
    this.#bytes = 0
    return pieces
  }

  /** All that is left of the file. */
  end(): readonly Uint8Array[] {
    return [...this.take(), footer(this.#columns, this.#groups)]
  }

  protected cell(column: number, bytes: Uint8Array, start: number, end: number): Loss | undefined {
    const { column: to, write } = this.#fields[column] as Field
    to.row = this.openRows
    this.#bytes += end - start + 4
    // What most cells are is called by its name: that can be inlined.
    if (write === text) to.text(bytes, start, end)
    else if (write === digits) to.plain(bytes, start, end)
    else return write(to, bytes, start, end)
    return undefined
  }

  protected system(name: string, value: string | number): void {
    const column = this.#system.get(name) as ParquetColumn
    column.row = this.openRows
    column.digits(String(value))
  }

  protected endRow(): void {
    this.openRows++
    this.#bytes++
  }
}
