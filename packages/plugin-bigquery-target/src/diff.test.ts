import { type Column, SyncError, type TableSchema } from '@dbsync/core/plugin'
import { plainSchema } from '@dbsync/testkit'
import { typeOverrides } from '@dbsync/warehouse'
import { describe, expect, it } from 'vitest'
import { renderChange } from './ddl.ts'
import { diffTenant } from './diff.ts'
import { askTable, fitTable, narrowings } from './fit.ts'

const none = typeOverrides(undefined)
const place = { project: 'my-project', dataset: 'copies' }
const table = { database: 'shop', name: 'orders' }

function fitted(columns: Readonly<Record<string, Column['type']>>, key: readonly string[] = ['id'], overrides = none): TableSchema {
  const all = Object.entries({ id: { kind: 'int', bits: 32 } as const, ...columns })
  return fitTable(plainSchema(table, { name: 'orders', key, columns: all.map(([name, type]) => ({ name, type, nullable: true })) }), table, overrides)
}

const statements = (actual: TableSchema, wanted: TableSchema) => diffTenant(actual, wanted).changes.flatMap((change) => renderChange(change, place))

describe('the shared table', () => {
  it('gets the columns of every tenant and loses none', () => {
    const [one, other] = [fitted({ a: { kind: 'text' } }), fitted({ b: { kind: 'date' } })]
    expect(diffTenant(one, other)).toMatchObject({ kept: [], conflicts: [], changes: [{ type: 'add-column', column: 'b' }] })
    expect(statements(one, other)[0]).toBe('ALTER TABLE `my-project.copies.orders` ADD COLUMN IF NOT EXISTS `b` DATE')
  })

  it('is widened where every value is kept, and is left alone where it is wide enough', () => {
    const [narrow, wide] = [fitted({ n: { kind: 'int', bits: 64 } }), fitted({ n: { kind: 'decimal', precision: 20, scale: 2 } })]
    expect(statements(narrow, wide)).toEqual(['ALTER TABLE `my-project.copies.orders` ALTER COLUMN `n` SET DATA TYPE NUMERIC'])
    expect(statements(wide, narrow)).toEqual([])
    expect(diffTenant(wide, narrow).conflicts).toEqual([])
  })

  it.each<[string, TableSchema, TableSchema]>([
    ['another type', fitted({ a: { kind: 'text' } }), fitted({ a: { kind: 'int', bits: 32 } })],
    ['a double, which holds no large integer', fitted({ a: { kind: 'int', bits: 64 } }), fitted({ a: { kind: 'float', bits: 64 } })],
    ['another key', fitted({ a: { kind: 'text' } }), fitted({ a: { kind: 'text' } }, ['id', 'a'])],
    ['no key', fitted({ a: { kind: 'text' } }), fitted({ a: { kind: 'text' } }, [])],
  ])('is refused to a tenant with %s', (_, actual, wanted) => {
    expect(diffTenant(actual, wanted).conflicts).toHaveLength(1)
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
    const overrides = typeOverrides({ json: 'json', 'shop.orders.d': 'STRING' })
    expect(fitTable(source, table, overrides).columns.map(({ native }) => native)).toEqual(['id INT64', 'j JSON', 'd STRING'])
    expect(askTable(source, overrides).columns.map(({ portable }) => portable)).toEqual(['value', 'presence', 'value'])
    expect(narrowings(source, overrides)).toEqual([expect.stringMatching(/^narrower there: JSON keeps its meaning.*\(j\)$/)])
    expect(narrowings(source, none)).toEqual(['narrower there: zero and impossible dates become NULL (d)'])
  })

  it.each([{ date: 'INT64' }, { json: 'BLOB' }, 'json'])('cannot be %j', (wrong) => {
    expect(() => fitTable(source, table, typeOverrides(wrong))).toThrow(SyncError)
  })
})
