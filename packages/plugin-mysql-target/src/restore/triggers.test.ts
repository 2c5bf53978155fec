import { expect, test } from 'vitest'
import { createTrigger, triggerBody } from './triggers.ts'

test.each([
  ['CREATE DEFINER=`a`@`b` trigger x before insert on t for each row SET NEW.a = 1', 'SET NEW.a = 1'],
  ['CREATE TRIGGER `for each row` AFTER DELETE ON t FOR  EACH\nROW\n BEGIN /* for each row */ END', 'BEGIN /* for each row */ END'],
  [
    'CREATE TRIGGER x -- for each row\n BEFORE UPDATE ON `a``for each row` /* for each row */ FOR EACH ROW PRECEDES `y``z` SET @a = "for each row"',
    'SET @a = "for each row"',
  ],
  ['CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW follows y\nSET @a = 1', 'SET @a = 1'],
])('%s', (statement, body) => {
  expect(triggerBody(statement)).toBe(body)
})

test('a trigger is made again under its own name, whatever that is', () => {
  const trigger = {
    table: { database: 'd`', name: '__proto__' },
    name: "t'",
    when: 'BEFORE INSERT',
    definer: 'us@er@host',
    body: 'SET @a = 1',
    sqlMode: '',
    charset: '',
    collation: '',
  }
  expect(createTrigger(trigger)).toBe("CREATE DEFINER=`us@er`@`host` TRIGGER `d```.`t'` BEFORE INSERT ON `d```.`__proto__` FOR EACH ROW SET @a = 1")
  expect(createTrigger({ ...trigger, definer: 'role' })).toContain('DEFINER=`role` TRIGGER')
})
