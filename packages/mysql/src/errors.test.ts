import { SyncError } from '@dbsync/core/plugin'
import { expect, test } from 'vitest'
import { mysqlError, serverErrno } from './errors.ts'

const thrown = (errno: number, code = 'X') => Object.assign(new Error('the server said so'), { errno, code, sql: 'INSERT INTO t VALUES (1)' })
const context = { doing: 'reading', label: 'MariaDB 10.11.19 at db:3306', table: { database: 'my`shop', name: 't' }, user: 'reader' }

test.each([
  [1142, 'MYSQL_PRIVILEGE', 'privilege'],
  [1213, 'MYSQL_BUSY', 'transient'],
  [1927, 'MYSQL_CONNECTION_LOST', 'transient'],
  [1412, 'MYSQL_TABLE_CHANGED', 'transient'],
  [1146, 'MYSQL_NO_TABLE', 'data'],
  [1062, 'MYSQL_DUPLICATE', 'data'],
  [1406, 'MYSQL_VALUE', 'data'],
  [1452, 'MYSQL_FOREIGN_KEY', 'data'],
  [1823, 'MYSQL_CONSTRAINT_NAME', 'data'],
  [1153, 'MYSQL_PACKET', 'data'],
  [1114, 'MYSQL_DISK_FULL', 'data'],
  [64999, 'MYSQL_STATEMENT', 'data'],
])('server error %i is %s', (errno, code, kind) => {
  const error = mysqlError(thrown(errno), context)
  expect(error).toMatchObject({ code, kind, table: context.table, message: `MariaDB 10.11.19 at db:3306, reading my\`shop.t: the server said so (${errno})` })
  expect(JSON.stringify(error.cause)).not.toContain('INSERT')
})

test('an ALTER that met a deadlock in its last step is worth another try', () => {
  const error = Object.assign(thrown(1025), {
    message: `Error on rename of './shop/t' to './shop/#sql-backup-1' (errno: 149 "Lock deadlock; Retry transaction")`,
  })
  expect(mysqlError(error, context)).toMatchObject({ code: 'MYSQL_BUSY', kind: 'transient' })
  expect(mysqlError(thrown(1025), context)).toMatchObject({ code: 'MYSQL_STATEMENT' })
})

test('a missing privilege names the GRANT', () => {
  expect(mysqlError(thrown(1142), context)).toMatchObject({ hint: expect.stringContaining("GRANT SELECT ON `my``shop`.* TO 'reader'@") })
  expect(mysqlError(thrown(1142), { ...context, doing: 'writing' })).toMatchObject({ hint: expect.stringContaining('INSERT') })
})

test('a table that vanishes inside a snapshot is worth another try', () => {
  expect(mysqlError(thrown(1146), { ...context, snapshot: true })).toMatchObject({ code: 'MYSQL_TABLE_CHANGED', kind: 'transient' })
})

test('a wrapped error gets the context of whoever knows more; other errors stay what they are', () => {
  const inner = mysqlError(thrown(1213), { doing: 'running a statement', label: 'db' })
  expect(mysqlError(inner, context)).toMatchObject({ code: 'MYSQL_BUSY', message: expect.stringContaining('reading my`shop.t'), table: context.table })
  expect(serverErrno(inner)).toBe(1213)
  const cancelled = new SyncError('MYSQL_CANCELLED', 'stopped', { kind: 'cancelled' })
  expect(mysqlError(cancelled, context)).toBe(cancelled)
  const bug = new TypeError('x is undefined')
  expect(mysqlError(bug, context)).toBe(bug)
})
