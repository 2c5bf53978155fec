import type { TableSchema } from '@dbsync/core'
import { printable } from '../printable.ts'
import { bytes, plural } from '../render/format.ts'
import type { Desk } from './desk.ts'
import type { OpenedSource } from './found.ts'

/** What answered, in one line. Sizes stand beside the databases, where they are chosen. */
export function showSource({ identity, databases }: OpenedSource, { say }: Desk): void {
  say(`✓ ${printable(identity.label)} answers; ${plural(databases.length, 'database')} can be seen.`)
}

/** `12 tables, 34.5 MB`: by the server's own statistics. */
export function sizeOf(tables: readonly TableSchema[]): string {
  const size = tables.reduce((sum, { estimate }) => sum + (estimate?.bytes ?? 0), 0)
  return `${plural(tables.length, 'table')}, ${bytes(size)}`
}
