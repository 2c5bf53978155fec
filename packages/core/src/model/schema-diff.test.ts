import { describe, expect, it } from 'vitest'
import type { Column, TableSchema } from './schema.ts'
import { diffTable } from './schema-diff.ts'

const column = (name: string, more: Partial<Column> = {}): Column => ({ name, type: { kind: 'int', bits: 32 }, nullable: true, native: 'int(11)', ...more })
const table = (columns: readonly Column[], key: readonly string[] = ['id']): TableSchema => ({
  table: { database: 'd', name: 't' },
  columns,
  key,
  uniqueKeys: [],
  foreignKeys: [],
  referencedBy: [],
  triggers: [],
  transactional: true,
})
const id = column('id', { nullable: false })

describe('diffTable', () => {
  it('finds nothing between equal tables, in whichever order their columns stand', () => {
    const wanted = table([id, column('a'), column('b')])
    expect(diffTable(wanted, wanted)).toEqual({ changes: [], kept: [], conflicts: [] })
    expect(diffTable(table([column('b'), id, column('a')]), wanted)).toEqual({ changes: [], kept: [], conflicts: [] })
  })

  it('adds what is missing, in the order in which it is wanted, to the table that is there', () => {
    const wanted = table([column('first'), id, column('__proto__'), column('last')])
    const actual = { ...table([id]), table: { database: 'copy', name: 't2' } }
    const added = (name: string) => ({ type: 'add-column', table: actual.table, column: name, wanted })
    expect(diffTable(actual, wanted).changes).toEqual([added('first'), added('__proto__'), added('last')])
  })

  it('keeps what only the target has', () => {
    expect(diffTable(table([id, column('mine')]), table([id]))).toEqual({ changes: [], kept: ['mine'], conflicts: [] })
  })

  it('takes names for equal that differ only in case, as the servers do', () => {
    const actual = table([column('ID', { nullable: false }), column('NAME')], ['ID'])
    expect(diffTable(actual, table([id, column('name')]))).toEqual({ changes: [], kept: [], conflicts: [] })
  })

  it.each<[string, Partial<Column>, Partial<Column>]>([
    ['type is varchar(20) at the source and varchar(10) at the target', { native: 'varchar(20)' }, { native: 'varchar(10)' }],
    ['character set is utf8mb4 at the source and latin1 at the target', { charset: 'utf8mb4' }, { charset: 'latin1' }],
    ['collation is utf8mb4_bin at the source and none at the target', { collation: 'utf8mb4_bin' }, {}],
    ['generated is none at the source and stored at the target', {}, { generated: 'stored' }],
    ['nullable is true at the source and false at the target', { nullable: true }, { nullable: false }],
  ])('reports what cannot be put right: %s', (sentence, source, target) => {
    const { changes, conflicts } = diffTable(table([id, column('a', target)]), table([id, column('a', source)]))
    expect(changes).toEqual([])
    expect(conflicts).toEqual([`column a: ${sentence}`])
  })

  it('reports another key, its order included', () => {
    const both = [id, column('a', { nullable: false })]
    expect(diffTable(table(both, ['a', 'id']), table(both, ['id', 'a'])).conflicts).toEqual(['the key is (id, a) at the source and (a, id) at the target'])
    expect(diffTable(table(both, []), table(both, ['id'])).conflicts).toEqual(['the key is (id) at the source and (none) at the target'])
  })

  it('tells a key of two columns from one whose name has a comma', () => {
    const columns = [column('a'), column('b'), column('a,b')]
    expect(diffTable(table(columns, ['a,b']), table(columns, ['a', 'b'])).conflicts).toHaveLength(1)
  })
})
