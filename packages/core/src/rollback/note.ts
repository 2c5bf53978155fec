import { isJsonObject, type JsonValue } from '../model/json.ts'
import type { TableRef } from '../model/schema.ts'
import { type Positions, positionsIn } from './positions.ts'

/** What a rollback keeps in the target until it is over: all that finishing it takes. */
export type RollbackNote = {
  readonly version: 1
  readonly target: string
  /** Of the point; `null`: it has none, and those of its tables are forgotten. */
  readonly positions: Positions | null
  readonly tables: readonly TableRef[]
  /** Name of the point that was made of the state before. */
  readonly before: string
  readonly proved: boolean
}

/** In the manifest of a point that a rollback made of the state before it. */
type BeforeRollback = { readonly tables: Positions; readonly rollbackTo: string }

export const beforeRollback = (tables: Positions, point: string): BeforeRollback => ({ tables, rollbackTo: point })

export const isRollbackNote = (state: JsonValue): boolean => isJsonObject(state) && typeof state['rollbackTo'] === 'string'

/** Throws where the note is of another version. */
export function parseNote(value: JsonValue): RollbackNote {
  if (!isJsonObject(value) || value['version'] !== 1) throw new Error('the unfinished rollback was begun by another version of dbsync: finish it with that one')
  const { positions = null } = value
  if (positions !== null && positionsIn({ tables: positions }) === undefined) throw new Error('the note of the unfinished rollback is damaged')
  return value as unknown as RollbackNote
}
