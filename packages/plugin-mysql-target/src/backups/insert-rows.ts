import { isUtf8 } from 'node:buffer'
import { NotUnderstood } from './scanner.ts'

const OPEN = 0x28
const CLOSE = 0x29
const COMMA = 0x2c
const DASH = 0x2d
const BACKSLASH = 0x5c
const UNDERSCORE = 0x5f

const PLAIN_WORDS = new Set(['NULL', 'TRUE', 'FALSE', 'DEFAULT'])

/** Counts the rows after VALUES, and throws `NotUnderstood` unless they are literals and nothing else: no function, no name, no comment, no query. */
export function countRows(statement: Uint8Array, from: number): number {
  let rows = 0
  let inside = false
  /** What may come: a row or a value, or what separates two of them. */
  let wanted = true
  let at = from
  for (; at < statement.length; ) {
    const byte = statement[at] as number
    if (byte <= 0x20) at++
    else if (byte === COMMA) {
      if (wanted) throw literalExpected(statement, at)
      wanted = true
      at++
    } else if (byte === OPEN) {
      if (inside || !wanted) throw literalExpected(statement, at)
      inside = true
      at++
      if (statement[at] === CLOSE) wanted = false
    } else if (byte === CLOSE) {
      if (!inside || wanted) throw literalExpected(statement, at)
      inside = false
      rows++
      at++
    } else {
      if (!inside || !wanted) throw literalExpected(statement, at)
      at = literalEnd(statement, at)
      wanted = false
    }
  }
  if (inside || wanted) throw new NotUnderstood('the rows end too early')
  return rows
}

/** The same rows as text: a string that is no UTF-8 is written as a number of bytes, which the server reads alike. */
export function copyRows(statement: Buffer, from: number): string {
  const rows = statement.subarray(from)
  if (isUtf8(rows)) return rows.toString('utf8')
  let text = ''
  let done = 0
  for (let at = 0; at < rows.length; ) {
    if (!isQuote(rows[at])) {
      at++
      continue
    }
    const end = stringEnd(rows, at)
    const string = rows.subarray(at, end)
    if (!isUtf8(string)) {
      text += `${rows.toString('utf8', done, at)} X'${unescaped(string).toString('hex')}'`
      done = end
    }
    at = end
  }
  return text + rows.toString('utf8', done)
}

/** A number, a word that is a value, a string, or a string with what says how to read it. */
function literalEnd(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] as number
  if (isQuote(byte)) return stringEnd(bytes, at)
  let end = at
  if (byte === DASH) end++
  while (isWord(bytes[end])) end++
  const word = Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('latin1')
  if (isQuote(bytes[end]) && /^[xXbBnN]$/.test(word)) return stringEnd(bytes, end)
  if (byte === UNDERSCORE && /^_[a-z0-9]+$/i.test(word)) {
    while ((bytes[end] as number) <= 0x20) end++
    const digits = bytes[end] === 0x58 || bytes[end] === 0x78 ? end + 1 : end
    if (isQuote(bytes[digits])) return stringEnd(bytes, digits)
    if (bytes[end] === 0x30) return literalEnd(bytes, end)
  }
  if (isNumber(word)) {
    // `1e-7`, `1E+20`: the sign is no part of the word.
    if (/e$/i.test(word) && !/^-?0x/i.test(word) && (bytes[end] === 0x2b || bytes[end] === DASH)) {
      const sign = end++
      while (isDigit(bytes[end])) end++
      if (end > sign + 1) return end
    } else if (!/e$/i.test(word) || /^-?0x/i.test(word)) {
      return end
    }
  }
  if (PLAIN_WORDS.has(word.toUpperCase())) return end
  throw literalExpected(bytes, at)
}

const isNumber = (word: string): boolean => /^-?(?:\d+\.?\d*|\.\d+)(?:e\d*)?$|^-?0[xb][0-9a-f]+$/i.test(word)

function stringEnd(bytes: Uint8Array, at: number): number {
  const quote = bytes[at]
  for (let end = at + 1; end < bytes.length; end++) {
    const byte = bytes[end]
    if (byte === BACKSLASH) end++
    else if (byte === quote) {
      if (bytes[end + 1] !== quote) return end + 1
      end++
    }
  }
  throw new NotUnderstood('a string without an end')
}

/** The bytes that a string literal stands for. */
function unescaped(string: Buffer): Buffer {
  const quote = string[0]
  const bytes: number[] = []
  for (let at = 1; at < string.length - 1; at++) {
    let byte = string[at] as number
    if (byte === BACKSLASH) {
      byte = string[++at] as number
      // A wildcard keeps its backslash.
      if (byte === 0x25 || byte === UNDERSCORE) bytes.push(BACKSLASH)
      byte = ESCAPES.get(byte) ?? byte
    } else if (byte === quote) at++
    bytes.push(byte)
  }
  return Buffer.from(bytes)
}

const ESCAPES = new Map([...'0bnrtZ'].map((letter, i) => [letter.charCodeAt(0), [0, 8, 10, 13, 9, 26][i] as number]))

const isQuote = (byte: number | undefined): boolean => byte === 0x27 || byte === 0x22
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39
const isWord = (byte: number | undefined): boolean =>
  isDigit(byte) || byte === 0x2e || byte === UNDERSCORE || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a)

const literalExpected = (bytes: Uint8Array, at: number): NotUnderstood => {
  const near = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(20, bytes.length - at)).toString('latin1')
  return new NotUnderstood(`among the values something that is no plain value, at ${JSON.stringify(near)}`)
}
