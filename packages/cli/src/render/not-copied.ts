import type { OtherObjects, Plan } from '@dbsync/core'
import { printable } from '../printable.ts'
import { plural } from './format.ts'

/** What a database holds besides tables, by name; empty where there is nothing. Not visible is not the same as none. */
export function notCopied(objects: OtherObjects): string {
  const kinds = (['views', 'triggers', 'routines', 'events', 'sequences'] as const).flatMap((kind) => {
    const names = objects[kind]
    if (names === undefined) return [`${kind} not visible with these rights`]
    return names.length === 0 ? [] : [`${plural(names.length, kind.slice(0, -1))} (${names.map(printable).join(', ')})`]
  })
  return kinds.join('; ')
}

/** One line for each source database of a plan that has any. */
export function notCopiedLines(plan: Plan): readonly string[] {
  const databases = new Map(plan.targets.flatMap((target) => target.databases.map(({ source, objects }) => [source, notCopied(objects)] as const)))
  return [...databases].flatMap(([database, text]) => (text === '' ? [] : [`${printable(database)}: ${text}`]))
}
