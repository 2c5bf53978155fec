import { CellCursor, type Column, type RowBatch } from '@dbsync/core/plugin'
import { hexLiteral } from '@dbsync/mysql'
import { type CellForm, cellForm } from './cells.ts'

/** The largest statement that is built on purpose; one row alone may be larger. */
const STATEMENT_BYTES = 1 << 20

/**
 * A batch as INSERT statements, each below `maxBytes` unless a single row is larger. For servers that forbid LOAD DATA LOCAL.
 * Text and bytes go as hexadecimal literals, which no character set and no SQL mode can misread.
 */
export function* insertText(head: string, batch: RowBatch, flavour: 'mariadb' | 'mysql', maxBytes: number): Generator<{ sql: string; rows: number }> {
  const limit = Math.min(STATEMENT_BYTES, maxBytes)
  const forms = batch.columns.map((column: Column) => cellForm(column, flavour))
  const cursor = new CellCursor(batch.bytes)
  let values: string[] = []
  let size = head.length
  for (let row = 0; row < batch.rowCount; row++) {
    const literals = forms.map((form) => {
      cursor.next()
      return literal(cursor.cell(), form)
    })
    const value = `(${literals.join(',')})`
    if (values.length > 0 && size + value.length + 1 > limit) {
      yield { sql: head + values.join(','), rows: values.length }
      values = []
      size = head.length
    }
    values.push(value)
    size += value.length + 1
  }
  if (values.length > 0) yield { sql: head + values.join(','), rows: values.length }
}

function literal(cell: Uint8Array | null, form: CellForm): string {
  if (cell === null) return 'NULL'
  if (form === 'plain') return `'${Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength).toString('latin1')}'`
  return form === 'bytes' ? hexLiteral(cell) : `_utf8mb4 ${hexLiteral(cell)}`
}
