import { keyColumns, type TableSchema } from './schema.ts'
import type { LogicalType } from './types.ts'

/**
 * A column that is marked `portable` is read and digested in a form that engines of different kinds can share: between two servers of one kind their own
 * form is quicker, and knows more (the numbers of an ENUM).
 *
 * Its text comes in UTF-8, whatever its character set. The row hash is the head of the SHA-1 over the texts below, joined with `,`; no two different rows
 * have the same text.
 *
 * | kind | text in the digest |
 * | --- | --- |
 * | NULL; a date that does not exist, such as 0000-00-00 | `~` |
 * | `bool`, `int`, `bits` | decimal digits |
 * | `decimal` | digits without zeros at the end, and without a point at the end |
 * | `float` | `-` where below zero, the significant digits, `e`, the power of ten of the first one |
 * | `date`, `time`, `datetime`, `timestamp` | the canonical text |
 * | `text`, `enum`, `set` | length in bytes, `:`, UTF-8 |
 * | `bytes` | hexadecimal digits in upper case |
 * | `json`, `geometry`, and what `isLong` | SHA-1 in hexadecimal digits |
 * | marked `presence` | nothing but whether it is NULL |
 * | marked `nothing`: some values become NULL there | nothing at all |
 */
export const isLong = (type: LogicalType): boolean => (type.kind === 'text' || type.kind === 'bytes') && (type.maxLength ?? Number.POSITIVE_INFINITY) > 1_000

/** Engines put these in different orders, so that they cannot share ranges of such a key. */
const UNORDERED = new Set<LogicalType['kind']>(['text', 'enum', 'set', 'json', 'time', 'float', 'geometry', 'bool'])

/** Whether the table is split by hash: of its rows where it has no key, of its keys where engines order them differently. */
export const isSplitByHash = (schema: TableSchema): boolean =>
  schema.key.length === 0 || keyColumns(schema).some(({ portable, type }) => portable !== undefined && UNORDERED.has(type.kind))
