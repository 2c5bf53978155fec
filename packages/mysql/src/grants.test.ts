import { describe, expect, test } from 'vitest'
import { holds, parseGrant } from './grants.ts'

const select = (lines: readonly string[], database: string) =>
  holds(
    lines.flatMap((line) => parseGrant(line) ?? []),
    database,
    ['SELECT'],
  )

describe('what grants say about a database', () => {
  test.each([
    ['everything', ['GRANT ALL PRIVILEGES ON *.* TO `u`@`%` WITH GRANT OPTION'], 'shop', true],
    ['nothing', ["GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*00'"], 'shop', false],
    ['SELECT on it', ['GRANT SELECT, LOCK TABLES ON `shop`.* TO `u`@`%`'], 'shop', true],
    ['SELECT on another', ['GRANT SELECT ON `shop2`.* TO `u`@`%`'], 'shop', false],
    ['something else on it', ['GRANT INSERT ON `shop`.* TO `u`@`%`'], 'shop', false],
    ['a table', ['GRANT SELECT ON `shop`.`t` TO `u`@`%`'], 'shop', false],
    ['columns', ['GRANT SELECT (`a`, `b`), INSERT (`c`) ON `shop`.`t` TO `u`@`%`'], 'shop', false],
    ['a pattern', ['GRANT SELECT ON `sh%`.* TO `u`@`%`'], 'shop', true],
    ['a pattern that does not fit', ['GRANT SELECT ON `sh\\_%`.* TO `u`@`%`'], 'shop', false],
    ['an escaped underscore', ['GRANT SELECT ON `my\\_shop`.* TO `u`@`%`'], 'my_shop', true],
    ['the exact grant decides before the pattern', ['GRANT SELECT ON `sh%`.* TO `u`@`%`', 'GRANT INSERT ON `shop`.* TO `u`@`%`'], 'shop', false],
    ['a role', ['GRANT `r` TO `u`@`%`', 'GRANT USAGE ON *.* TO `u`@`%`', 'GRANT SELECT ON `shop`.* TO `r`'], 'shop', true],
    ['a partial revoke', ['GRANT SELECT ON *.* TO `u`@`%`', 'REVOKE SELECT ON `shop`.* FROM `u`@`%`'], 'shop', false],
    ['a partial revoke elsewhere', ['GRANT SELECT ON *.* TO `u`@`%`', 'REVOKE SELECT ON `other`.* FROM `u`@`%`'], 'shop', true],
    ['a procedure', ['GRANT EXECUTE ON PROCEDURE `shop`.`SELECT` TO `u`@`%`'], 'shop', false],
    ['a hostile name', ['GRANT SELECT ON `a``.* TO (x)`.* TO `u`@`%`'], 'a`.* TO (x)', true],
  ])('%s', (_, lines, database, expected) => {
    expect(select(lines, database)).toBe(expected)
  })
})
