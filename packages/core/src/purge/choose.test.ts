import { expect, it } from 'vitest'
import { choosePurged, unknownDatabase } from './choose.ts'

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `shop${i + 1}`)

it('takes a name as it is, known or not, and each only once', () => {
  expect(choosePurged(['shop9', 'shop7', 'shop9', 'shop[7]'], ['shop7'])).toEqual(['shop9', 'shop7'])
  expect(choosePurged(['shop\\*'], ['shop*', 'shop7'])).toEqual(['shop*'])
})

it('takes a pattern for the one database that it matches', () => {
  expect(choosePurged(['*7', 'sho?6'], ['shop6', 'shop7'])).toEqual(['shop7', 'shop6'])
  expect(() => choosePurged(['x*'], ['shop7'])).toThrow(
    expect.objectContaining({ code: 'PURGE_UNKNOWN', kind: 'config', message: expect.stringContaining('x*') }),
  )
  expect(() => choosePurged(['*7', 's*'], numbered(3))).toThrow(expect.objectContaining({ code: 'PURGE_UNKNOWN', hint: expect.stringContaining('shop3') }))
})

it('says how many databases a pattern matches, and takes none of them', () => {
  const several = expect.objectContaining({ code: 'PURGE_SEVERAL', kind: 'config', message: expect.stringMatching(/\b3\b/) })
  expect(() => choosePurged(['shop1', 's*'], [...numbered(3), 'other'])).toThrow(several)
})

it('refuses what is no pattern, also where a database has just that name', () => {
  for (const wrong of ['', 'shop(7)', 'shop\\', '!shop7']) {
    expect(() => choosePurged([wrong], [wrong]), wrong).toThrow(
      expect.objectContaining({ code: 'PURGE_UNKNOWN', kind: 'config', message: expect.stringContaining(JSON.stringify(wrong)) }),
    )
  }
})

it('names the first twenty of those that are known', () => {
  const hint = (known: readonly string[]) => unknownDatabase('?', known).hint
  expect(hint(numbered(20))).toMatch(/ shop1, .*shop20\.$/)
  expect(hint(numbered(21))).toMatch(/ shop1, .*shop20, …\.$/)
  expect(hint([])).toMatch(/ none\.$/)
  expect(unknownDatabase('?', [])).toMatchObject({ code: 'PURGE_UNKNOWN', kind: 'config' })
})
