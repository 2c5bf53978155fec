import { describe, expect, it } from 'vitest'
import type { FittedObject, ObjectDefinition, ObjectDefinitions } from '../contract/objects.ts'
import type { TableSchema } from '../model/schema.ts'
import type { RouteFacts } from './gather.ts'
import { notes, refuse, unreadableText } from './object-notes.ts'

const table = (name: string): TableSchema => ({
  ...{ table: { database: 'copy_of_shop', name }, columns: [], key: [], uniqueKeys: [], foreignKeys: [], referencedBy: [], triggers: [] },
  transactional: true,
})
const facts: RouteFacts = {
  ...{ target: 'backup', source: 'shop', database: 'copy_of_shop', tables: [], unreadable: new Map(), visibility: { scope: 'complete' } },
  ...{ objects: { events: [], routines: [], sequences: [], triggers: [], views: [] }, existing: [table('orders'), table('totals')] },
  ...{ databaseExists: true, leftovers: [], state: undefined },
}
const object = (name: string, extra: Partial<ObjectDefinition> = {}): ObjectDefinition => ({
  ...{ kind: 'views', type: 'view', database: 'shop', name, head: '', body: '', settings: {}, definer: '', own: true },
  ...extra,
})
const routine = (name: string): ObjectDefinition => object(name, { kind: 'routines', type: 'procedure' })
const event = (name: string): ObjectDefinition => object(name, { kind: 'events', type: 'event' })
const side = (unreadable: ObjectDefinitions['unreadable'] = []): ObjectDefinitions => ({
  ...{ objects: [], complete: [], unreadable, hidden: [], settings: {} },
})
const made = (definition: ObjectDefinition, ...warnings: readonly string[]): FittedObject => ({ definition, needs: [], warnings })

describe('an object of the target', () => {
  const procedure = routine('tidy')
  const hidden = { kind: 'routines', type: 'procedure', name: 'tidy', reason: 'hides its text' } as const

  it('is left as it is where it is a table and the source has a view of that name', () => {
    const view = object('totals')
    const refusal = refuse(facts, { type: 'create', definition: view }, side())
    expect(refusal).toMatchObject({ code: 'OBJECT_CLASH', kind: 'refused', message: expect.stringMatching(/totals.*backup.*copy_of_shop/) })
    expect(refusal?.hint).toMatch(/drop or rename/)
    expect(refuse(facts, { type: 'replace', definition: view, existing: view }, side())?.code).toBe('OBJECT_CLASH')
  })

  it('may have the name of a table where it is no view', () => {
    expect(refuse(facts, { type: 'create', definition: routine('totals') }, side())).toBeUndefined()
    expect(refuse(facts, { type: 'create', definition: object('sums') }, side())).toBeUndefined()
  })

  it('is left as it is where its text is hidden', () => {
    const refusal = refuse(facts, { type: 'create', definition: procedure }, side([hidden]))
    expect(refusal).toMatchObject({ code: 'OBJECT_NOT_VISIBLE', kind: 'refused', message: expect.stringMatching(/tidy.*backup.*copy_of_shop hides its text/) })
    expect(refusal?.hint).toMatch(/Grant/)
  })

  it('is not held back by what is hidden of others', () => {
    expect(refuse(facts, { type: 'create', definition: procedure }, side([{ ...hidden, type: 'function' }]))).toBeUndefined()
    expect(refuse(facts, { type: 'create', definition: procedure }, side([{ ...hidden, name: 'other' }]))).toBeUndefined()
  })

  it('is replaced where it is broken, or where its text was seen', () => {
    expect(refuse(facts, { type: 'create', definition: procedure }, side([{ ...hidden, broken: true }]))).toBeUndefined()
    expect(refuse(facts, { type: 'replace', definition: procedure, existing: procedure }, side([hidden]))).toBeUndefined()
  })

  it('is dropped whatever has its name', () => {
    expect(refuse(facts, { type: 'drop', existing: object('totals') }, side())).toBeUndefined()
    expect(refuse(facts, { type: 'drop', existing: procedure }, side([hidden]))).toBeUndefined()
  })
})

describe('the notes on what is made', () => {
  it('are none where nothing is other than at the source', () => {
    expect(notes(facts, [])).toEqual([])
    expect(notes(facts, [made(object('totals')), made(routine('tidy'))])).toEqual([])
  })

  it('are all warnings, each with the object of the source that it is about', () => {
    const found = notes(facts, [made(object('totals'), 'loses this', 'loses that'), made(routine('tidy'), 'loses more')])
    expect(found).toEqual(['view shop.totals: loses this', 'view shop.totals: loses that', 'procedure shop.tidy: loses more'])
  })

  it('name every definer of the source once, and where it changes', () => {
    const definers = ['app@%', '', 'root@localhost', 'app@%']
    const found = notes(
      facts,
      definers.map((definer, i) => made(object(`v${i}`, { definer }))),
    )
    expect(found).toEqual([expect.stringMatching(/^target backup, copy_of_shop: .* app@%, root@localhost$/)])
  })

  it('name the events, and nothing else, as disabled', () => {
    const found = notes(facts, [made(event('nightly')), made(object('totals')), made(event('weekly'))])
    expect(found).toEqual([expect.stringMatching(/^target backup, copy_of_shop: .*disabled.*: nightly, weekly$/)])
  })
})

describe('what cannot be read', () => {
  const view = (name: string, reason: string) => ({ kind: 'views', type: 'view', name, reason }) as const

  it('is told in one sentence for each type and reason', () => {
    const texts = unreadableText(
      'shop',
      side([view('a', 'is broken'), view('b', 'is hidden'), view('c', 'is broken'), { ...view('d', 'is broken'), kind: 'events', type: 'event' }]),
    )
    expect(texts).toEqual([
      expect.stringMatching(/^shop: view a, c are .*is broken$/),
      expect.stringMatching(/^shop: view b is .*is hidden$/),
      expect.stringMatching(/^shop: event d is .*is broken$/),
    ])
  })

  it('is not told of where everything can be', () => {
    expect(unreadableText('shop', side())).toEqual([])
  })
})
