import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { parseAddress } from './address.ts'
import { difference } from './diff.ts'
import { withVariables } from './env-file.ts'
import { usualOptions } from './options.ts'
import { patternsIn } from './pick-names.ts'
import { wrap } from './wrap.ts'

test('an address, with everything in it that can be written otherwise', () => {
  expect(parseAddress('mysql://r%40w:p%3A%2F%40%20%25@db.example.com:3307/sh%6Fp?tls=required')).toMatchObject({
    type: 'mysql',
    user: 'r@w',
    password: 'p:/@ %',
    host: 'db.example.com',
    port: 3307,
    path: 'shop',
  })
  expect(parseAddress('mysql://u@[::1]/{database}_copy')).toMatchObject({ host: '::1', path: '{database}_copy' })
  expect(Object.fromEntries(parseAddress('duckdb:?path=a%26b.db&database=x').query)).toEqual({ path: 'a&b.db', database: 'x' })
  expect(() => parseAddress('mysql://u:hunter2@:x')).toThrow(/^(?!.*hunter2)/)
  expect(() => parseAddress('mysql://u:%zz@h')).toThrow(/address/)
})

test('every value that a .env file can hold comes back; the others are refused', () => {
  const fine = ['simple', 'a b', '#x', `it's`, '"', '$HOME', 'a=b', '\\n', ' x ', '`', 'ü😀', '\'"', 'two\nlines', 'x #y', '']
  for (const value of fine) expect(parseEnv(withVariables('A=1\nB="2\n3"\n', new Map([['NEW', value]]))), value).toEqual({ A: '1', B: '2\n3', NEW: value })
  for (const value of ['\n\'"`', 'a\r\nb']) expect(() => withVariables('', new Map([['NEW', value]])), value).toThrow(/INIT_ENV_FILE|cannot be set/)
})

test('a variable inside the text of another one is no variable', () => {
  expect(() => withVariables('A="x\nNEW=1\n"\n', new Map([['NEW', '2']]))).toThrow(/cannot be set/)
})

test('a difference shows what goes and comes, and a little around it', () => {
  const before = Array.from({ length: 12 }, (_, index) => `line ${index}`).join('\n')
  expect(difference(before, before.replace('line 6', 'other\nnew'))).toEqual([
    '  …',
    '  line 4',
    '  line 5',
    '- line 6',
    '+ other',
    '+ new',
    '  line 7',
    '  line 8',
    '  …',
  ])
  expect(difference('', 'a\n')).toEqual(['+ a'])
})

test('asked one by one are the options up to the last one that is needed or secret', () => {
  const spec = (name: string, more: object = {}) => ({ name, kind: 'string' as const, description: name, ...more })
  const specs = [spec('host'), spec('user', { required: true }), spec('password', { kind: 'secret' }), spec('socket')]
  expect(usualOptions(specs).map(({ name }) => name)).toEqual(['host', 'user', 'password'])
  expect(usualOptions([spec('a')])).toEqual([])
})

test('patterns in a line', () => {
  expect(patternsIn(' a, b\\,c ,,d* ')).toEqual(['a', 'b\\,c', 'd*'])
  expect(patternsIn('  ')).toEqual([])
})

test('sentences are wrapped at spaces and keep their indent', () => {
  expect(wrap('  one two three', 9)).toBe('  one two\n  three')
  expect(wrap('a\n\nb', 9)).toBe('a\n\nb')
})
