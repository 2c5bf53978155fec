import { type Column, keyColumns, storedColumns, type TableSchema } from '../model/schema.ts'
import type { Found } from './examine.ts'
import type { RowDifference, Totals } from './report.ts'
import { cellsOf, changedCells, shownCells, shownKey } from './show.ts'

/** Tells whether the last sync cannot have brought a row of the source, for it is newer. Rows are packed. */
export type Newer = (source: Uint8Array, target: Uint8Array | undefined) => boolean

/** Two values that read alike: an ENUM's invalid value and a member `''`, for one. */
const READ_ALIKE = new Set(['enum', 'set'])
export const mayReadAlike = (schema: TableSchema): boolean => storedColumns(schema).some(({ type }) => READ_ALIKE.has(type.kind))

/** More keys than this are not kept. */
const KEYS_KEPT = 500_000

/** Counts what is found, and keeps the first of it to show. */
export class Tally {
  rowsCompared = 0
  settled = 0
  readonly differences: RowDifference[] = []
  /** Every row that differs, by packed key; `undefined` where they are too many, or not known by a key. */
  keys: Uint8Array[] | undefined = []
  readonly #counts = { missing: 0, extra: 0, changed: 0, notSynced: 0 }
  readonly #schema: TableSchema
  readonly #limit: number
  readonly #newer: Newer

  constructor(schema: TableSchema, limit: number, newer: Newer) {
    this.#schema = schema
    this.#limit = limit
    this.#newer = newer
  }

  get totals(): Totals {
    return { rowsCompared: this.rowsCompared, settled: this.settled, ...this.#counts }
  }

  get different(): number {
    return this.#counts.missing + this.#counts.extra + this.#counts.changed
  }

  /** What there is to say of a row: of one that is not shown, no more than counts. */
  describe({ key, kind, source, target }: Found, isShown: boolean): RowDifference {
    const notSynced = source !== undefined && this.#newer(source, target)
    const columns = isShown && source !== undefined && target !== undefined ? changedCells(this.#schema, source, target) : []
    return { kind, key: isShown ? shownKey(this.#schema, key) : [], columns, ...(notSynced ? { notSynced } : {}) }
  }

  count(difference: RowDifference, copies = 1): void {
    this.#counts[difference.notSynced ? 'notSynced' : difference.kind] += copies
    if (this.room > 0) this.differences.push(difference)
  }

  /** Rows that differ, by packed key. */
  remember(keys: readonly Uint8Array[]): void {
    if (this.keys === undefined) return
    if (this.keys.length + keys.length > KEYS_KEPT) this.keys = undefined
    else for (const key of keys) this.keys.push(key)
  }

  /** How many more would be kept. */
  get room(): number {
    return Math.max(0, this.#limit - this.differences.length)
  }

  /** Rows with one text and two hashes. */
  countAlike(key: Uint8Array): void {
    const columns = storedColumns(this.#schema).filter(({ type }) => READ_ALIKE.has(type.kind))
    const alike = columns.map(({ name }) => ({ name, source: 'not the same value', target: 'though it reads alike' }))
    this.count({ kind: 'changed', key: shownKey(this.#schema, key), columns: alike })
  }

  /** A row of a table without a key that the ends do not have equally often; `bytes` are packed. */
  countCopies(bytes: Uint8Array | undefined, copies: { readonly source: number; readonly target: number }): void {
    this.keys = undefined
    const columns: readonly Column[] = bytes === undefined ? [] : storedColumns(this.#schema)
    const key = bytes === undefined ? [] : shownCells(columns, cellsOf(bytes, columns.length))
    const kind = copies.source > copies.target ? 'missing' : 'extra'
    const { source, target } = copies
    this.count({ kind, key, columns: [], copies: { source, target } }, Math.abs(source - target))
  }

  /** Rows of which nothing is known but their number. */
  countRows(source: number, target: number): void {
    this.keys = undefined
    this.#counts.missing += Math.max(0, source - target)
    this.#counts.extra += Math.max(0, target - source)
  }
}

export const hasKey = (schema: TableSchema): boolean => keyColumns(schema).length > 0
