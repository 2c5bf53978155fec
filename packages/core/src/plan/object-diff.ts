import type { FittedObject, ObjectChange, ObjectDefinition, ObjectDefinitions } from '../contract/objects.ts'
import { definitionHash, type Prints, printId } from '../state/prints.ts'

type Drop = ObjectChange & { readonly type: 'drop' }
type Named = { readonly type: string; readonly name: string }

export const sameObject = (a: Named, b: Named): boolean => a.type === b.type && a.name === b.name

/** Whatever the case: a server may keep a name in small letters, and nothing is dropped for that. */
export const isThere = ({ objects, unreadable }: ObjectDefinitions, { type, name }: Named): boolean =>
  [...objects, ...unreadable].some((other) => other.type === type && other.name.toLowerCase() === name.toLowerCase())

/** Absence proves something only where the source's rights would show the object. */
export function gone(found: readonly ObjectDefinition[], source: ObjectDefinitions, allowed: boolean): readonly Drop[] {
  if (!allowed) return []
  return found.filter((object) => source.complete.includes(object.kind) && !isThere(source, object)).map((existing) => ({ type: 'drop', existing }))
}

export function differing(definition: ObjectDefinition, found: ObjectDefinitions, wanted: readonly FittedObject[], prints: Prints): readonly ObjectChange[] {
  const existing = found.objects.find((object) => sameObject(object, definition))
  if (existing === undefined) return [{ type: 'create', definition }]
  return isEqual(existing, definition, prints) && inPlace(definition, found, wanted, prints) ? [] : [{ type: 'replace', definition, existing }]
}

/** What is compared: not who the definer is. */
function isEqual(existing: ObjectDefinition, wanted: ObjectDefinition, prints: Prints): boolean {
  const [there, given] = [definitionHash(existing), definitionHash(wanted)]
  const print = prints.get(printId(wanted))
  return there === given || (print?.given === given && print.printed === there)
}

/** A trigger that is made anew comes last: so must all that follow it. */
function inPlace(definition: ObjectDefinition, found: ObjectDefinitions, wanted: readonly FittedObject[], prints: Prints): boolean {
  const { trigger } = definition
  if (trigger === undefined) return true
  const ofMoment = (object: ObjectDefinition) => object.trigger?.table === trigger.table && object.trigger.moment === trigger.moment
  const order = wanted.map((one) => one.definition).filter(ofMoment)
  const there = found.objects.filter((object) => ofMoment(object) && order.some(({ name }) => name === object.name))
  const upTo = order.findIndex(({ name }) => name === definition.name)
  return order.slice(0, upTo + 1).every((object, i) => there[i] !== undefined && isEqual(there[i], object, prints))
}

/** Per table the triggers that are at the target and belong there, in the order in which they fire. */
export function standingTriggers(
  wanted: readonly FittedObject[],
  found: ObjectDefinitions,
  source: ObjectDefinitions,
  dropped: ReadonlySet<string>,
): ReadonlyMap<string, readonly ObjectDefinition[]> {
  const standing = new Map<string, ObjectDefinition[]>()
  for (const existing of found.objects) {
    if (existing.trigger === undefined || dropped.has(existing.name)) continue
    const belongs = wanted.find(({ definition }) => sameObject(definition, existing) && definition.trigger?.table === existing.trigger?.table)?.definition
    // What the source does not show may be there. Our own can be made again as it is.
    const kept = belongs ?? (!source.complete.includes('triggers') && existing.own ? existing : undefined)
    if (kept !== undefined) standing.set(existing.trigger.table, [...(standing.get(existing.trigger.table) ?? []), kept])
  }
  return standing
}
