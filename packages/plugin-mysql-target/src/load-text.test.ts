import { type Column, packRows } from '@dbsync/core/plugin'
import { expect, test } from 'vitest'
import { insertText } from './insert-text.ts'
import { loadText } from './load-text.ts'

const text: Column = { name: 'a', type: { kind: 'text' }, nullable: true, native: 'text' }
const number: Column = { name: 'n', type: { kind: 'int', bits: 32 }, nullable: true, native: 'int' }
const uuid: Column = { name: 'u', type: { kind: 'text' }, nullable: true, native: 'uuid' }

const loaded = (columns: readonly Column[], rows: readonly (readonly (string | Uint8Array | null)[])[]) =>
  Buffer.from(loadText(packRows(columns, rows), 'mariadb')).toString('latin1')

test('escapes what LOAD DATA reads as structure, and nothing else', () => {
  expect(
    loaded(
      [text, number],
      [
        ['a\tb\nc\\d\0e\r\'"', '-5'],
        [null, null],
        ['', '0'],
        ['\\N', '1'],
      ],
    ),
  ).toBe('a\\\tb\\\nc\\\\d\0e\r\'"\t-5\n\\N\t\\N\n\t0\n\\\\N\t1\n')
})

test('keeps every byte, also in cells that outgrow the buffer', () => {
  const every = Uint8Array.from({ length: 256 }, (_, i) => i)
  const slashes = new Uint8Array(100_000).fill(0x5c)
  const out = loaded([text, text], [[every, slashes]])
  expect(out.length).toBe(256 + 3 + 1 + 200_000 + 1)
})

const inserts = (columns: readonly Column[], rows: readonly (readonly (string | null)[])[], maxBytes = 1 << 20) => [
  ...insertText('I ', packRows(columns, rows), 'mariadb', maxBytes),
]

test('writes literals that no mode can misread', () => {
  expect(
    inserts(
      [text, number, uuid],
      [
        ["'", '7', 'x'],
        [null, null, null],
        ['', '0', ''],
      ],
    ),
  ).toEqual([{ sql: "I (X'27','7',_utf8mb4 X'78'),(NULL,NULL,NULL),(X'','0',_utf8mb4 X'')", rows: 3 }])
})

test('ends a statement before it grows too large, and sends a large row alone', () => {
  const rows = [['a'], ['b'.repeat(50)], ['c'], ['d']]
  const statements = inserts([text], rows, 40)
  expect(statements.map(({ rows }) => rows)).toEqual([1, 1, 2])
  expect(statements.map(({ sql }) => sql.length <= 40)).toEqual([true, false, true])
})
