import { describe, expect, it } from 'vitest'
import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import type { Snapshot } from '../contract/source.ts'
import type { Target, TargetSupports } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { memoryDatabase, memorySource, memoryTarget } from '../memory/index.ts'
import type { TableSchema } from '../model/schema.ts'
import type { SchemaDiff } from '../model/schema-diff.ts'
import { int, items, schemaOf, stamp, text, users } from '../run/testing.ts'
import type { SourcePrint } from '../state/source-print.ts'
import { afterChanges, assemble, matchingRule } from './assemble.ts'
import { readDefinitions } from './definitions.ts'
import type { RouteFacts } from './gather.ts'
import type { TablePlan } from './plan.ts'
import { factsOf, named, partial, stateOf } from './testing.ts'
import { Setbacks } from './unplanned.ts'

const signal = new AbortController().signal
const refused = new SyncError('REFUSED', 'not this one', { kind: 'refused' })

type Over = {
  readonly config?: Partial<Config>
  readonly target?: Partial<Target>
  readonly supports?: Partial<TargetSupports>
  readonly snapshot?: Partial<Snapshot>
  readonly dropsNothing?: boolean
}

/** The plan of these routes into the target `copy`, on the servers that the state of `stateOf` knows. */
async function plan(facts: readonly RouteFacts[], { config, target: over, supports, snapshot, dropsNothing = false }: Over = {}) {
  const target: Target = { ...memoryTarget(memoryDatabase(), { supports: supports ?? {} }), ...over }
  const ends = new Map(['copy', ...facts.map((route) => route.target)].map((name) => [name, target]))
  const settings = { ...plainConfig, ...config }
  const setbacks = new Setbacks()
  const opened = { ...(await memorySource(memoryDatabase()).open({ readers: 1, signal })), ...snapshot }
  return await assemble({
    ...{ run: 'r', config: settings, source: { id: 'source', label: 'the source' }, snapshot: opened, facts, setbacks, dropsNothing },
    targets: new Map([...ends].map(([name, end]) => [name, { target: end, identity: { id: 'target', label: 'the target' }, type: 'memory' }])),
    definitions: await readDefinitions(settings, facts, ends, signal),
  })
}
const only = async (facts: Partial<RouteFacts>, over?: Over) => (await plan([factsOf(facts)], over)).targets[0]?.databases[0]
/** The plan of one table that is there at both ends, and was synced. */
async function tableOf(schema: TableSchema, over: Over = {}, facts: Partial<RouteFacts> = {}): Promise<TablePlan> {
  const found = await only({ tables: [schema], existing: [schema], state: stateOf({ [schema.table.name]: {} }), ...facts }, over)
  const [table] = found?.tables ?? []
  if (table === undefined) throw new Error('no table is planned')
  return table
}
const diffs = (diff: Partial<SchemaDiff>): Over => ({
  target: { diff: () => ({ changes: [], kept: [], conflicts: [], ...diff }), render: ({ type }) => [type] },
})

describe('a database that cannot be planned', () => {
  const crm = factsOf({ source: 'crm', database: 'crm', tables: [named('notes', { table: { database: 'crm', name: 'notes' } })] })
  const blind = factsOf({ tables: [named('orders')], visibility: partial, state: stateOf({ items: {} }) })

  it('is left out by name, and the others go on', async () => {
    const { targets, unplanned } = await plan([blind, crm])
    expect(targets[0]?.databases.map(({ source }) => source)).toEqual(['crm'])
    expect(unplanned).toMatchObject([{ database: 'shop', target: 'copy', error: { code: 'TABLE_NOT_VISIBLE' } }])
  })

  it('ends the planning where there is no other one, or nothing to plan', async () => {
    await expect(plan([blind])).rejects.toMatchObject({ code: 'TABLE_NOT_VISIBLE' })
    await expect(plan([factsOf()])).rejects.toMatchObject({ code: 'NOTHING_TO_SYNC', kind: 'config' })
    expect((await plan([factsOf(), crm])).targets[0]?.databases.map(({ tables }) => tables.length)).toEqual([0, 1])
  })

  it('may be one table that may not be read', async () => {
    const { targets, unplanned } = await plan([factsOf({ tables: [named('orders')], unreadable: new Map([['users', refused]]) })])
    expect(targets[0]?.databases[0]?.tables.map(({ id }) => id)).toEqual(['copy/shop.orders'])
    expect(unplanned).toMatchObject([{ database: 'shop', table: 'users', target: 'copy', error: { code: 'REFUSED' } }])
  })

  it('leaves the making of what is shared to the next one', async () => {
    const share: Target['share'] = (_, [first]) => first as TableSchema
    const render: Target['render'] = (change) => [change.type === 'create-table' ? `make ${change.schema.table.name}` : change.type]
    const shop = factsOf({ ...blind, databaseExists: false })
    const [a, b] = ['a', 'b'].map((source) => factsOf({ source, database: source, tables: [named('orders'), named(source)], databaseExists: false }))
    const found = await plan([shop, a as RouteFacts, b as RouteFacts], { target: { share, render }, supports: { sharedTables: true } })
    expect(found.targets[0]?.databases.map(({ source, statements }) => [source, statements])).toEqual([
      ['a', ['create-database', 'make orders', 'make a']],
      ['b', ['make b']],
    ])
  })
})

it('each target has the databases that go there, and one that is missing is made first, after it what a killed run has left is put right', async () => {
  const tables = [named('orders')]
  const { targets } = await plan(
    [
      factsOf({ tables, leftovers: ['remove'] }),
      factsOf({ tables, target: 'other', databaseExists: false }),
      factsOf({ tables, source: 'b', database: 'b', databaseExists: false }),
    ],
    { target: { render: ({ type }) => [type] } },
  )
  expect(targets.map(({ name, databases }) => [name, databases.map(({ target, statements }) => [target, statements])])).toEqual([
    [
      'copy',
      [
        ['shop', ['remove']],
        ['b', ['create-database']],
      ],
    ],
    ['other', [['shop', ['create-database']]]],
  ])
})

describe('tables that only the target has', () => {
  const facts = { tables: [named('orders')], existing: ['orders', 'items', 'own'].map((name) => named(name)), state: stateOf({ orders: {}, items: {} }) }

  it('are kept and named, and those that may go are dropped', async () => {
    expect(await only(facts)).toMatchObject({ targetOnly: ['items', 'own'] })
    expect(await only(facts)).not.toHaveProperty('drops')
    expect((await plan([factsOf(facts)])).warnings).toHaveLength(2)
    const allowed = { config: { allow: ['destructive'] } } as const
    expect(await only(facts, allowed)).toMatchObject({ targetOnly: ['own'], drops: [{ table: { database: 'shop', name: 'items' } }] })
    expect(await only(facts, { ...allowed, dropsNothing: true })).not.toHaveProperty('drops')
  })

  it('are kept where another database may have brought them into the same place', async () => {
    const state = stateOf({ items: { target_database: 'Shop' } })
    const meeting = [factsOf({ ...facts, source: 'Shop', database: 'Shop', state }), factsOf({ tables: [named('items')] })]
    const config = { allow: ['destructive'] } as const
    const dropped = async (over: Over) => (await plan(meeting, over)).targets[0]?.databases.flatMap(({ drops = [] }) => drops.map(({ table }) => table.name))
    expect(await dropped({ config })).toEqual(['items'])
    expect(await dropped({ config, supports: { foldsNames: true } })).toEqual([])
    expect(await dropped({ config, supports: { foldsNames: true, sharedTables: true } }), 'tenants are told apart').toEqual(['items'])
  })

  it('are nobody’s where tables are shared', async () => {
    expect(await only(facts, { supports: { sharedTables: true } })).toMatchObject({ targetOnly: [] })
  })
})

describe('a table that cannot be compared', () => {
  const keyless = schemaOf('log', [int('id')], [])

  it.each<[string, TableSchema, Over]>([
    ['the source has no digests', items, { snapshot: { digest: undefined as never } }],
    ['the target has none', items, { target: { digest: undefined as never } }],
    ['nothing can be deleted from it', items, { supports: { deletes: false } }],
    ['it has no key, and rows cannot go by their hash', keyless, { supports: { keylessDeletes: false } }],
  ])('is copied in full: %s', async (_why, schema, over) => {
    expect((await tableOf(schema, over)).strategy.kind).toBe('full')
  })

  it('is another one where it can', async () => {
    expect((await tableOf(items, { supports: { keylessDeletes: false } })).strategy.kind).toBe('digest')
    expect((await tableOf(keyless, { supports: { deletes: false } })).strategy.kind).toBe('digest')
  })

  it('goes by time without a key where the target adds rows only once', async () => {
    const log = schemaOf('log', [int('id'), stamp], [])
    const facts = { state: stateOf({ log: { position: { columns: { updated_at: '2025-01-01 00:00:00' } } } }) }
    expect((await tableOf(log, { supports: { keylessDeletes: false, addsOnce: true } }, facts)).strategy.kind).toBe('time')
    expect((await tableOf(log, { supports: { keylessDeletes: false } }, facts)).strategy.kind).toBe('full')
  })
})

it.each([
  ['another source', { source_id: 'x' }],
  ['another target', { target_id: 'x' }],
  ['another database of the target', { target_database: 'x' }],
])('a table that was synced with %s is compared', async (_what, over) => {
  const position = { columns: { updated_at: '2025-01-01 00:00:00' } }
  expect((await tableOf(users, {}, { state: stateOf({ users: { position } }) })).strategy.kind).toBe('time')
  const table = await tableOf(users, {}, { state: stateOf({ users: { position, ...over } }) })
  expect(table).toMatchObject({ strategy: { kind: 'digest' }, reason: expect.stringContaining('another server') })
})

describe('rows that no run has brought', () => {
  it('may be in a table of which no state tells', async () => {
    expect(await tableOf(items)).not.toHaveProperty('firstContact')
    expect(await tableOf(items, {}, { state: undefined })).toMatchObject({ firstContact: true })
    expect(await tableOf(items, {}, { state: undefined, existing: [] })).not.toHaveProperty('firstContact')
  })
})

describe('a definition that differs', () => {
  const key = { kind: 'foreign-key', action: 'add', name: 'fk', clauses: [] } as const
  const index = { ...key, kind: 'index', name: 'i' } as const
  const alter = (...parts: readonly (typeof key | typeof index)[]) => ({ type: 'alter-table', table: items.table, parts }) as const

  it('is altered before the rows, and what has to wait comes after them: foreign keys whatever becomes of the rows', async () => {
    const altered = { ...items, triggers: ['gone', 'log'] }
    const diff = { changes: [alter(index)], before: [alter(key)], after: [alter(key), alter(key, index)], altered, advice: ['rename it'] }
    const table = await tableOf(items, { target: { ...diffs(diff).target, share: () => items } })
    expect(table).toMatchObject({ statements: ['alter-table'], before: ['alter-table'], altered, diff: { drop: 'definitions', postpone: [] } })
    expect(table.after?.map(({ always }) => always)).toEqual([true, false])
    expect(table.differences).toHaveLength(2)
    expect(table.warnings).toEqual(['rename it'])
    expect(table.diff).not.toHaveProperty('shared')
  })

  it('is nothing to speak of where it is the same', async () => {
    const table = await tableOf(items)
    for (const part of ['before', 'after', 'altered', 'differences', 'diff', 'refused', 'triggers']) expect(table).not.toHaveProperty(part)
  })

  it('comes with a copy in full where that brings it along', async () => {
    const { target } = diffs({ changes: [alter(index)] })
    const anew = { target: { ...target, makesAnew: () => true } }
    expect((await tableOf(items, { ...anew, config: { mode: 'full' } })).statements).toEqual([])
    expect((await tableOf(items, anew)).statements, 'it is compared').toEqual(['alter-table'])
    expect((await tableOf(items, { target: { ...target }, config: { mode: 'full' } })).statements).toEqual(['alter-table'])
  })

  it('has columns that only the target has: they are kept, and refused where the source may hide them', async () => {
    const existing = [schemaOf('items', [int('id'), text('name'), text('x'), text('y')])]
    expect(await tableOf(items, {}, { existing })).toMatchObject({ warnings: ['only the target has x, y: kept'] })
    expect(await tableOf(items, {}, { existing })).not.toHaveProperty('refused')
    const table = await tableOf(items, {}, { existing, visibility: partial })
    expect(table.refused).toMatchObject({ code: 'COLUMNS_NOT_VISIBLE', kind: 'refused', hint: expect.stringContaining('`shop`.`items`') })
    expect(table.refused?.message).toContain('x, y')
    expect(await tableOf(items, {}, { visibility: partial })).not.toHaveProperty('refused')
  })

  it('is refused where it cannot be put right', async () => {
    expect((await tableOf(items, diffs({ conflicts: ['its key'] }))).refused).toMatchObject({ code: 'SCHEMA_CONFLICT' })
  })
})

describe('a guard of the target', () => {
  it('is asked about the table as it will be, without the triggers that go', async () => {
    const asked: unknown[] = []
    const guard: Target['guard'] = ({ disposition, existing, triggers }) => {
      asked.push([disposition, existing?.triggers, triggers?.length])
      return refused
    }
    const existing = [{ ...items, triggers: ['gone', 'log'] }]
    const facts = { dropped: new Set(['gone']), standing: new Map([['items', []]]), existing }
    expect((await tableOf(items, { target: { guard } }, facts)).refused).toMatchObject({ code: 'REFUSED' })
    await tableOf(items, { target: { guard }, config: { mode: 'full' } }, { existing })
    expect(asked).toEqual([
      ['merge', ['log'], 0],
      ['replace', ['gone', 'log'], undefined],
    ])
  })

  it('is not needed where a view is in the way', async () => {
    expect((await tableOf(items, {}, { views: new Set(['items']), existing: [] })).refused).toMatchObject({ code: 'OBJECT_CLASH' })
  })
})

describe('a copy at which to look costs money', () => {
  const supports = { billed: { form: '' } }
  const kept = async (over: Over = {}, facts: Partial<RouteFacts> = {}) => {
    const form = (await tableOf(items, { supports })).watch?.form
    const source_print: SourcePrint = { form: form ?? '', at: '2026-01-01T00:00:00.000Z', rows: 1, by: 'digest', sum: '1' }
    return (await tableOf(items, { supports, ...over }, { state: stateOf({ items: { source_print } }), ...facts })).watch?.print
  }

  it('is left alone, but not where a killed run may have written to it, where its definition changes, or where a look is asked for', async () => {
    expect(await kept()).toMatchObject({ rows: 1 })
    expect(await kept({}, { leftovers: ['remove'] })).toBeUndefined()
    for (const place of ['changes', 'before', 'after']) {
      expect(await kept(diffs({ [place]: [{ type: 'alter-table', table: items.table, parts: [] }] })), place).toBeUndefined()
    }
    expect(await kept({ config: { mode: 'reconcile' } })).toBeUndefined()
  })
})

it('the settings of a table are those of all rules that match it, and the last one wins', () => {
  const tableRules = [
    { match: 'items', rule: { mode: 'full', lookbackMinutes: 5 } },
    { match: 'shop.*', rule: { lookbackMinutes: 7 } },
    { match: 'users', rule: { schemaPolicy: 'freeze' } },
  ] as const
  expect(matchingRule({ tableRules }, items.table)).toEqual({ mode: 'full', lookbackMinutes: 7 })
  expect(matchingRule({ tableRules }, { database: 'crm', name: 'orders' })).toEqual({})
})

describe('the table of the target once the changes are made', () => {
  it('has the columns that come and those that it keeps', async () => {
    const existing = schemaOf('items', [int('id'), text('own')])
    const table = await tableOf(items, {}, { existing: [existing] })
    expect(afterChanges(table)?.columns.map(({ name }) => name)).toEqual(['id', 'name', 'own'])
    expect(afterChanges({ ...table, changes: [] })).toBe(existing)
    expect(afterChanges({ ...table, altered: items })).toBe(items)
    const { existing: _, ...fresh } = table
    expect(afterChanges(fresh)).toBeUndefined()
  })
})
