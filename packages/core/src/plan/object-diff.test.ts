import { describe, expect, it } from 'vitest'
import type { FittedObject, ObjectDefinition, ObjectDefinitions } from '../contract/objects.ts'
import { definitionHash, type Prints } from '../state/prints.ts'
import { differing, gone, isThere, standingTriggers } from './object-diff.ts'

const object = (name: string, extra: Partial<ObjectDefinition> = {}): ObjectDefinition => ({
  ...{ kind: 'views', type: 'view', database: 'shop', name, head: 'CREATE VIEW', body: 'AS SELECT 1', settings: { sql_mode: '' }, definer: 'app@%', own: true },
  ...extra,
})
const trigger = (name: string, body = 'SET @a = 1', table = 'orders', moment = 'BEFORE INSERT'): ObjectDefinition =>
  object(name, { kind: 'triggers', type: 'trigger', trigger: { table, moment }, body })
const side = (objects: readonly ObjectDefinition[], extra: Partial<ObjectDefinitions> = {}): ObjectDefinitions => ({
  ...{ objects, complete: ['views', 'triggers', 'routines', 'events'], unreadable: [], hidden: [], settings: {} },
  ...extra,
})
const fitted = (...definitions: readonly ObjectDefinition[]): readonly FittedObject[] =>
  definitions.map((definition) => ({ definition, needs: [], warnings: [] }))
const names = (objects: readonly { readonly name: string }[] | undefined) => objects?.map(({ name }) => name)

function changes(wanted: readonly ObjectDefinition[], found: readonly ObjectDefinition[], prints: Prints = new Map()): readonly string[] {
  const all = wanted.flatMap((definition) => differing(definition, side(found), fitted(...wanted), prints))
  return all.map((change) => `${change.type} ${change.type === 'drop' ? change.existing.name : change.definition.name}`)
}

describe('an object that the source has', () => {
  it('is made where the target lacks it', () => {
    const wanted = object('totals')
    expect(differing(wanted, side([]), fitted(wanted), new Map())).toEqual([{ type: 'create', definition: wanted }])
  })

  it('is made although something of another type or another name is there', () => {
    const routine = object('totals', { kind: 'routines', type: 'function' })
    expect(changes([routine], [object('totals'), { ...routine, name: 'sums' }, { ...routine, type: 'procedure' }])).toEqual(['create totals'])
  })

  it('is left alone where it is the same, whoever its definer is', () => {
    expect(changes([object('totals')], [object('totals', { definer: 'root@localhost', own: false })])).toEqual([])
  })

  it.each<[what: string, Partial<ObjectDefinition>]>([
    ['text', { body: 'AS SELECT 2' }],
    ['attributes', { head: 'CREATE SQL SECURITY INVOKER VIEW' }],
    ['settings', { settings: { sql_mode: 'ANSI_QUOTES' } }],
  ])('replaces one of another %s', (_what, other) => {
    const [wanted, existing] = [object('totals'), object('totals', other)]
    expect(differing(wanted, side([object('first'), existing]), fitted(wanted), new Map())).toEqual([{ type: 'replace', definition: wanted, existing }])
  })
})

describe('an object that the target prints in words of its own', () => {
  const wanted = object('totals')
  const existing = object('totals', { body: 'AS select 1 AS `1`' })
  const printed = (given: ObjectDefinition, there: ObjectDefinition, id = 'view totals'): Prints =>
    new Map([[id, { given: definitionHash(given), printed: definitionHash(there) }]])

  it('is left alone while both its texts are as they were when it was made', () => {
    expect(changes([wanted], [existing], printed(wanted, existing))).toEqual([])
  })

  it('is replaced when its text has changed at either end, or when nothing is known of it', () => {
    expect(changes([wanted], [existing], printed(object('totals', { body: 'AS SELECT 2' }), existing))).toEqual(['replace totals'])
    expect(changes([wanted], [existing], printed(wanted, object('totals', { body: 'AS select 2 AS `2`' })))).toEqual(['replace totals'])
    expect(changes([wanted], [existing], printed(wanted, existing, 'view sums'))).toEqual(['replace totals'])
    expect(changes([wanted], [existing])).toEqual(['replace totals'])
  })
})

describe('triggers of one moment', () => {
  const [a, b, c] = [trigger('a'), trigger('b'), trigger('c')]

  it('are left alone where they fire in the order of the source', () => {
    expect(changes([a, b, c], [a, b, c])).toEqual([])
  })

  it('are made anew from the first one on that is out of its place', () => {
    expect(changes([a, b, c], [a, c, b])).toEqual(['replace b', 'replace c'])
    expect(changes([a, b, c], [b, a, c])).toEqual(['replace a', 'replace b', 'replace c'])
  })

  it('are made anew after one that is made or replaced, for it fires last then', () => {
    expect(changes([a, b, c], [a, c])).toEqual(['create b', 'replace c'])
    expect(changes([a, b, c], [a, trigger('b', 'SET @a = 2'), c])).toEqual(['replace b', 'replace c'])
    expect(changes([a, b, c], [a, b])).toEqual(['create c'])
  })

  it('keep their places beside those that only the target has', () => {
    expect(changes([b, c], [a, b, c])).toEqual([])
  })

  it('have nothing to do with those of another table or moment', () => {
    const [after, elsewhere] = [trigger('y', 'SET @a = 1', 'orders', 'AFTER INSERT'), trigger('z', 'SET @a = 1', 'items')]
    expect(changes([after, elsewhere, a], [a, elsewhere, after])).toEqual([])
    expect(changes([after, elsewhere, a], [a])).toEqual(['create y', 'create z'])
  })

  it('are replaced where they fire at another moment or on another table', () => {
    expect(changes([a], [trigger('a', 'SET @a = 1', 'orders', 'AFTER INSERT')])).toEqual(['replace a'])
    expect(changes([a], [trigger('a', 'SET @a = 1', 'items')])).toEqual(['replace a'])
  })

  it('keep their places although the target prints them in words of its own', () => {
    const printed = trigger('a', 'set @a = 1')
    const prints: Prints = new Map([['trigger a', { given: definitionHash(a), printed: definitionHash(printed) }]])
    expect(changes([a, b], [printed, b], prints)).toEqual([])
  })

  it('do not hold for what is no trigger', () => {
    expect(changes([object('v'), object('w')], [object('w'), object('v')])).toEqual([])
  })
})

describe('an object that the source does not have', () => {
  const old = object('old')
  const function_ = object('old', { kind: 'routines', type: 'function' })

  it('is dropped only where that is allowed', () => {
    expect(gone([old], side([]), true)).toEqual([{ type: 'drop', existing: old }])
    expect(gone([old], side([]), false)).toEqual([])
  })

  it('stays where the rights of the source may hide it', () => {
    const source = side([], { complete: ['views'] })
    expect(gone([function_, old], source, true)).toEqual([{ type: 'drop', existing: old }])
    expect(gone([function_, old], side([], { complete: [] }), true)).toEqual([])
  })

  it('is not dropped for the case of its name, nor where only its text is hidden', () => {
    expect(gone([old], side([object('OLD')]), true)).toEqual([])
    expect(gone([object('Old')], side([object('oLD')]), true)).toEqual([])
    expect(gone([old], side([], { unreadable: [{ kind: 'views', type: 'view', name: 'old', reason: 'is hidden' }] }), true)).toEqual([])
  })

  it('is dropped although something else has its name, or another one its type', () => {
    expect(gone([old], side([function_, object('new')]), true)).toEqual([{ type: 'drop', existing: old }])
    expect(isThere(side([function_, object('new')]), old)).toBe(false)
    expect(isThere(side([function_, old]), old)).toBe(true)
  })
})

describe('triggers that are put back after the rows of their table are written', () => {
  const none: ReadonlySet<string> = new Set()
  const partly = side([], { complete: ['views'] })
  const standing = (wanted: readonly ObjectDefinition[], found: readonly ObjectDefinition[], source = side(wanted), dropped = none) =>
    standingTriggers(fitted(...wanted), side(found), source, dropped)

  it('are those of each table that the source has, in the order of the target', () => {
    const [a, b, c] = [trigger('a'), trigger('b', 'SET @a = 1', 'items'), trigger('c')]
    const found = standing([a, b, c], [c, object('v'), b, a])
    expect([...found].map(([table, all]) => [table, names(all)])).toEqual([
      ['orders', ['c', 'a']],
      ['items', ['b']],
    ])
  })

  it('come back as the source has them', () => {
    const wanted = trigger('a', 'SET @a = 2')
    expect(standing([wanted], [trigger('a')]).get('orders')).toEqual([wanted])
  })

  it('are not those that are dropped, that the source lacks, or that it has on another table or as another thing', () => {
    const a = trigger('a')
    expect(standing([a], [a], side([a]), new Set(['a'])).size).toBe(0)
    expect(standing([], [a]).size).toBe(0)
    expect(standing([trigger('b')], [a]).size).toBe(0)
    expect(standing([trigger('a', 'SET @a = 1', 'items')], [a]).size).toBe(0)
    expect(standing([object('a')], [a]).size).toBe(0)
  })

  it('are also our own ones that the source may only hide, as they are', () => {
    const [own, foreign] = [trigger('own'), { ...trigger('foreign'), own: false }]
    expect(standing([], [own, foreign], partly).get('orders')).toEqual([own])
  })

  it('are also those of others that the source has', () => {
    const foreign = { ...trigger('a'), own: false }
    expect(names(standing([trigger('a')], [foreign]).get('orders'))).toEqual(['a'])
  })
})
