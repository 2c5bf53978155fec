import { type Batch, type TableSchema, tableName, type WriteEffects, type WriteWork } from '@dbsync/core/plugin'
import { keyOf, type WarehouseColumn, warehouseColumns } from './columns.ts'
import type { Dialect } from './dialect.ts'
import { Ledger } from './ledger.ts'
import type { EncoderOptions, RowEncoder } from './row-encoder.ts'

export type PendingOptions<Encoder> = {
  readonly dialect: Dialect
  readonly work: WriteWork
  readonly strict: boolean
  /** The statement that makes the rows visible is bounded by their keys. */
  readonly bounded?: true
  /** The form in which rows go there. Called for each commit. */
  readonly encoder: (options: EncoderOptions) => Encoder
}

/** What a writer was given since its last commit: rows that are not loaded yet, and how many come and go. */
export class PendingRows<Encoder extends RowEncoder> {
  upserts = 0
  readonly #options: PendingOptions<Encoder>
  readonly #ledger: Ledger
  readonly #columns: readonly WarehouseColumn[]
  readonly #bounded: WarehouseColumn | undefined
  #encoder: Encoder
  #deletes = 0

  constructor(options: PendingOptions<Encoder>) {
    const { dialect, work, strict, bounded } = options
    this.#options = options
    this.#ledger = new Ledger(work.schema.table, strict)
    this.#columns = warehouseColumns(dialect, work.schema)
    this.#bounded = bounded && work.disposition === 'merge' ? boundedColumn(dialect, work.schema) : undefined
    this.#encoder = this.#newEncoder()
  }

  /** Of the rows since the last commit. */
  get encoder(): Encoder {
    return this.#encoder
  }

  get effects(): WriteEffects {
    return { upserts: this.upserts > 0, deletes: this.#deletes > 0 }
  }

  get isEmpty(): boolean {
    return this.upserts + this.#deletes === 0
  }

  /** The least and the greatest first key column, as constants, where that is known. */
  get between(): readonly [string, string] | undefined {
    const { bounds } = this.#encoder
    if (bounds === undefined || this.#bounded === undefined) return undefined
    const { type } = this.#bounded
    const { dialect } = this.#options
    return [dialect.constant(type, String(bounds.least)), dialect.constant(type, String(bounds.greatest))]
  }

  add({ upserts, deletes }: Batch): void {
    if (deletes !== undefined && deletes.rowCount > 0) {
      this.#encoder.addDeletes(deletes)
      this.#deletes += deletes.rowCount
    }
    if (upserts !== undefined && upserts.rowCount > 0) {
      this.#sameColumns(upserts.columns)
      this.#encoder.add(upserts)
      this.upserts += upserts.rowCount
    }
  }

  /** All of it is visible: begins anew. What was lost of values stays counted. */
  committed(): readonly string[] {
    this.#encoder = this.#newEncoder()
    this.upserts = 0
    this.#deletes = 0
    return this.#ledger.lines()
  }

  #newEncoder(): Encoder {
    const { work, encoder } = this.#options
    return encoder({
      table: work.schema.table,
      columns: this.#columns,
      ledger: this.#ledger,
      hashed: work.schema.key.length === 0,
      sequenced: work.disposition === 'merge',
      bounded: this.#bounded?.column.name,
    })
  }

  #sameColumns(columns: readonly { readonly name: string }[]): void {
    if (columns.length === this.#columns.length && this.#columns.every(({ column }, i) => column.name === columns[i]?.name)) return
    throw new Error(`rows with other columns than ${tableName(this.#options.work.schema.table)}`)
  }
}

/** By its first key column a table is clustered, inside the tenant. Of whole numbers it is known here which are the least and the greatest. */
export function boundedColumn(dialect: Dialect, schema: TableSchema): WarehouseColumn | undefined {
  const [first] = keyOf(dialect, schema)
  return first?.column.type.kind === 'int' && (first.type === 'INT64' || first.type === 'NUMERIC') ? first : undefined
}
