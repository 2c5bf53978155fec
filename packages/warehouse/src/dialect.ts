import type { Column } from '@dbsync/core/plugin'
import type { WarehouseType } from './types.ts'

/** What the SQL of one warehouse has of its own. Values are SQL expressions, and so are the answers. What all of them share is written out where it is used. */
export interface Dialect {
  /** Marks the schemas that are of this warehouse. */
  readonly warehouse: string
  /** What its tables are in, for people: `dataset`. */
  readonly place: string
  /** The names that a setting may give to a type. */
  readonly typeNames: readonly string[]
  /** The narrowest type that holds every value of the column exactly, zero dates apart. */
  exactType(column: Column): WarehouseType
  /** How `type` is written for this column, without spaces; `undefined`: it cannot be kept as that. */
  typeName(column: Column, type: WarehouseType): string | undefined
  /** The type of such a name. */
  typeNamed(name: string): WarehouseType | undefined
  /** The name of the narrowest type that holds the values of both; `undefined`: there is none, or a column cannot be widened to it in place. */
  common(a: string, b: string): string | undefined
  quoteName(name: string): string
  quoteText(text: string): string
  /** A value as text that loses nothing; `cellOf` makes the canonical text of it. */
  textOf(value: string, type: WarehouseType): string
  /** The digits of a double that is not below zero: the fewest that read back as it, and of these the nearest. With or without an exponent. */
  doubleText(value: string): string
  /** Canonical text, which was checked, as a constant. Bytes come in hexadecimal digits. */
  constant(type: WarehouseType, text: string): string
  /** SHA-1 of text (UTF-8) or bytes, in lower-case hexadecimal digits. */
  sha1(value: string): string
  /** Bytes in upper-case hexadecimal digits. */
  hex(bytes: string): string
  /** Bytes of a text in UTF-8. */
  byteLength(text: string): string
  /** The number without a sign that 16 hexadecimal digits are. */
  hashNumber(digits: string): string
}

/** What a warehouse answers to a query: every cell as text. */
export type TextRow = readonly (string | null)[]

/** Asks a warehouse. `doing` tells people what for. */
export interface Queries {
  rows(doing: string, sql: string, signal: AbortSignal): Promise<readonly TextRow[]>
  /** Page by page, pulled. */
  select(doing: string, sql: string, signal: AbortSignal): AsyncIterable<readonly TextRow[]>
}
