import { expect, test } from 'vitest'
import { fit } from './fit.ts'

test('sentences are broken at spaces and stay below their beginning', () => {
  expect(fit('all 5 tables reached the guarantee', 20)).toBe('all 5 tables reached\nthe guarantee')
  expect(fit('  shop: 1 view (v_big); triggers', 20)).toBe('  shop: 1 view\n    (v_big);\n    triggers')
  expect(fit('Data     43.8 MB of rows read; over', 24)).toBe('Data     43.8 MB of rows\n         read; over')
  expect(fit('  Next: Install cron, or see `dbsync schedule install`.', 30)).toBe('  Next: Install cron, or see\n    `dbsync schedule install`.')
  expect(fit('a_word_that_is_longer_than_a_line here', 10)).toBe('a_word_that_is_longer_than_a_line\nhere')
  expect(fit("  extra  at='2026-11-21 23:00:52' (0 at the source)", 40)).toBe("  extra  at='2026-11-21 23:00:52' (0 at\n         the source)")
})

test('what is copied, the columns of tables, and everything in a pipe stay as they are', () => {
  for (const line of [
    '    Undo: dbsync rollback backup_point_20261121_225601.sql.gz',
    "  Next: GRANT SELECT ON `shop`.* TO 'dbsync'@'%';",
    "    GRANT SELECT ON `shop`.* TO 'dbsync'@'%';",
    "    `note` text DEFAULT NULL COMMENT 'two words',",
    '      LOAD DATA LOCAL INFILE x INTO TABLE y',
    'shop.customers  synced  full  20,000  +20,000  5,028  4.0 s',
    'targets.copy.database  {database}_copy of something',
  ])
    expect(fit(line, 20)).toBe(line)
  expect(fit('all 5 tables reached the guarantee', undefined)).toBe('all 5 tables reached the guarantee')
})
