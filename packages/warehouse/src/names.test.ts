import { describe, expect, it } from 'vitest'
import { columnName, tableNameFor } from './names.ts'

describe('columnName', () => {
  it.each(['id', 'Name', '_x', 'a1', 'select'])('leaves %s alone', (name) => expect(columnName(name)).toBe(name))

  it.each([
    ['tenant_id', 'src_tenant_id'],
    ['sync_mode', 'src_sync_mode'],
    ['Sync_Timestamp', 'src_Sync_Timestamp'],
  ])('makes way for its own columns: %s', (name, becomes) => expect(columnName(name)).toBe(becomes))

  it('never gives two columns of one table the same name, whatever the case of letters', () => {
    const names = [
      'a b',
      'a-b',
      'a_b',
      'a`b',
      '1a',
      'c_1a',
      'tenant_id',
      'src_tenant_id',
      'é',
      'e\u0301',
      '表',
      '😀',
      '',
      ' ',
      '__proto__',
      '../x',
      '_TABLE_x',
      '_dbsync_seq',
      'a__string',
      'a__STRING',
    ]
    const given = names.map((name) => columnName(name).toLowerCase())
    expect(new Set(given).size).toBe(names.length)
    for (const name of given) expect(name).toMatch(/^[a-z_][a-z0-9_]{0,299}$/)
  })
})

describe('tableNameFor', () => {
  it('keeps what is legal and tells everything else apart', () => {
    expect(tableNameFor('2024_orders')).toBe('2024_orders')
    const names = ['a b', 'a-b', 'a/b', '../x', '__proto__', '_dbsync_stg_x', '_dbsync_x', 'x'.repeat(400)]
    expect(new Set(names.map(tableNameFor)).size).toBe(names.length)
    for (const name of names) expect(tableNameFor(name)).toMatch(/^\w{1,300}$/)
    for (const name of ['_dbsync_stg_x', '_DBSYNC_x', '_dbsync_usage']) expect(tableNameFor(name)).not.toMatch(/^_dbsync/i)
  })
})
