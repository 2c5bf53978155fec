import type { DatabasePlan, OtherObjects, Plan } from '@dbsync/core'
import { printable } from '../printable.ts'
import { plural } from './format.ts'

/** What a database holds besides tables and what is asked for, by name; empty where there is nothing. Not visible is not the same as none. */
export function notCopied({ objects, objectPlan }: Pick<DatabasePlan, 'objects' | 'objectPlan'>): string {
  const kinds = (Object.keys(othersOf(objects, objectPlan?.kinds)) as (keyof OtherObjects)[]).flatMap((kind) => {
    const names = objects[kind]
    if (names === undefined) return [`${kind} not visible with these rights`]
    return names.length === 0 ? [] : [`${plural(names.length, kind.slice(0, -1))} (${names.map(printable).join(', ')})`]
  })
  return kinds.join('; ')
}

/** The kinds that are not copied, in a fixed order. */
export function othersOf({ views, triggers, routines, events, sequences }: OtherObjects, copied: readonly string[] = []): Partial<OtherObjects> {
  return Object.fromEntries(Object.entries({ views, triggers, routines, events, sequences }).filter(([kind]) => !copied.includes(kind)))
}

/** One line for each source database of a plan that has any. */
export function notCopiedLines(plan: Plan): readonly string[] {
  const databases = new Map(plan.targets.flatMap((target) => target.databases.map((database) => [database.source, notCopied(database)] as const)))
  return [...databases].flatMap(([database, text]) => (text === '' ? [] : [`${printable(database)}: ${text}`]))
}
