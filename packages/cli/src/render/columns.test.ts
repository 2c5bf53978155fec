import { expect, test } from 'vitest'
import { columns } from './columns.ts'

const HEADS = [{ head: 'Table' }, { head: 'Rows', align: 'right' }, { head: 'Status' }] as const

test('a table of thousands of rows has the columns of its widest cells, wherever they are', async () => {
  const cells = Array.from({ length: 10_000 }, (_, i) => [i === 7_000 ? '表表表表表_7000' : `t_${i}`, String(i), i === 3 ? 'RUNNING' : 'ok'])
  const lines = (await columns(HEADS, cells)).split('\n')
  expect(lines).toHaveLength(10_001)
  expect(lines[0]).toBe('Table            Rows  Status')
  expect(lines[1]).toBe('t_0                 0  ok')
  expect(lines[4]).toBe('t_3                 3  RUNNING')
  expect(lines[7_001]).toBe('表表表表表_7000  7000  ok')
  expect(lines[10_000]).toBe('t_9999           9999  ok')
})

test('no rows are a head alone', async () => {
  expect(await columns(HEADS, [])).toBe('Table  Rows  Status')
})

test('wrapped, every part has the same columns', async () => {
  const cells = Array.from({ length: 450 }, (_, i) => [`t_${i}`, String(i), 'two words and then some more of them'])
  const lines = (await columns(HEADS, cells, 40)).split('\n')
  expect(lines.every((line) => line.length <= 40)).toBe(true)
  expect(new Set(lines.filter((line) => /^t_\d/.test(line)).map((line) => line.indexOf('two'))).size).toBe(1)
})
