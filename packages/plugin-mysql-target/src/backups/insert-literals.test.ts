import { type Column, packRows } from '@dbsync/core/plugin'
import { expect, test } from 'vitest'
import { InsertLiterals } from './insert-literals.ts'

const text = (charset: string): Column => ({ name: 'a`b', type: { kind: 'text' }, charset, native: 'varchar(9)', nullable: true })
const written = (column: Column, ...cells: readonly (string | Uint8Array | null)[]) => {
  const literals = new InsertLiterals('t', [column], 0)
  const rows = literals.add(
    packRows(
      [column],
      cells.map((cell) => [cell]),
    ),
    () => {},
  )
  return Buffer.concat([rows, literals.end()]).toString('latin1')
}

test('what means something in a string is escaped', () => {
  expect(written(text('utf8mb4'), `'"\\`, '\0\n\r\x1a', null)).toBe("INSERT INTO `t` (`a``b`) VALUES\n('\\'\"\\\\'),\n('\\0\\n\\r\\Z'),\n(NULL);\n")
})

test('bytes that are no text of the statement are written as bytes', () => {
  const bytes = (column: Column, cell: Uint8Array) => written(column, cell).slice('INSERT INTO `t` (`a``b`) VALUES\n'.length, -2)
  expect(bytes(text('utf8mb4'), Buffer.from('é'))).toBe("('Ã©')")
  expect(bytes(text('utf8mb4'), Buffer.from([0x61, 0xff]))).toBe("(X'61ff')")
  expect(bytes(text('latin1'), Buffer.from([0x61, 0xe9]))).toBe("(X'61e9')")
  expect(bytes(text('sjis'), Buffer.from('a'))).toBe("(X'61')")
  expect(bytes({ ...text(''), type: { kind: 'bytes' } }, Buffer.from("'"))).toBe("(X'27')")
})
