import { describe, expect, test } from 'vitest'
import { errorJson, SyncError } from './sync-error.ts'

const table = { database: 'shop', name: 'orders' }

describe('SyncError', () => {
  test('carries what happened, to which table, what to do next, and what was behind it', () => {
    const cause = new Error('socket closed')
    const error = new SyncError('MYSQL_GONE', 'The server went away.', { kind: 'connection', hint: 'Start it.', table, cause })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'SyncError', code: 'MYSQL_GONE', message: 'The server went away.', kind: 'connection', hint: 'Start it.', table })
    expect(error.cause).toBe(cause)
  })

  test('is known by its brand, so that one of another copy of core is one too', () => {
    const { brand } = new SyncError('X', 'x', { kind: 'data' })
    expect(SyncError.is(new SyncError('X', 'x', { kind: 'data' }))).toBe(true)
    expect(SyncError.is(Object.assign(new Error('x'), { brand, code: 'X', kind: 'data' }))).toBe(true)
  })

  test('nothing else is taken for one', () => {
    const { brand } = new SyncError('X', 'x', { kind: 'data' })
    const others = [new Error('x'), Object.assign(new Error('x'), { code: 'X', kind: 'data' }), Object.assign(new Error('x'), { brand: 'other/1' })]
    for (const other of [...others, { brand, code: 'X', kind: 'data' }, 'x', null, undefined]) expect(SyncError.is(other)).toBe(false)
  })
})

describe('errorJson', () => {
  test('says what went wrong first, not what closing things met after it', () => {
    const first = new SyncError('LOST', 'The line is cut.', { kind: 'transient' })
    const closing = new SuppressedError(new Error('not open'), new SuppressedError(new Error('not open either'), first))
    expect(errorJson(closing)).toStrictEqual({ code: 'LOST', kind: 'transient', message: 'The line is cut.' })
  })

  test('says code, kind, message and hint, and nothing of the cause', () => {
    const error = new SyncError('ROW_BAD', 'A row is bad.', { kind: 'data', hint: 'Look at it.', table, cause: new Error('inner') })
    expect(errorJson(error)).toStrictEqual({ code: 'ROW_BAD', kind: 'data', message: 'A row is bad.', hint: 'Look at it.' })
  })

  test('has no hint where there is none', () => {
    expect(errorJson(new SyncError('ROW_BAD', 'A row is bad.', { kind: 'data' }))).toStrictEqual({ code: 'ROW_BAD', kind: 'data', message: 'A row is bad.' })
  })

  test.each([
    [new TypeError('x is not a function'), 'x is not a function'],
    ['a text', 'a text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [{ code: 'ROW_BAD', kind: 'data', message: 'no Error' }, '[object Object]'],
  ])('calls whatever else is thrown a bug that is to be reported: %s', (thrown, message) => {
    expect(errorJson(thrown)).toStrictEqual({ code: 'UNEXPECTED', kind: 'bug', message, hint: expect.stringContaining('report') })
  })
})
