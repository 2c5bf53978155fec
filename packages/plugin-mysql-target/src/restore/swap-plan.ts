import type { JsonValue, Satisfies, TableRef } from '@dbsync/core/plugin'
import { quoteTable } from '@dbsync/mysql'
import { asideDatabase, planTable, scratchDatabase } from './side-databases.ts'
import type { Trigger } from './triggers.ts'

/**
 * What a restore does once its tables are built. Written into the target before the first change that others can see, in the same
 * log as that change: whoever finds it after a kill can go on from it alone.
 */
export type SwapPlan = {
  readonly version: 1
  /** Name of the point. */
  readonly point: string
  /** Every database of the point, whether tables of it move or not. */
  readonly databases: readonly string[]
  readonly moves: readonly Move[]
  /** On tables that move away: a rename into another database is refused as long as they are there. */
  readonly dropTriggers: readonly Trigger[]
  readonly createTriggers: readonly Trigger[]
  /** Made anew after the swap: keys of tables that stay where they are, and keys whose parent is not there. */
  readonly foreignKeys: readonly ForeignKeyFix[]
  /** What does not change in the same moment as the rest, one sentence each. */
  readonly apart: readonly string[]
  /** The caller's own, given back as it is. */
  readonly note: JsonValue
}

/** One table's part in the swap. */
export type Move = {
  readonly database: string
  /** `null`: the table is removed. */
  readonly restored: { readonly name: string; readonly rows: number } | null
  /** The name of the table that is there now; `null`: there is none. */
  readonly present: string | null
}

export type ForeignKeyFix = {
  readonly table: TableRef
  readonly name: string
  readonly references: TableRef
  /** What follows ADD. */
  readonly definition: string
}

/** @public Fails to compile if a plan stops surviving JSON. */
export type StoredSwapPlan = Satisfies<JsonValue, SwapPlan>

type Rename = readonly [from: TableRef, to: TableRef]

/** All renames of the swap in order; the plan's own come last. */
export function renames({ databases, moves }: Pick<SwapPlan, 'databases' | 'moves'>): readonly Rename[] {
  const away = moves.flatMap(({ database, present: name }): Rename[] =>
    name === null
      ? []
      : [
          [
            { database, name },
            { database: asideDatabase(database), name },
          ],
        ],
  )
  const back = moves.flatMap(({ database, restored }): Rename[] =>
    restored === null
      ? []
      : [
          [
            { database: scratchDatabase(database), name: restored.name },
            { database, name: restored.name },
          ],
        ],
  )
  return [...away, ...back, ...databases.map((database): Rename => [planTable(scratchDatabase(database)), planTable(asideDatabase(database))])]
}

/** One statement: on MariaDB 10.6 and MySQL 8 it happens as a whole or not at all. */
export const renameStatement = (pairs: readonly Rename[]): string =>
  `RENAME TABLE ${pairs.map(([from, to]) => `${quoteTable(from)} TO ${quoteTable(to)}`).join(', ')}`
