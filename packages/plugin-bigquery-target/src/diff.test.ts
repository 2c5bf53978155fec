import { type Column, SyncError, type TableSchema } from '@dbsync/core/plugin'
import { plainSchema } from '@dbsync/testkit'
import { askTable, diffTenant, fitTable, narrowings, shareTables, typeOverrides } from '@dbsync/warehouse'
import { describe, expect, it } from 'vitest'
import { renderChange } from './ddl.ts'
import { BIGQUERY } from './dialect.ts'

const none = typeOverrides(BIGQUERY, undefined)
const place = { project: 'my-project', dataset: 'copies' }
const table = { database: 'shop', name: 'orders' }

function fitted(columns: Readonly<Record<string, Column['type']>>, key: readonly string[] = ['id'], overrides = none): TableSchema {
  const all = Object.entries({ id: { kind: 'int', bits: 32 } as const, ...columns })
  return fitTable(BIGQUERY, plainSchema(table, { name: 'orders', key, columns: all.map(([name, type]) => ({ name, type, nullable: true })) }), table, overrides)
}

const statements = (actual: TableSchema, wanted: TableSchema) => diffTenant(BIGQUERY, actual, wanted).changes.flatMap((change) => renderChange(change, place))

describe('the shared table', () => {
  it('gets the columns of every tenant and loses none', () => {
    const [one, other] = [fitted({ a: { kind: 'text' } }), fitted({ b: { kind: 'date' } })]
    expect(diffTenant(BIGQUERY, one, other)).toMatchObject({ kept: [], conflicts: [], changes: [{ type: 'add-column', column: 'b' }] })
    expect(statements(one, other)[0]).toBe('ALTER TABLE `my-project.copies.orders` ADD COLUMN IF NOT EXISTS `b` DATE')
  })

  it('is widened where every value is kept, and is left alone where it is wide enough', () => {
    const [narrow, wide] = [fitted({ n: { kind: 'int', bits: 64 } }), fitted({ n: { kind: 'decimal', precision: 20, scale: 2 } })]
    expect(statements(narrow, wide)).toEqual(['ALTER TABLE `my-project.copies.orders` ALTER COLUMN `n` SET DATA TYPE NUMERIC'])
    expect(statements(wide, narrow)).toEqual([])
    expect(diffTenant(BIGQUERY, wide, narrow).conflicts).toEqual([])
  })

  it.each<[string, TableSchema, TableSchema]>([
    ['another type', fitted({ a: { kind: 'text' } }), fitted({ a: { kind: 'int', bits: 32 } })],
    ['a double, which holds no large integer', fitted({ a: { kind: 'int', bits: 64 } }), fitted({ a: { kind: 'float', bits: 64 } })],
    ['another key', fitted({ a: { kind: 'text' } }), fitted({ a: { kind: 'text' } }, ['id', 'a'])],
    ['no key', fitted({ a: { kind: 'text' } }), fitted({ a: { kind: 'text' } }, [])],
  ])('is refused to a tenant with %s', (_, actual, wanted) => {
    expect(diffTenant(BIGQUERY, actual, wanted).conflicts).toHaveLength(1)
  })

  it('keeps a column of another type beside that of the others, where that is set', () => {
    const [numbers, texts] = [fitted({ n: { kind: 'int', bits: 32 } }), fitted({ n: { kind: 'text' } })]
    const beside = (actual: TableSchema, wanted: TableSchema) => diffTenant(BIGQUERY, actual, wanted, { onTypeConflict: 'new-column' })
    const diff = beside(numbers, texts)
    expect(diff).toMatchObject({ conflicts: [], advice: ['column n is kept in n__string: it is STRING and is INT64 there, for other tenants or from before'] })
    expect(diff.changes.flatMap((change) => renderChange(change, place))).toEqual([
      'ALTER TABLE `my-project.copies.orders` ADD COLUMN IF NOT EXISTS `n__string` STRING',
      expect.stringContaining('ALTER COLUMN `n__string` SET OPTIONS'),
    ])
    expect(diff.meanwhile?.columns.map(({ name, native }) => [name, native])).toEqual([
      ['id', 'id INT64'],
      ['n', 'n__string STRING'],
    ])
    // As the next run finds it; who came first still has the plain name.
    const both = shareTables(BIGQUERY, numbers, [texts], 'new-column')
    expect(beside(both, texts)).toMatchObject({ changes: [], meanwhile: diff.meanwhile })
    expect(beside(both, numbers)).toEqual({ changes: [], kept: [], conflicts: [] })
    expect(beside(both, diff.meanwhile ?? texts)).toEqual({ changes: [], kept: [], conflicts: [] })
  })

  it('keeps no column of the key beside another: a key that is NULL for some rows is none', () => {
    const textKey = fitTable(
      BIGQUERY,
      plainSchema(table, { name: 'orders', key: ['id'], columns: [{ name: 'id', type: { kind: 'text' }, nullable: false }] }),
      table,
      none,
    )
    const numbers = fitted({})
    // Such a column may be there, from a time when it was in no key.
    const both = { ...numbers, columns: [...numbers.columns, ...textKey.columns.map((column) => ({ ...column, native: 'id__string STRING' }))] }
    for (const actual of [numbers, both]) {
      expect(diffTenant(BIGQUERY, actual, textKey, { onTypeConflict: 'new-column' }).conflicts).toHaveLength(1)
    }
  })

  it('is made for all tenants of a run, and the odd one out is refused, whoever comes first', () => {
    const [odd, plain, wide, extra] = [
      fitted({ n: { kind: 'text' } }),
      fitted({ n: { kind: 'int', bits: 32 } }),
      fitted({ n: { kind: 'decimal', precision: 20, scale: 2 } }),
      fitted({ n: { kind: 'int', bits: 64 }, more: { kind: 'date' } }),
    ]
    const all = [odd, plain, wide, extra]
    for (const order of [all, all.toReversed()]) {
      const shared = shareTables(BIGQUERY, undefined, order)
      expect(new Set(shared.columns.map(({ native }) => native))).toEqual(new Set(['id INT64', 'more DATE', 'n NUMERIC']))
      const conflicts = (schema: TableSchema) => diffTenant(BIGQUERY, shared, schema, { shared }).conflicts
      expect(all.map((schema) => conflicts(schema).length)).toEqual([1, 0, 0, 0])
    }
    // Three have text, and four have numbers of two kinds.
    const [three, two] = [
      [odd, odd, odd],
      [plain, plain, wide, wide],
    ]
    expect(shareTables(BIGQUERY, undefined, [...three, ...two]).columns.map(({ native }) => native)).toContain('n NUMERIC')
    // One that is there is widened once, to what holds all of them.
    const shared = shareTables(BIGQUERY, plain, [plain, wide])
    const statement = ['ALTER TABLE `my-project.copies.orders` ALTER COLUMN `n` SET DATA TYPE NUMERIC']
    const changes = (schema: TableSchema) => diffTenant(BIGQUERY, plain, schema, { shared }).changes.flatMap((change) => renderChange(change, place))
    expect([changes(plain), changes(wide)]).toEqual([[], statement])
  })

  it('has the key of most tenants', () => {
    const [keyed, other] = [fitted({ a: { kind: 'text' } }), fitted({ a: { kind: 'text' }, b: { kind: 'date' } }, ['id', 'a'])]
    const shared = shareTables(BIGQUERY, undefined, [other, keyed, keyed])
    expect([shared.key, shared.columns.map(({ name }) => name)]).toEqual([['id'], ['id', 'a']])
  })

  it('is never dropped: the tenant’s rows go', () => {
    expect(renderChange({ type: 'drop-table', table: { database: "o'r\\", name: 'orders' } }, place)).toEqual([
      "DELETE FROM `my-project.copies.orders` WHERE tenant_id = 'o\\'r\\\\'",
    ])
  })

  it('has the tenant first in its key and its clustering', () => {
    const schema = fitted({ tenant_id: { kind: 'text' }, b: { kind: 'bytes' }, n: { kind: 'bits', length: 64 } }, ['tenant_id', 'b', 'n', 'id'])
    const [sql = ''] = renderChange({ type: 'create-table', schema }, place)
    expect(sql).toContain('PRIMARY KEY (tenant_id, `src_tenant_id`, `b`, `n`, `id`) NOT ENFORCED')
    expect(sql).toContain('CLUSTER BY tenant_id, `src_tenant_id`, `n`, `id`\n')
    expect(sql).toContain('PARTITION BY DATE(sync_timestamp)')
  })
})

describe('types', () => {
  const source = plainSchema(table, {
    name: 'orders',
    key: ['id'],
    columns: [
      { name: 'id', type: { kind: 'int', bits: 32 } },
      { name: 'j', type: { kind: 'json' } },
      { name: 'd', type: { kind: 'date' } },
    ],
  })

  it('can be chosen by MySQL type and by column, the column first', () => {
    const overrides = typeOverrides(BIGQUERY, { json: 'json', 'shop.orders.d': 'STRING' })
    expect(fitTable(BIGQUERY, source, table, overrides).columns.map(({ native }) => native)).toEqual(['id INT64', 'j JSON', 'd STRING'])
    expect(askTable(BIGQUERY, source, overrides).columns.map(({ portable }) => portable)).toEqual(['value', 'presence', 'value'])
    expect(narrowings(BIGQUERY, source, overrides)).toEqual([expect.stringMatching(/^narrower there: JSON keeps its meaning.*\(j\)$/)])
    expect(narrowings(BIGQUERY, source, none)).toEqual(['narrower there: zero and impossible dates become NULL (d)'])
  })

  it.each([{ date: 'INT64' }, { json: 'BLOB' }, 'json'])('cannot be %j', (wrong) => {
    expect(() => fitTable(BIGQUERY, source, table, typeOverrides(BIGQUERY, wrong))).toThrow(SyncError)
  })
})
