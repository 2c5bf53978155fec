import { type Column, packRows } from '@dbsync/core/plugin'
import { expect, it } from 'vitest'
import { splitRows } from './split-rows.ts'

const columns: readonly Column[] = ['a', 'b'].map((name) => ({ name, type: { kind: 'text' }, nullable: true }))
const rows = [
  ['x', null],
  ['y'.repeat(300), ''],
  [null, 'z'],
]

it('takes the first rows of a batch, and leaves the others', () => {
  for (const count of [1, 2]) {
    const [first, rest] = splitRows(packRows(columns, rows), count)
    expect([...first.rows()]).toEqual(rows.slice(0, count))
    expect([...(rest?.rows() ?? [])]).toEqual(rows.slice(count))
  }
})

it('takes a batch whole where there is room for it', () => {
  const batch = packRows(columns, rows)
  for (const count of [3, 4]) expect(splitRows(batch, count)).toEqual([batch, undefined])
})
