import type { FittedObject, ObjectType } from '../contract/objects.ts'

/** Views call functions; nothing is checked when a routine, a trigger or an event is made. */
const ORDER: readonly ObjectType[] = ['function', 'procedure', 'view', 'trigger', 'event']

/** Everything after what it needs. Views that need one another, which no server allows, come in some order. */
export function inOrder(objects: readonly FittedObject[]): readonly FittedObject[] {
  const views = new Map(objects.filter(({ definition }) => definition.type === 'view').map((view) => [view.definition.name, view]))
  const placed = new Set<FittedObject>()
  const place = (view: FittedObject, above: ReadonlySet<FittedObject>): void => {
    if (placed.has(view) || above.has(view)) return
    for (const name of view.needs) {
      const needed = views.get(name)
      if (needed !== undefined) place(needed, new Set([...above, view]))
    }
    placed.add(view)
  }
  for (const view of views.values()) place(view, new Set())
  return ORDER.flatMap((type) => (type === 'view' ? [...placed] : objects.filter(({ definition }) => definition.type === type)))
}
