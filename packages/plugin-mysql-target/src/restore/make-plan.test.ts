import { expect, test } from 'vitest'
import type { PresentKey } from './foreign-keys.ts'
import { makePlan, type PlanFacts } from './make-plan.ts'
import { scratchDatabase } from './side-databases.ts'

const key = (database: string, table: string): PresentKey => ({
  table: { database, name: table },
  name: 'one_parent',
  references: { database: 'shop', name: 'parent' },
  part: { kind: 'foreign', name: 'one_parent', definition: 'CONSTRAINT `one_parent` FOREIGN KEY (`p`) REFERENCES `parent` (`id`)' },
})

const facts = (removed: readonly string[]): PlanFacts => ({
  databases: [
    {
      database: 'shop',
      live: ['parent', 'two'].map((name) => ({ name, kind: 'table' as const })),
      restored: [{ name: 'one', rows: 1 }],
      removed,
      ignoreCase: false,
    },
  ],
  liveTriggers: [],
  restoredTriggers: [],
  keepTriggers: false,
  scratchKeys: [key(scratchDatabase('shop'), 'one')],
  keysToLive: [key('shop', 'two')],
  atomicRename: true,
})

test('a foreign key that comes back finds its name free, or nothing is begun', () => {
  expect(() => makePlan(facts([]))).toThrow(
    expect.objectContaining({ code: 'MYSQL_RESTORE_NAME_TAKEN', kind: 'refused', hint: expect.stringContaining('shop.two') }),
  )
  expect(makePlan(facts(['two'])).moves).toHaveLength(2)
})
