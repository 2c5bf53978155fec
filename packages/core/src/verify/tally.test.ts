import { describe, expect, it } from 'vitest'
import { packRows } from '../model/rows.ts'
import { keyColumns } from '../model/schema.ts'
import { int, items, schemaOf, text } from '../run/testing.ts'
import { hasKey, Tally } from './tally.ts'

const row = (id: string, name: string) => packRows(items.columns, [[id, name]]).bytes
const keyOf = (id: string) => packRows(keyColumns(items), [[id]]).bytes
const tallyOf = (limit = 10, newer = () => false) => new Tally(items, limit, newer)
const pair = { key: keyOf('1'), signature: '' }

describe('a difference', () => {
  it('is described with its key, and with its columns where both ends have the row', () => {
    const tally = tallyOf()
    const key = [{ name: 'id', value: '1' }]
    const describe = (kind: 'missing' | 'extra' | 'changed', source?: Uint8Array, target?: Uint8Array) =>
      tally.describe({ ...pair, kind, source, target }, true)
    expect(describe('changed', row('1', 'a'), row('1', 'b'))).toEqual({ kind: 'changed', key, columns: [{ name: 'name', source: 'a', target: 'b' }] })
    expect(describe('missing', row('1', 'a'))).toEqual({ kind: 'missing', key, columns: [] })
    expect(describe('extra', undefined, row('1', 'a'))).toEqual({ kind: 'extra', key, columns: [] })
    expect(describe('changed')).toEqual({ kind: 'changed', key, columns: [] })
    const found = { ...pair, kind: 'changed', source: row('1', 'a'), target: row('1', 'b') } as const
    expect(tally.describe(found, false)).toEqual({ kind: 'changed', key: [], columns: [] })
  })

  it('is none, but not synced yet, where the source has the row and it is newer: one of the target alone never is', () => {
    const tally = tallyOf(10, () => true)
    for (const kind of ['missing', 'extra', 'changed'] as const) {
      const source = kind === 'extra' ? undefined : row('1', 'a')
      tally.count(tally.describe({ ...pair, kind, source, target: kind === 'missing' ? undefined : row('1', 'b') }, true))
    }
    expect(tally.totals).toMatchObject({ notSynced: 2, extra: 1, missing: 0, changed: 0 })
    expect(tally.different).toBe(1)
  })

  it('is counted where no more of them are kept to show', () => {
    const tally = tallyOf(2)
    for (const kind of ['missing', 'extra', 'changed', 'missing'] as const) tally.count({ kind, key: [], columns: [] })
    expect(tally.differences.map(({ kind }) => kind)).toEqual(['missing', 'extra'])
    expect(tally.totals).toEqual({ rowsCompared: 0, settled: 0, missing: 2, extra: 1, changed: 1, notSynced: 0 })
    expect({ different: tally.different, room: tally.room }).toEqual({ different: 4, room: 0 })
    expect(tallyOf(3).room).toBe(3)
  })
})

describe('the rows of a table without a key', () => {
  const lines = schemaOf('lines', [text('line'), int('n')], [])
  const bytes = packRows(lines.columns, [['a', '1']]).bytes

  it('count as often as one end has them more than the other', () => {
    const tally = new Tally(lines, 10, () => false)
    tally.countCopies(bytes, { source: 5, target: 2 })
    tally.countCopies(undefined, { source: 0, target: 4 })
    expect(tally.totals).toMatchObject({ missing: 3, extra: 4, changed: 0 })
    expect(tally.differences).toEqual([
      {
        kind: 'missing',
        key: [
          { name: 'line', value: 'a' },
          { name: 'n', value: '1' },
        ],
        columns: [],
        copies: { source: 5, target: 2 },
      },
      { kind: 'extra', key: [], columns: [], copies: { source: 0, target: 4 } },
    ])
    expect(tally.keys).toBeUndefined()
    expect([hasKey(lines), hasKey(items)]).toEqual([false, true])
  })

  it('count as their number tells, where nothing else is known', () => {
    const tally = tallyOf()
    tally.countRows(7, 4)
    expect(tally.totals).toMatchObject({ missing: 3, extra: 0 })
    tally.countRows(4, 9)
    expect(tally.totals).toMatchObject({ missing: 3, extra: 5 })
    expect(tally).toMatchObject({ different: 8, differences: [], keys: undefined })
  })
})

describe('the keys of rows that differ', () => {
  it('are all known, or none is', () => {
    const tally = tallyOf()
    expect(tally.keys).toEqual([])
    tally.remember([keyOf('1'), keyOf('2')])
    tally.remember([keyOf('3')])
    expect(tally.keys).toEqual([keyOf('1'), keyOf('2'), keyOf('3')])
    tally.countRows(1, 1)
    tally.remember([keyOf('4')])
    expect(tally.keys).toBeUndefined()
  })

  it('are not known where they are too many, and never again', () => {
    const tally = tallyOf()
    const key = keyOf('1')
    const many = Array.from({ length: 250_000 }, () => key)
    tally.remember(many)
    tally.remember(many)
    expect(tally.keys).toHaveLength(500_000)
    tally.remember([keyOf('2')])
    expect(tally.keys).toBeUndefined()
    tally.remember([keyOf('2')])
    expect(tally.keys).toBeUndefined()
  })
})
