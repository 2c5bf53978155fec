import type { OptionSpec, SyncError } from '@dbsync/core/plugin'
import type { Dialect } from './dialect.ts'
import { DELETES, type Deletes } from './merge.ts'
import { type TypeOverrides, typeOverrides } from './overrides.ts'
import { ON_TYPE_CONFLICT, type OnTypeConflict } from './shared.ts'

/** What every warehouse can be told. */
export type WarehouseSettings = {
  readonly deletes: Deletes
  readonly strict: boolean
  readonly overrides: TypeOverrides
  readonly onTypeConflict: OnTypeConflict
}

/** The options for it. `example` is a type override that makes sense there. */
export const warehouseOptions = (example: string): readonly OptionSpec[] => [
  {
    name: 'deletes',
    kind: 'string',
    description: 'Rows that are gone at the source: hard deletes them, soft marks them, ignore keeps them',
    choices: DELETES,
    default: 'hard',
  },
  {
    name: 'strict',
    kind: 'boolean',
    description: 'A value that has no place (a zero date) fails its table; otherwise it becomes NULL and is counted',
    default: false,
  },
  { name: 'type_overrides', kind: 'object', description: `Other types than the exact ones, by MySQL type or database.table.column: ${example}` },
  {
    name: 'on_type_conflict',
    kind: 'string',
    description: 'A column whose type does not go with that of other tenants: fail refuses the table of this tenant, new-column keeps it beside theirs',
    choices: ON_TYPE_CONFLICT,
    default: 'fail',
  },
]

/** Reads options that core has checked against their specs. `wrong` makes the error of one that cannot be used. */
export class OptionReader {
  readonly #options: Readonly<Record<string, unknown>>
  readonly #wrong: (what: string, hint: string) => SyncError

  constructor(options: Readonly<Record<string, unknown>>, wrong: (what: string, hint: string) => SyncError) {
    this.#options = options
    this.#wrong = wrong
  }

  text(name: string): string | undefined {
    const value = this.#options[name]
    if (value === undefined || value === null || value === '') return undefined
    if (typeof value !== 'string') throw this.#wrong(`${name} is not text`, 'Put it in quotes.')
    return value
  }

  oneOf<const T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name)
    const found = choices.find((choice) => choice === value)
    if (value !== undefined && found === undefined) throw this.#wrong(`${name} is ${JSON.stringify(value)}`, `Choose one of ${choices.join(', ')}.`)
    return found
  }

  /** Throws `WAREHOUSE_OPTIONS` too. */
  warehouse(dialect: Dialect): WarehouseSettings {
    return {
      deletes: this.oneOf('deletes', DELETES) ?? 'hard',
      strict: this.#options['strict'] === true,
      overrides: typeOverrides(dialect, this.#options['type_overrides']),
      onTypeConflict: this.oneOf('on_type_conflict', ON_TYPE_CONFLICT) ?? 'fail',
    }
  }
}
