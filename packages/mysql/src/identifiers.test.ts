import { expect, test } from 'vitest'
import { hexLiteral, quoteId, quoteTable, quoteText } from './identifiers.ts'

test('no name ends its quotes', () => {
  expect(quoteId('orders')).toBe('`orders`')
  expect(quoteId('a`b``')).toBe('`a``b`````')
  expect(quoteTable({ database: 'sh`op', name: "o'r\\d\ners" })).toBe("`sh``op`.`o'r\\d\ners`")
})

test('no text ends its literal', () => {
  expect(quoteText(`'\\ü`)).toBe("_utf8mb4 X'275cc3bc'")
  expect(hexLiteral(Buffer.from([0, 39, 255]).subarray(1))).toBe("X'27ff'")
})
