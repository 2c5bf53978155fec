/** How a type may serve in a key: as it is, by a prefix only, or not at all. */
export type Indexing = 'whole' | 'prefix' | 'none'

/** A column type and the values that are most easily lost in it. The session that writes them is in utf8mb4 and allows invalid dates. */
export type ColumnValues = {
  /** As in a column definition, without NULL or NOT NULL. */
  readonly type: string
  /** As SQL. */
  readonly values: readonly string[]
  readonly indexing?: Indexing
}

/** The bytes `from` to `to`, in hexadecimal digits. */
export const hex = (from: number, to: number): string => Buffer.from(Array.from({ length: to - from + 1 }, (_, i) => from + i)).toString('hex')

/** Every byte, in pieces short enough for a key. */
export const ALL_BYTES: readonly string[] = [hex(0, 63), hex(64, 127), hex(128, 191), hex(192, 255)]

/** Every byte, one by one. */
export const EACH_BYTE: readonly string[] = Array.from({ length: 256 }, (_, byte) => hex(byte, byte))
