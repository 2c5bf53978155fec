import { describe, expect, it } from 'vitest'
import { plainConfig } from '../config/testing.ts'
import type { ObjectDefinition, ObjectDefinitions } from '../contract/objects.ts'
import type { Target } from '../contract/target.ts'
import { memoryDatabase, memoryTarget } from '../memory/index.ts'
import { objectOf, targetWith } from '../run/objects.harness.ts'
import { definitionHash } from '../state/prints.ts'
import type { RouteFacts } from './gather.ts'
import { type ObjectPlanning, planObjects, viewInTheWay, withObjects, withoutDropped } from './objects.ts'
import { factsOf, named } from './testing.ts'

const target = targetWith(memoryTarget(memoryDatabase()), [], () => {})
const view = (name: string, ...needs: readonly string[]) => objectOf('view', name, needs.join())
const trigger = (name: string, table: string): ObjectDefinition => ({ ...objectOf('trigger', name), trigger: { table, moment: 'BEFORE INSERT' } })
const side = (objects: readonly ObjectDefinition[], over: Partial<ObjectDefinitions> = {}): ObjectDefinitions => ({
  ...{ objects, complete: ['views', 'triggers', 'routines', 'events'], unreadable: [], hidden: [], settings: {} },
  ...over,
})
const tables = [named('orders'), named('items')]

type Ends = { readonly source?: ObjectDefinitions; readonly found?: ObjectDefinitions; readonly facts?: Partial<RouteFacts> }

const objectFacts = ({ source = side([]), found, facts = {} }: Ends): RouteFacts =>
  factsOf({
    definitions: { kinds: ['views', 'triggers', 'routines'], source, prints: new Map(), ...(found === undefined ? {} : { target: found }) },
    ...facts,
  })

function planned(ends: Ends, config: Partial<typeof plainConfig> = {}, to: Target = target): ObjectPlanning {
  const planning = planObjects({ config: { ...plainConfig, ...config }, facts: objectFacts(ends), target: to, tables })
  if (planning === undefined) throw new Error('nothing is planned')
  return planning
}
const said = ({ plan }: ObjectPlanning) => plan.changes.map(({ action, type, name }) => `${action} ${type} ${name}`)

describe('the objects of a database', () => {
  it('are no matter of a run where none are asked for, or the target takes none', () => {
    const input = { config: plainConfig, tables }
    expect(planObjects({ ...input, facts: factsOf(), target })).toBeUndefined()
    expect(planObjects({ ...input, facts: objectFacts({ source: side([view('totals')]) }), target: memoryTarget(memoryDatabase()) })).toBeUndefined()
  })

  it('are made after what they need, each with its own statements and what it is to be', () => {
    const sums = objectOf('function', 'sums')
    const plan = planned({ source: side([trigger('stamp', 'orders'), view('top', 'totals'), view('totals', 'orders'), sums]) })
    expect(said(plan)).toEqual(['create function sums', 'create view totals', 'create view top', 'create trigger stamp'])
    expect(plan.plan.changes[0]).toEqual({
      ...{ id: 'copy/shop function sums', type: 'function', name: 'sums', action: 'create', statements: ['make function sums'] },
      given: definitionHash(sums),
    })
    expect(plan.plan.changes.map(({ statements }) => statements)).toContainEqual(['make view top'])
    expect(plan.plan).toMatchObject({ kinds: ['views', 'triggers', 'routines'], unchanged: 0, kept: [] })
  })

  it('are left alone where they are the same, and replaced where they are not', () => {
    const source = side([view('totals', 'orders'), view('names', 'items')])
    const plan = planned({ source, found: side([view('totals', 'orders'), view('names', 'orders')]) })
    expect(said(plan)).toEqual(['replace view names'])
    expect(plan.plan.unchanged).toBe(1)
  })

  it('are none that the configuration leaves out, and no triggers of tables that are not synced', () => {
    const all = side([view('totals'), view('secret_names'), trigger('stamp', 'orders'), trigger('log', 'others')])
    expect(said(planned({ source: all }, { excludeTables: ['secret_*', 'shop.stamp'] }))).toEqual(['create view totals', 'create trigger stamp'])
    const plan = planned({ found: all }, { excludeTables: ['secret_*'], allow: ['destructive'] })
    expect(said(plan)).toEqual(['drop view totals', 'drop trigger stamp'])
  })

  it('are those of the tables under the names that the target gives them', () => {
    const small: Target = { ...target, fit: (schema, { database, name }) => ({ ...schema, table: { database, name: name.toLowerCase() } }) }
    const facts = objectFacts({ source: side([trigger('a', 'Orders')]), found: side([trigger('b', 'orders')]) })
    const plan = planObjects({ config: { ...plainConfig, allow: ['destructive'] }, facts, target: small, tables: [named('Orders')] })
    expect(plan && said(plan)).toEqual(['drop trigger b', 'create trigger a'])
  })
})

describe('a view whose tables are not copied', () => {
  it('is not made, nor is one on it, and each is told with what it needs', () => {
    const source = side([view('top', 'items', 'totals'), view('totals', 'orders', 'hidden'), view('names', 'items'), objectOf('procedure', 'hidden')])
    const plan = planned({ source })
    expect(said(plan)).toEqual(['create procedure hidden', 'create view names'])
    expect(plan.warnings).toEqual([expect.stringMatching(/^view shop\.totals .*hidden/), expect.stringMatching(/^view shop\.top .*totals/)])
  })

  it('is made where the copy has them, or a view in their place', () => {
    const source = side([view('totals', 'orders', 'old'), view('more', 'older')])
    const ends = { source, found: side([view('older')]), facts: { existing: [named('old')] } }
    expect(said(planned(ends))).toEqual(['create view totals', 'create view more'])
    expect(said(planned(ends, { allow: ['destructive'] })), 'that view goes').toEqual(['drop view older', 'create view totals'])
  })
})

describe('what only the target has', () => {
  const found = side([view('old'), trigger('stamp', 'orders'), objectOf('procedure', 'tidy')])

  it('is kept and named, and views are in the way of tables', () => {
    const plan = planned({ source: side([objectOf('procedure', 'TIDY')]), found })
    expect(said(plan)).toEqual(['create procedure TIDY'])
    expect(plan.plan.kept).toEqual(['view old', 'trigger stamp'])
    expect([...plan.views]).toEqual(['old'])
    expect([...plan.dropped]).toEqual([])
  })

  it('goes where that is allowed, before anything is made', () => {
    const plan = planned({ source: side([view('totals')]), found }, { allow: ['destructive'] })
    expect(said(plan)).toEqual(['drop view old', 'drop trigger stamp', 'drop procedure tidy', 'create view totals'])
    expect(plan.plan.changes[0]).not.toHaveProperty('given')
    expect(plan.plan).toMatchObject({ unchanged: 0, kept: [] })
    expect([...plan.views], 'it is in nobody’s way').toEqual([])
    expect([...plan.dropped], 'triggers, as they would fire').toEqual(['stamp'])
  })

  it('is kept where the source may hide it', () => {
    const source = side([], { complete: ['routines'], hidden: ['views are hidden'] })
    const plan = planned({ source, found: side(found.objects, { hidden: ['events are hidden'] }) }, { allow: ['destructive'] })
    expect(said(plan)).toEqual(['drop procedure tidy'])
    expect(plan.plan.kept).toEqual(['view old', 'trigger stamp'])
    expect(plan.warnings).toEqual(['views are hidden', 'target copy: events are hidden'])
  })
})

describe('an object that must not be made', () => {
  it('is in the plan by name, and nothing is done for it', () => {
    const plan = planned({ source: side([view('orders_now'), view('old')]), facts: { existing: [named('old')] } })
    expect(plan.plan.changes).toMatchObject([
      { name: 'orders_now', statements: ['make view orders_now'] },
      { id: 'copy/shop view old', statements: [], refused: { code: 'OBJECT_CLASH' } },
    ])
    expect(plan.plan.changes[0]).not.toHaveProperty('refused')
  })

  it('is told where the source does not show its text', () => {
    const unreadable = [{ kind: 'views', type: 'view', name: 'totals', reason: 'is broken' }] as const
    expect(planned({ source: side([], { unreadable }) }).warnings).toEqual([expect.stringContaining('shop: view totals')])
  })
})

describe('what is said of objects that are made', () => {
  it('is said of no other ones', () => {
    const fit: NonNullable<Target['objects']>['fit'] = (definition) => ({ definition, needs: [], warnings: [`of ${definition.name}`] })
    const to: Target = { ...target, objects: { ...(target.objects as NonNullable<Target['objects']>), fit } }
    const plan = planned({ source: side([view('totals'), view('names')]), found: side([view('names')]) }, {}, to)
    expect(plan.warnings).toEqual([expect.stringContaining('of totals')])
  })
})

describe('what the planning of tables knows of objects', () => {
  const facts = factsOf()
  const table = named('orders', { triggers: ['stamp', 'log'] })

  it('are the triggers that stand, those that go, and the views that stay', () => {
    const kept = trigger('log', 'orders')
    const plan = planned({ source: side([kept]), found: side([kept, trigger('stamp', 'orders'), view('old')]) }, { allow: ['destructive'] })
    const known = withObjects(facts, plan)
    expect(known).toMatchObject({ source: 'shop', standing: new Map([['orders', [kept]]]), dropped: new Set(['stamp']), views: new Set() })
    expect(withoutDropped(known, table)?.triggers).toEqual(['log'])
  })

  it('is nothing where no objects are planned', () => {
    expect(withObjects(facts, undefined)).toBe(facts)
    expect(withoutDropped(facts, table)).toBe(table)
    expect(withoutDropped({ ...facts, dropped: new Set() }, table)).toBe(table)
    expect(withoutDropped({ ...facts, dropped: new Set(['stamp']) }, undefined)).toBeUndefined()
  })

  it('keeps a table from a place where a view is', () => {
    const error = viewInTheWay({ ...facts, views: new Set(['orders']) }, table.table)
    expect(error).toMatchObject({ code: 'OBJECT_CLASH', kind: 'refused', table: table.table, message: expect.stringMatching(/shop\.orders.*copy/) })
    expect(viewInTheWay({ ...facts, views: new Set(['items']) }, table.table)).toBeUndefined()
    expect(viewInTheWay(facts, table.table)).toBeUndefined()
  })
})
