import { type Column, SyncError, type TableRef, tableName } from '@dbsync/core/plugin'

/** Counts the values that could not be kept as they were, by column and reason. With `strict` the first one fails the table. */
export class Ledger {
  readonly #table: TableRef
  readonly #strict: boolean
  readonly #counts = new Map<string, Map<string, number>>()

  constructor(table: TableRef, strict: boolean) {
    this.#table = table
    this.#strict = strict
  }

  /** One value of `column` became NULL. Throws where that cannot be. */
  note(column: Column, reason: string, value: string): void {
    if (this.#strict) {
      throw new SyncError('WAREHOUSE_VALUE', `${tableName(this.#table)}: column ${column.name} holds ${shown(value)}: ${reason}.`, {
        kind: 'data',
        table: this.#table,
        hint: 'Correct the row at the source; or keep the column as text with `type_overrides`; or set `strict` to false: such values then become NULL and are counted.',
      })
    }
    const reasons = this.#counts.get(column.name) ?? new Map<string, number>()
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    this.#counts.set(column.name, reasons)
  }

  /** One sentence for each column and reason. */
  lines(): readonly string[] {
    return [...this.#counts].flatMap(([column, reasons]) =>
      [...reasons].map(
        ([reason, count]) => `${tableName(this.#table)}: ${count} ${count === 1 ? 'value' : 'values'} of column ${column} became NULL: ${reason}`,
      ),
    )
  }
}

const shown = (value: string): string => JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
