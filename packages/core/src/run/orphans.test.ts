import { beforeEach, expect, test } from 'vitest'
import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import type { Consistency } from '../contract/source.ts'
import type { Target } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { memoryDatabase, memorySource, memoryStore, memoryTarget, putTable } from '../memory/index.ts'
import { mustHave } from '../model/must.ts'
import type { TableSchema } from '../model/schema.ts'
import { executeRun } from './execute.ts'
import { planRun } from './prepare.ts'
import { int, schemaOf } from './testing.ts'

const parents = schemaOf('parents', [int('id')])
const toParent = { name: 'fk_parent', columns: ['parent'], references: parents.table, referencedColumns: ['id'], rewritesRows: false }
const children: TableSchema = { ...schemaOf('children', [int('id'), int('parent')]), foreignKeys: [toParent] }

/** Two tables, the second of which refers to the first one, and a target that counts as a server does: it has no answer where there is no table. */
function world() {
  const w = {
    source: memoryDatabase('source'),
    target: memoryDatabase('target'),
    store: memoryStore(),
    consistency: { scope: 'all', detail: 'one moment' } as Consistency,
    /** The tables of which the target was asked. */
    asked: [] as string[],
    /** Before something is written to this table. */
    before: (_table: string): void => {},
    change: {} as Partial<Target>,
    put(parentIds: readonly string[], childRows: readonly (readonly [string, string])[]) {
      putTable(
        w.source,
        parents,
        parentIds.map((id) => [id]),
      )
      putTable(w.source, children, childRows)
    },
    rows: (name: string) => mustHave(mustHave(w.target.databases, 'shop'), name).rows.map((row) => row.map(String)),
    async run(config: Partial<Config> = {}) {
      w.asked = []
      const plain = memoryTarget(w.target)
      const target: Target = {
        ...plain,
        async open(work, signal) {
          w.before(work.schema.table.name)
          return await plain.open(work, signal)
        },
        async orphans({ table: { name }, foreignKeys }) {
          w.asked.push(name)
          const ids = new Set(w.rows('parents').map(([id]) => id))
          return foreignKeys.map((key) => ({ foreignKey: key.name, rows: w.rows(name).filter(([, parent]) => !ids.has(parent)).length }))
        },
        ...w.change,
      }
      const ends = { source: memorySource(w.source, { consistency: w.consistency }), targets: new Map([['copy', target]]), state: w.store }
      const settings = { ...plainConfig, backupBeforeSync: false, verifyAfterSync: false, maxRetries: 0, retryDelayMs: 1, parallelTables: 1, ...config }
      const { signal } = new AbortController()
      await using prepared = await planRun(ends, settings, { run: 'r', signal, lock: true })
      const report = await executeRun(prepared, { signal, listeners: [] })
      return { warnings: report.warnings, outcomes: Object.fromEntries(report.tables.map(({ id, outcome }) => [id.replace('copy/shop.', ''), outcome])) }
    },
  }
  return w
}

let w: ReturnType<typeof world>
beforeEach(() => {
  w = world()
  w.put(
    ['1', '2'],
    [
      ['10', '1'],
      ['20', '2'],
    ],
  )
})

/** Writing this table fails, for as long as `times` allows. */
const failing = (table: string, { kind = 'data', times = Infinity }: { readonly kind?: 'data' | 'transient'; readonly times?: number } = {}) => {
  let left = times
  return (name: string) => {
    if (name === table && left-- > 0) throw new SyncError('LOST', 'it does not go', { kind })
  }
}
const twoWithoutParent = expect.stringMatching(/shop\.children: 1 rows .*fk_parent/)

test('rows whose parent table is not synced are told, with their number, their table and the foreign key', async () => {
  await w.run()
  w.put(
    ['1', '2', '3'],
    [
      ['10', '1'],
      ['30', '3'],
    ],
  )
  const { warnings } = await w.run({ tables: ['children'] })
  expect(warnings).toEqual([twoWithoutParent])
})

test('a table whose rows all have their parent is not named, although the target was asked', async () => {
  await w.run()
  w.put(['1', '2'], [['10', '1']])
  putTable(w.source, children, [['11', '1']])
  expect(await w.run({ tables: ['children'] })).toMatchObject({ warnings: [] })
  expect(w.asked).toEqual(['children'])
})

test('nothing is asked where all tables are equal and of one moment: what has no parent then has none at the source', async () => {
  w.put(['1'], [['20', '2']])
  expect(await w.run()).toMatchObject({ warnings: [] })
  expect(w.asked).toEqual([])
})

test('tables that are each of a moment of their own are asked, those without foreign keys excepted', async () => {
  w.consistency = { scope: 'table', detail: 'one moment for each table' }
  w.put(['1'], [['20', '2']])
  expect(await w.run()).toMatchObject({ warnings: [twoWithoutParent] })
  expect(w.asked).toEqual(['children'])
  expect(await w.run()).toMatchObject({ warnings: [], outcomes: { parents: 'unchanged', children: 'unchanged' } })
  expect(w.asked).toEqual([])
})

test('rows that came with a parent table that failed are told', async () => {
  await w.run()
  w.put(
    ['1', '2', '3'],
    [
      ['10', '1'],
      ['30', '3'],
    ],
  )
  w.before = failing('parents')
  expect(await w.run()).toMatchObject({ warnings: [twoWithoutParent], outcomes: { parents: 'failed', children: 'synced' } })
})

test('rows whose parent went while it was read again, at a later moment, are told', async () => {
  await w.run()
  w.put(
    ['1', '2', '3'],
    [
      ['10', '1'],
      ['30', '3'],
    ],
  )
  const lose = failing('parents', { kind: 'transient', times: 1 })
  w.before = (table) => {
    if (table === 'parents') putTable(w.source, parents, [['1']])
    lose(table)
  }
  expect(await w.run({ maxRetries: 1 })).toMatchObject({ warnings: [twoWithoutParent], outcomes: { parents: 'synced', children: 'synced' } })
})

test('rows of a table that failed are told when their parents go', async () => {
  await w.run()
  w.put(['1'], [['10', '1']])
  w.before = failing('children')
  expect(await w.run()).toMatchObject({ warnings: [twoWithoutParent], outcomes: { parents: 'synced', children: 'failed' } })
})

test('rows of a table that is refused are told when their parents are replaced by fewer', async () => {
  await w.run()
  w.put(['1'], [])
  expect(await w.run({ forceFullTables: ['parents'] })).toMatchObject({ warnings: [twoWithoutParent], outcomes: { parents: 'synced', children: 'refused' } })
})

test('rows of a table that is unchanged are told when their parents go at a later moment', async () => {
  await w.run()
  putTable(w.source, parents, [['1'], ['2'], ['3']])
  const lose = failing('parents', { kind: 'transient', times: 1 })
  w.before = (table) => {
    if (table === 'parents') putTable(w.source, parents, [['1']])
    lose(table)
  }
  expect(await w.run({ maxRetries: 1 })).toMatchObject({ warnings: [twoWithoutParent], outcomes: { parents: 'synced', children: 'unchanged' } })
})

test('a table that is not there, because its first copy failed, is not asked', async () => {
  w.before = failing('children')
  expect(await w.run()).toMatchObject({ warnings: [], outcomes: { parents: 'synced', children: 'failed' } })
  expect(w.asked).toEqual([])
})

test('a table that failed is not asked while its parents only grow', async () => {
  await w.run()
  w.put(['1', '2', '3'], [['10', '1']])
  w.before = failing('children')
  expect(await w.run()).toMatchObject({ warnings: [], outcomes: { parents: 'synced', children: 'failed' } })
  expect(w.asked).toEqual([])
})

test('a target that cannot tell is not asked', async () => {
  await w.run()
  w.put(['1', '2'], [['30', '3']])
  w.change = { orphans: undefined } as unknown as Partial<Target>
  expect(await w.run({ tables: ['children'] })).toMatchObject({ warnings: [], outcomes: { children: 'synced' } })
})
