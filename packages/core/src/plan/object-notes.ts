import type { FittedObject, ObjectChange, ObjectDefinitions } from '../contract/objects.ts'
import { SyncError } from '../errors/sync-error.ts'
import type { RouteFacts } from './gather.ts'
import { sameObject } from './object-diff.ts'

/** Why an object of the target must be left as it is. */
export function refuse({ existing, database, target }: RouteFacts, change: ObjectChange, found: ObjectDefinitions): SyncError | undefined {
  if (change.type === 'drop') return undefined
  const { type, name } = change.definition
  if (type === 'view' && existing.some(({ table }) => table.name === name)) {
    return new SyncError('OBJECT_CLASH', `view ${name}: target ${target} has a table of that name in ${database}.`, {
      kind: 'refused',
      hint: 'If it was a table at the source before, and nothing in the copy is needed, drop or rename the table at the target and run again.',
    })
  }
  const hidden = found.unreadable.find((object) => sameObject(object, change.definition))
  // A broken one may be replaced.
  if (hidden === undefined || hidden.broken || change.type !== 'create') return undefined
  return new SyncError('OBJECT_NOT_VISIBLE', `${type} ${name}: what target ${target} has of it in ${database} ${hidden.reason}.`, {
    kind: 'refused',
    hint: 'Grant it to the user of the target, or drop the object there: the next run makes it.',
  })
}

/** What people should know of the objects that are made now; nothing is said of those that are there already. */
export function notes(facts: RouteFacts, made: readonly FittedObject[]): readonly string[] {
  const place = `target ${facts.target}, ${facts.database}`
  const definers = [...new Set(made.map(({ definition }) => definition.definer).filter((definer) => definer !== ''))]
  const events = made.filter(({ definition }) => definition.type === 'event')
  return [
    ...made.flatMap(({ definition, warnings }) => warnings.map((warning) => `${definition.type} ${facts.source}.${definition.name}: ${warning}`)),
    ...(definers.length === 0 ? [] : [`${place}: the target's own user becomes the definer of what is made; at the source it is ${definers.join(', ')}`]),
    ...(events.length === 0
      ? []
      : [`${place}: events are made disabled, so that they do not change the copy: ${events.map(({ definition }) => definition.name).join(', ')}`]),
  ]
}

/** One sentence for all that have the same reason. */
export function unreadableText(database: string, { unreadable }: ObjectDefinitions): readonly string[] {
  const byReason = Map.groupBy(unreadable, ({ type, reason }) => JSON.stringify([type, reason]))
  return [...byReason.values()].map((all) => {
    const [{ type, reason } = { type: '', reason: '' }] = all
    return `${database}: ${type} ${all.map(({ name }) => name).join(', ')} ${all.length === 1 ? 'is' : 'are'} not copied: it ${reason}`
  })
}
