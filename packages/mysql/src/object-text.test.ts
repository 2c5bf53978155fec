import { expect, test } from 'vitest'
import { parseObject } from './object-text.ts'

const PLAIN = { ansiQuotes: false, noBackslash: false }

test.each([
  [
    'view',
    'CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY INVOKER VIEW `d`.`v` AS select 1 AS `DEFINER=x@y`',
    'ALGORITHM=UNDEFINED SQL SECURITY INVOKER VIEW',
    ' AS select 1 AS `DEFINER=x@y`',
    'root@localhost',
  ],
  [
    'view',
    'CREATE ALGORITHM=MERGE DEFINER=`a role` SQL SECURITY DEFINER VIEW `v` (`a`) AS select 1',
    'ALGORITHM=MERGE SQL SECURITY DEFINER VIEW',
    ' (`a`) AS select 1',
    'a role',
  ],
  [
    'procedure',
    "CREATE DEFINER=`a``@b`@`%` PROCEDURE `view``.`(in x int)\n    COMMENT 'procedure x'\nbegin end",
    'PROCEDURE',
    "(in x int)\n    COMMENT 'procedure x'\nbegin end",
    'a`@b@%',
  ],
  ['function', 'CREATE DEFINER=`r`@`h` AGGREGATE FUNCTION `f`() RETURNS int return 1', 'AGGREGATE FUNCTION', '() RETURNS int return 1', 'r@h'],
  ['trigger', 'CREATE DEFINER=`r`@`h` trigger d . t1 before update on `for each row` for each row follows `x` set @a = 1', 'TRIGGER', ' set @a = 1', 'r@h'],
  ['trigger', 'CREATE DEFINER=`r`@`h` TRIGGER t1 AFTER INSERT ON t FOR /* x */ EACH ROW/* keep */BEGIN END', 'TRIGGER', '/* keep */BEGIN END', 'r@h'],
  [
    'event',
    "CREATE DEFINER=`r`@`h` EVENT `e` ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 00:00:00' ON COMPLETION PRESERVE ENABLE COMMENT 'ENABLE DO' DO DISABLE",
    'EVENT',
    " ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'ENABLE DO' DO DISABLE",
    'r@h',
  ],
  [
    'event',
    "CREATE DEFINER=`r`@`h` EVENT `e` ON SCHEDULE AT '2020-01-01' ON COMPLETION NOT PRESERVE DISABLE ON SLAVE DO SELECT 1",
    'EVENT',
    " ON SCHEDULE AT '2020-01-01' ON COMPLETION NOT PRESERVE DISABLE DO SELECT 1",
    'r@h',
  ],
] as const)('%s: %s', (type, create, head, body, definer) => {
  expect(parseObject(type, create, PLAIN)).toEqual({ head, body, definer })
})

test('names in double quotes, and what is no object of that kind', () => {
  const ansi = 'CREATE DEFINER="r"@"h" PROCEDURE "a""b"() SELECT 1'
  expect(parseObject('procedure', ansi, { ansiQuotes: true, noBackslash: false })).toEqual({ head: 'PROCEDURE', body: '() SELECT 1', definer: 'r@h' })
  for (const text of ['', 'CREATE TABLE t (a INT)', 'CREATE EVENT e DO SELECT 1', 'DROP VIEW v']) {
    expect(() => parseObject('event', text, PLAIN)).toThrow('not understood')
  }
})
