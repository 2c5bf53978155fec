import type { SyncMode } from './records.ts'
import type { DatabaseStatus } from './status.ts'

/** One database in a line. */
export type DatabaseOverview = {
  readonly name: string
  readonly tables: number
  /** The newest success; `null`: there is none. */
  readonly lastSync: string | null
  /** `MIXED`: some tables one way, some the other. */
  readonly mode: SyncMode | 'MIXED' | null
  /** Written by the last sync of each table. */
  readonly rows: number
  readonly successes: number
  readonly failures: number
  /** Neither: at work, stopped, reset. */
  readonly unfinished: number
  /** The three that were synced last. */
  readonly newest: readonly { readonly table: string; readonly lastSync: string }[]
}

const NEWEST = 3

export function overviewOf({ name, tables }: DatabaseStatus): DatabaseOverview {
  const synced = tables
    .flatMap(({ name: table, lastSync }) => (lastSync === null ? [] : [{ table, lastSync }]))
    .toSorted((a, b) => Date.parse(b.lastSync) - Date.parse(a.lastSync))
  const modes = new Set(tables.map(({ mode }) => mode))
  const [mode = null] = modes
  const count = (status: string) => tables.filter((table) => table.status === status).length
  return {
    name,
    tables: tables.length,
    lastSync: synced[0]?.lastSync ?? null,
    mode: modes.size > 1 ? 'MIXED' : mode,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    successes: count('SUCCESS'),
    failures: count('FAILED'),
    unfinished: count('RUNNING'),
    newest: synced.slice(0, NEWEST),
  }
}
