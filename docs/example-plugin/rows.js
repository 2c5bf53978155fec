/** What `packRows` of @dbsync/core/plugin makes, without a dependency: rows of JS values as one `RowBatch`. */
export const batchOf = (columns, rows, packed = rows.map(packRow)) => ({
  columns,
  rowCount: rows.length,
  bytes: Buffer.concat(packed),
  cell: (row, column) => cellOf(rows[row][column]),
  rows: () => rows.values(),
})

/** Each cell is its length and that many bytes, or 0xfb for NULL: the layout of a row in MySQL's protocol. */
export const packRow = (values) =>
  Buffer.concat(
    values.flatMap((value) => {
      const cell = cellOf(value)
      return cell === null ? [Buffer.of(0xfb)] : [lengthOf(cell), cell]
    }),
  )

/** The canonical text of a value (`model/types.ts` of core has the table), or its raw bytes. */
function cellOf(value) {
  if (value === null || value instanceof Uint8Array) return value
  return Buffer.from(typeof value === 'boolean' ? String(Number(value)) : String(value))
}

/** One byte up to 250; else 0xfc, 0xfd or 0xfe, and 2, 3 or 8 bytes. */
function lengthOf({ length }) {
  if (length <= 250) return Buffer.of(length)
  const bytes = Buffer.alloc(9)
  bytes.writeBigUInt64LE(BigInt(length), 1)
  const [mark, size] = length < 0x10000 ? [0xfc, 2] : length < 0x1000000 ? [0xfd, 3] : [0xfe, 8]
  bytes[0] = mark
  return bytes.subarray(0, 1 + size)
}
