import type { ObjectDefinition, ObjectDefinitions, ObjectType } from '../contract/objects.ts'
import type { Source } from '../contract/source.ts'
import type { Target } from '../contract/target.ts'
import type { Column, TableSchema } from '../model/schema.ts'
import { schemaOf } from './testing.ts'

/** A table of the database `shop`, with the key `id`. */
export const tableWith = (name: string, columns: readonly Column[], over: Partial<TableSchema> = {}): TableSchema => ({ ...schemaOf(name, columns), ...over })

const KIND = { view: 'views', trigger: 'triggers', procedure: 'routines', function: 'routines', event: 'events' } as const

/** An object of the database `shop`; its body are the names of what it needs. */
export const objectOf = (type: ObjectType, name: string, body = ''): ObjectDefinition => ({
  ...{ kind: KIND[type], type, database: 'shop', name, head: '', body, settings: {}, definer: '', own: true },
})

const found = (objects: readonly ObjectDefinition[]): ObjectDefinitions => ({
  ...{ objects, complete: ['views', 'triggers', 'routines', 'events'], unreadable: [], hidden: [], settings: {} },
})

/** The source with these objects. */
export const sourceWith = (source: Source, objects: readonly ObjectDefinition[]): Source => ({ ...source, definitions: async () => found(objects) })

/** The target with objects. Their statements are `make view totals` and `drop view totals`, and `ran` is told of each before it is done. */
export function targetWith(target: Target, there: ObjectDefinition[], ran: (statement: string) => void | Promise<void>): Target {
  const known = new Map<string, ObjectDefinition>()
  const remove = (text: string) => {
    const at = there.findIndex(({ type, name }) => `${type} ${name}` === text)
    if (at >= 0) there.splice(at, 1)
  }
  return {
    ...target,
    objects: {
      definitions: async () => found([...there]),
      fit: (definition, database) => ({
        definition: { ...definition, database },
        needs: definition.body === '' ? [] : definition.body.split(','),
        warnings: [],
      }),
      render: (changes) =>
        changes.map((change) => {
          const { type, name } = change.type === 'drop' ? change.existing : change.definition
          if (change.type === 'drop') return [`drop ${type} ${name}`]
          known.set(`${type} ${name}`, change.definition)
          return [`make ${type} ${name}`]
        }),
    },
    async run(statements, signal) {
      const [statement = ''] = statements
      const [, what, which = ''] = /^(make|drop) ((?:view|trigger|procedure|function|event) .*)/.exec(statement) ?? []
      if (what === undefined) return await target.run(statements, signal)
      await ran(statement)
      signal.throwIfAborted()
      remove(which)
      const made = known.get(which)
      if (what === 'make' && made !== undefined) there.push(made)
    },
  }
}
