import { expect, test } from 'vitest'
import { Tally } from './receipt.ts'

const result = (affectedRows: number, info = '') => ({ affectedRows, warnings: 0, info })

test.each(['Records: 5  Duplicates: 2  Warnings: 0', 'Datensätze: 5  Duplikate: 2  Warnungen: 0', 'Записей: 5  Дубликатов: 2  Предупреждений: 0'])(
  'an upsert is counted by the sentence %j',
  (info) => {
    const tally = new Tally()
    tally.add('delete', result(3))
    tally.add('upsert', result(6, info))
    tally.add(undefined, result(99))
    expect(tally.receipt(5)).toEqual({ inserted: 2, updated: 2, deleted: 3, unchanged: 1 })
  },
)

test('rows that left to be changed are not inserted', () => {
  const tally = new Tally()
  tally.add('change', result(4))
  tally.add('insert', result(4))
  tally.add('insert', result(1))
  expect(tally.receipt(10)).toEqual({ inserted: 1, updated: 4, deleted: 0, unchanged: 5 })
})
