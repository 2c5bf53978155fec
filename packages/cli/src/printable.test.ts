import { expect, test } from 'vitest'
import { printable, printableJson, printableLines } from './printable.ts'

test('a name can neither move the cursor nor turn the text around', () => {
  expect(printable('a\u001b[31mb\nc\td\r\u009b1m\u202ee\u2028')).toBe('a\\u{1b}[31mb\\nc\\td\\r\\u{9b}1m\\u{202e}e\\u{2028}')
  expect(printable('\ud800')).toBe('\\u{d800}')
})

test('ordinary names stay as they are', () => {
  for (const name of ['Bücher', '注文', '🛒 `cart`', "it's", '../x', '__proto__']) expect(printable(name)).toBe(name)
})

test('a line of a message cannot pretend to be a line of ours', () => {
  expect(printableLines('first\nError: forged\u001b[2J')).toBe('first\n  Error: forged\\u{1b}[2J')
})

test('JSON stays what it says', () => {
  const value = { 'a\u009b1m\u202e': ['\u007f', 'é🛒\n'] }
  const json = printableJson(JSON.stringify(value, null, 2))
  expect(json).not.toMatch(/[\u007f-\u009f\u202e]/)
  expect(JSON.parse(json)).toEqual(value)
})
