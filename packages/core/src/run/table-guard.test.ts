import { expect, test } from 'vitest'
import { type GuardOptions, tableGuard } from './guards.ts'

const table = { table: { database: 'shop', name: 'orders' } }
const guard = (options: Partial<GuardOptions>) =>
  tableGuard({
    plan: { schema: table, wanted: table } as GuardOptions['plan'],
    maxDeletePercent: 20,
    allow: [],
    strangers: true,
    adopt: async () => {},
    ...options,
  })

test('rows that cannot be compared and may be somebody else’s are refused, and none at all are not', () => {
  expect(() => guard({}).refuseUnknown(1)).toThrow('it has 1 row, which cannot be compared')
  expect(() => guard({}).refuseUnknown(1200)).toThrow('it has 1,200 rows, which cannot be compared')
  for (const free of [
    () => guard({}).refuseUnknown(0),
    () => guard({ strangers: false }).refuseUnknown(1),
    () => guard({ allow: ['unknown-rows'] }).refuseUnknown(1),
  ]) {
    expect(free).not.toThrow()
  }
})

test('what would be deleted is said as it is', () => {
  expect(() => guard({}).counts({ source: 2000, target: 3000 })).toThrow(
    '1,000 of the 3,000 rows of shop.orders would be deleted: 33.3 %, and max_delete_percent is 20',
  )
  expect(() => guard({}).counts({ source: 0, target: 1 })).toThrow('has no rows at the source')
  expect(() => guard({}).counts({ source: 0, target: 0 })).not.toThrow()
})

test('without counts nothing is known of a portion', () => {
  const one = guard({ strangers: false })
  one.add({ deleted: 1000, overwritten: 0, bytes: 0 })
  expect(() => one.check()).not.toThrow()
})
