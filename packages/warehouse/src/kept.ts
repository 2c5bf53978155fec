import { CellCursor, type RowBatch, RowPacker, type TableSchema } from '@dbsync/core/plugin'
import { asKept } from './cells.ts'
import type { Dialect } from './dialect.ts'
import { type TypeOverrides, typeOf } from './overrides.ts'
import { TextSink } from './text-sink.ts'
import { type CellWriter, cellWriter } from './values.ts'

type Filter = { readonly write: CellWriter; readonly change: ((text: string) => string) | undefined }

/** Rows of the source as they read back from here: what has no place is NULL. */
export function keptRows(dialect: Dialect, schema: TableSchema, rows: RowBatch, overrides: TypeOverrides): RowBatch {
  const filters = rows.columns.map((column): Filter | undefined => {
    const type = typeOf(dialect, column, schema.table, overrides)
    const dated = ['date', 'datetime', 'timestamp'].includes(column.type.kind) && type !== 'STRING'
    // MySQL has its own rules for when a double is printed with an exponent.
    const printed = type === 'FLOAT64'
    if (!dated && !printed && (type === dialect.exactType(column) || type === 'STRING')) return undefined
    return { write: cellWriter(column, type), change: asKept(type) }
  })
  if (filters.every((filter) => filter === undefined)) return rows
  const cursor = new CellCursor(rows.bytes)
  const packer = new RowPacker(rows.bytes.length)
  const sink = new TextSink()
  for (let row = 0; row < rows.rowCount; row++) {
    for (const filter of filters) {
      cursor.next()
      if (filter === undefined || cursor.isNull) packer.cell(cursor.cell())
      else if (filter.write(sink, rows.bytes, cursor.start, cursor.end) !== undefined) packer.cell(null)
      else packer.cell(filter.change === undefined ? cursor.cell() : filter.change(Buffer.from(cursor.cell() ?? []).toString('utf8')))
      sink.backTo(0)
    }
    packer.endRow()
  }
  return packer.take(rows.columns)
}
