import { describe, expect, it } from 'vitest'
import type { FittedObject, ObjectType } from '../contract/objects.ts'
import { inOrder } from './object-order.ts'

const KINDS = { view: 'views', trigger: 'triggers', procedure: 'routines', function: 'routines', event: 'events' } as const

const object = (type: ObjectType, name: string, ...needs: readonly string[]): FittedObject => ({
  definition: { kind: KINDS[type], type, database: 'shop', name, head: '', body: '', settings: {}, definer: '', own: true },
  needs,
  warnings: [],
})
const order = (...objects: readonly FittedObject[]) => inOrder(objects).map(({ definition }) => `${definition.type} ${definition.name}`)
const views = (...objects: readonly FittedObject[]) => inOrder(objects).map(({ definition }) => definition.name)

describe('the order in which objects are made', () => {
  it('is routines, then the views that call them, then triggers and events', () => {
    const [event, trigger, view] = [object('event', 'e'), object('trigger', 't'), object('view', 'v')]
    const all = [event, trigger, view, object('procedure', 'p'), object('function', 'f')]
    expect(order(...all)).toEqual(['function f', 'procedure p', 'view v', 'trigger t', 'event e'])
  })

  it('is that of the source among those that need nothing of one another, as triggers of one moment fire by it', () => {
    expect(order(object('trigger', 'b'), object('trigger', 'a'), object('trigger', 'c'))).toEqual(['trigger b', 'trigger a', 'trigger c'])
    expect(views(object('view', 'b'), object('view', 'a'), object('view', 'c'))).toEqual(['b', 'a', 'c'])
  })

  it('has a view after all views that it is made of, each once', () => {
    expect(views(object('view', 'top', 'orders', 'middle', 'low'), object('view', 'middle', 'low'), object('view', 'low', 'orders'))).toEqual([
      'low',
      'middle',
      'top',
    ])
    expect(views(object('view', 'left', 'low'), object('view', 'top', 'left', 'right'), object('view', 'right', 'low'), object('view', 'low'))).toEqual([
      'low',
      'left',
      'right',
      'top',
    ])
  })

  it('does not take a routine for the view of the same name', () => {
    expect(order(object('view', 'top', 'x'), object('view', 'x'), object('procedure', 'x'))).toEqual(['procedure x', 'view x', 'view top'])
    expect(order(object('view', 'top', 'x'), object('view', 'next'), object('function', 'x'))).toEqual(['function x', 'view top', 'view next'])
  })

  it('ends although views need one another or themselves, and forgets none', () => {
    const circle = [object('view', 'a', 'b'), object('view', 'b', 'c'), object('view', 'c', 'a', 'c')]
    expect(views(...circle, object('view', 'd', 'a')).toSorted()).toEqual(['a', 'b', 'c', 'd'])
    expect(views(object('view', 'self', 'self'))).toEqual(['self'])
  })
})
