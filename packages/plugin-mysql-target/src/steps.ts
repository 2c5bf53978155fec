import type { TableRef } from '@dbsync/core/plugin'
import { quoteTable } from '@dbsync/mysql'
import type { Method } from './method.ts'
import type { Staging } from './staging.ts'

/** One statement of the end. `does` says what its affected rows are. */
export type Step = {
  readonly sql: string
  /** `change` takes rows away that a later `insert` puts back with their new content; `upsert` counts by the server's own sentence. */
  readonly does?: 'delete' | 'change' | 'insert' | 'upsert'
}

/** Everything that is sent for one commit, in order: the staging tables and their loads, `finish`, `cleanup`. */
export type Statements = {
  readonly method: Method
  readonly rows: Staging | undefined
  readonly gone: Staging | undefined
  /** Statements on staging tables that come after the loads and commit by themselves. */
  readonly prepare: readonly string[]
  /** One transaction, or one RENAME. */
  readonly finish: readonly Step[]
  /** Right before `finish`, and each time that it is tried: triggers that must not fire go, and come back right after. */
  readonly away: readonly string[]
  readonly back: readonly string[]
  /** Nothing but tidying up: the rows are safe by now. */
  readonly cleanup: readonly string[]
}

/** What becomes of the rows alone. */
export type RowStatements = Omit<Statements, 'away' | 'back'>

export const BEGIN: Step = { sql: 'START TRANSACTION' }
export const COMMIT: Step = { sql: 'COMMIT' }

export const transaction = (steps: readonly Step[]): readonly Step[] => [BEGIN, ...steps, COMMIT]
export const alter = (table: TableRef, actions: readonly string[]): readonly string[] =>
  actions.length === 0 ? [] : [`ALTER TABLE ${quoteTable(table)} ${actions.join(', ')}`]
