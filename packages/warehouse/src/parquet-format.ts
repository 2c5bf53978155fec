import { varint } from './varint.ts'

/*
 * What stands between the values in a Parquet file, in Thrift's compact protocol. Sources: apache/parquet-format, README.md and parquet.thrift, whose numbers of fields are
 * those below; apache/thrift, doc/specs/thrift-compact-protocol.md.
 */

/** `sizes`: the bytes of each column, headers included. */
export type RowGroup = { readonly rows: number; readonly sizes: readonly number[] }

export const MAGIC: Uint8Array = Buffer.from('PAR1')

const BYTE_ARRAY = i32(6)
const OPTIONAL = i32(1)
const UTF8 = i32(0)
const UNCOMPRESSED = i32(0)
const DATA_PAGE = i32(0)
const PLAIN = i32(0)
const RLE = i32(3)

/** Stands before a page: so many rows of one column, in so many bytes. */
export const pageHeader = (rows: number, bytes: number): Uint8Array =>
  struct({ 1: DATA_PAGE, 2: i32(bytes), 3: i32(bytes), 5: struct({ 1: i32(rows), 2: PLAIN, 3: RLE, 4: RLE }) }).bytes

/** The end of the file, which says where everything is. Row groups stand one behind the other, right behind the magic number. */
export function footer(columns: readonly { readonly name: string; readonly isText: boolean }[], groups: readonly RowGroup[]): Uint8Array {
  const schema = [
    struct({ 4: text('rows'), 5: i32(columns.length) }),
    ...columns.map(({ name, isText }) => struct({ 1: BYTE_ARRAY, 3: OPTIONAL, 4: text(name), ...(isText ? { 6: UTF8 } : {}) })),
  ]
  let at = MAGIC.length
  const rowGroups = groups.map(({ rows, sizes }) => {
    const chunks = columns.map(({ name }, i) => {
      const size = i64(sizes[i] as number)
      const start = i64(at)
      at += sizes[i] as number
      const chunk = { 1: BYTE_ARRAY, 2: list([PLAIN, RLE]), 3: list([text(name)]), 4: UNCOMPRESSED, 5: i64(rows), 6: size, 7: size, 9: start }
      return struct({ 2: start, 3: struct(chunk) })
    })
    return struct({ 1: list(chunks), 2: i64(sizes.reduce((sum, size) => sum + size, 0)), 3: i64(rows) })
  })
  const rows = groups.reduce((sum, group) => sum + group.rows, 0)
  const { bytes } = struct({ 1: i32(1), 2: list(schema), 3: i64(rows), 4: list(rowGroups), 6: text('dbsync') })
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return Buffer.concat([bytes, length, MAGIC])
}

type Value = { readonly type: number; readonly bytes: Uint8Array }

function i32(value: number): Value {
  return { type: 5, bytes: Uint8Array.from(varint(value * 2)) }
}

function i64(value: number): Value {
  return { type: 6, bytes: Uint8Array.from(varint(value * 2)) }
}

function text(value: string): Value {
  const bytes = Buffer.from(value)
  return { type: 8, bytes: Buffer.concat([Uint8Array.from(varint(bytes.length)), bytes]) }
}

function list(values: readonly Value[]): Value {
  const type = values[0]?.type ?? STRUCT
  const head = values.length < 15 ? [(values.length << 4) | type] : [0xf0 | type, ...varint(values.length)]
  return { type: 9, bytes: Buffer.concat([Uint8Array.from(head), ...values.map(({ bytes }) => bytes)]) }
}

const STRUCT = 12

/** Fields by their numbers, which an object has in ascending order. */
function struct(fields: Readonly<Record<number, Value>>): Value {
  let before = 0
  const parts: Uint8Array[] = []
  for (const [number, { type, bytes }] of Object.entries(fields)) {
    parts.push(Uint8Array.of(((Number(number) - before) << 4) | type), bytes)
    before = Number(number)
  }
  return { type: STRUCT, bytes: Buffer.concat([...parts, Uint8Array.of(0)]) }
}
