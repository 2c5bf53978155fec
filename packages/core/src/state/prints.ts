import { createHash } from 'node:crypto'
import type { ObjectDefinition } from '../contract/objects.ts'
import type { StateStore } from '../contract/state-store.ts'

/**
 * Objects that a target does not print as they were given to it, by `type name`: what was given and what it prints, as `definitionHash`.
 * While both are the same the object is what it should be.
 */
export type Prints = ReadonlyMap<string, { readonly given: string; readonly printed: string }>

/** Key of the document of one database of a target. */
export const printsKey = (target: string, database: string): string => `objects/${target}/${database}`

export const printId = ({ type, name }: { readonly type: string; readonly name: string }): string => `${type} ${name}`

/** Equal for equal objects, whoever their definer is. */
export function definitionHash({ type, name, trigger, head, body, settings }: ObjectDefinition): string {
  const set = Object.entries(settings).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([type, name, trigger?.table, trigger?.moment, head, body, set]))
    .digest('hex')
}

/** A document of another shape counts as none: the objects are made once more then. */
export async function readPrints(state: StateStore, target: string, database: string): Promise<Prints> {
  const { value } = (await state.read(printsKey(target, database))) ?? {}
  const objects = typeof value === 'object' && value !== null && 'objects' in value ? value.objects : undefined
  const entries = Object.entries(typeof objects === 'object' && objects !== null ? objects : {}) as [string, unknown][]
  return new Map(
    entries.flatMap(([id, pair]) => {
      const [given, printed] = Array.isArray(pair) ? (pair as unknown[]) : []
      return typeof given === 'string' && typeof printed === 'string' ? [[id, { given, printed }] as const] : []
    }),
  )
}

/** Only under the lock on the database: nobody else writes this document then. */
export async function writePrints(state: StateStore, target: string, database: string, prints: Prints): Promise<void> {
  const before = await state.read(printsKey(target, database))
  const objects = Object.fromEntries([...prints].map(([id, { given, printed }]) => [id, [given, printed] as const]))
  await state.write(printsKey(target, database), { version: 1, objects }, before?.revision)
}
