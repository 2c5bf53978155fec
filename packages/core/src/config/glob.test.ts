import { describe, expect, it } from 'vitest'
import { escapeName, isLiteral, literalName, matcher, nameMatcher, patternFault, splitPattern } from './glob.ts'

const one = (pattern: string, name: string) => nameMatcher([pattern])(name)

describe('patterns over names', () => {
  it.each([
    ['orders', 'orders', true],
    ['orders', 'Orders', false],
    ['temp_*', 'temp_1', true],
    ['temp_*', 'temp_', true],
    ['temp_*', 'xtemp_1', false],
    ['*_log', 'a/b_log', true],
    ['*', '..', true],
    ['*', 'a\nb', true],
    ['a?c', 'a😀c', true],
    ['a?c', 'ac', false],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['[!a-c]x', 'dx', true],
    ['[.]', '.', true],
    ['*ab*ab', 'abxabab', true],
    ['*ab*abc', 'abxabab', false],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a\\\\b', 'a\\b', true],
    ['"q"', '"q"', true],
    ['[', '[', true],
    ['**', 'anything', true],
    ['__proto__', '__proto__', true],
    ['constructor', 'toString', false],
  ])('%j on %j: %j', (pattern, name, expected) => {
    expect(one(pattern, name)).toBe(expected)
  })

  it('agrees with an exhaustive matcher on small random cases', () => {
    const slow = (p: string, n: string): boolean =>
      p === ''
        ? n === ''
        : p[0] === '*'
          ? slow(p.slice(1), n) || (n !== '' && slow(p, n.slice(1)))
          : n !== '' && (p[0] === '?' || p[0] === n[0]) && slow(p.slice(1), n.slice(1))
    let seed = 7
    const next = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648
      return Math.floor((seed / 2147483648) * below)
    }
    const word = (letters: string, length: number) => Array.from({ length }, () => letters[next(letters.length)]).join('')
    for (let i = 0; i < 20_000; i++) {
      const pattern = word('ab*?', next(7))
      const name = word('ab', next(8))
      expect([pattern, name, one(pattern, name)]).toEqual([pattern, name, slow(pattern, name)])
    }
  })

  it('takes no time over a pattern made to backtrack', () => {
    const started = performance.now()
    expect(one(`${'*a'.repeat(30)}b`, 'a'.repeat(10_000))).toBe(false)
    expect(performance.now() - started).toBeLessThan(1000)
  })

  it('matches any name by its escaped form', () => {
    for (const name of ['a.b', 'a*b', '[x]', '(a|b)', '{a,b}', '!a', 'back\\slash', '`tick`', "q'uote", '../up', 'new\nline', '😀', '__proto__']) {
      expect(one(escapeName(name), name)).toBe(true)
      expect(isLiteral(escapeName(name))).toBe(true)
      expect(literalName(escapeName(name))).toBe(name)
      expect(patternFault(escapeName(name))).toBeUndefined()
      expect(matcher([`${escapeName('d.b')}.${escapeName(name)}`])('d.b', name)).toBe(true)
    }
  })
})

describe('patterns over tables', () => {
  it('takes a bare pattern in every database and a qualified one in its own', () => {
    const match = matcher(['orders', 'shop_*.log_*'])
    expect(match('any', 'orders')).toBe(true)
    expect(match('shop_1', 'log_2')).toBe(true)
    expect(match('other', 'log_2')).toBe(false)
  })

  it('never takes a database for a table', () => {
    expect(matcher(['temp_*'])('temp_db', 'orders')).toBe(false)
  })

  it('splits at the first dot that separates', () => {
    expect(splitPattern('a.b.c')).toEqual({ database: 'a', table: 'b.c' })
    expect(splitPattern('a\\.b.c')).toEqual({ database: 'a\\.b', table: 'c' })
    expect(splitPattern('a[.]b')).toEqual({ database: undefined, table: 'a[.]b' })
    expect(matcher(['a\\.b'])('any', 'a.b')).toBe(true)
  })
})

describe('patterns that are refused', () => {
  it.each(['', '*(*(*(a))))', '@(a|b)', '{a,b}', '!a', 'a\\', '*a'.repeat(4000), '*a'.repeat(40), 'x'.repeat(1000)])('%j', (pattern) => {
    expect(patternFault(pattern)).toBeTypeOf('string')
  })
  it.each(['orders', 'temp_*', '\\!a', 'a!', '\\(a\\)', 'a\\\\'])('not %j', (pattern) => {
    expect(patternFault(pattern)).toBeUndefined()
  })
})
