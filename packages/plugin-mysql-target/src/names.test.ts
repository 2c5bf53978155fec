import { describe, expect, test } from 'vitest'
import { leftoverStatements } from './leftovers.ts'
import { isStagingName, parseStagingName, stagingName } from './names.ts'

describe('staging names', () => {
  const hostile = ['t', 'a`b', 'quote\'"', 'new\nline', '../etc', '__proto__', 'ä', '日'.repeat(64), 'x'.repeat(41), 'x'.repeat(42), 'x'.repeat(64), ' t', 'T']

  test.each(hostile)('%j gets names of at most 64 characters that are known again', (name) => {
    for (const role of ['new', 'del', 'own', 'old'] as const) {
      const staging = stagingName(name, role)
      expect([...staging].length).toBeLessThanOrEqual(64)
      expect(parseStagingName(staging)).toEqual({ role, owner: name.length <= 41 ? name : undefined })
    }
  })

  test('differ for tables whose names differ after the readable part, or in case', () => {
    expect(stagingName(`${'x'.repeat(63)}a`, 'new')).not.toBe(stagingName(`${'x'.repeat(63)}b`, 'new'))
    expect(stagingName('t', 'new').toLowerCase()).not.toBe(stagingName('T', 'new').toLowerCase())
  })

  test.each(['_dbsync_new_orders', '_dbsync_new_orders_0123456789', '_dbsync_tmp_t_8efd86fb78', 'orders', `${stagingName('t', 'new')}x`])(
    "%s is a table of the user's own",
    (name) => expect(isStagingName(name)).toBe(false),
  )
})

describe('leftovers', () => {
  test('go, and tables of the user stay', () => {
    const tables = ['t', 'u', '_dbsync_new_mine', stagingName('t', 'new'), stagingName('t', 'del'), stagingName('u', 'old')]
    expect(leftoverStatements('d', tables)).toEqual([
      `DROP TABLE IF EXISTS \`d\`.\`${stagingName('t', 'new')}\`, \`d\`.\`${stagingName('t', 'del')}\`, \`d\`.\`${stagingName('u', 'old')}\``,
    ])
    expect(leftoverStatements('d', ['t', 'u'])).toEqual([])
  })

  test('a swapped-out table comes back where the live one is missing', () => {
    expect(leftoverStatements('d', [stagingName('a`b', 'old')])).toEqual([
      `RENAME TABLE \`d\`.\`${stagingName('a`b', 'old').replaceAll('`', '``')}\` TO \`d\`.\`a\`\`b\``,
    ])
  })

  test('a swapped-out table with a long name goes only when the live one is there', () => {
    const long = 'y'.repeat(64)
    expect(leftoverStatements('d', [stagingName(long, 'old')])).toEqual([])
    expect(leftoverStatements('d', [long, stagingName(long, 'old')])).toHaveLength(1)
  })
})
