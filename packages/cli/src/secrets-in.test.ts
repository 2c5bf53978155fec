import { expect, test } from 'vitest'
import { secretsIn } from './secrets-in.ts'

test('what the masked value hides, wherever it lies', () => {
  const resolved = { user: 'copy', password: 'p1', ssl: { key: 'p2' }, hosts: ['a'], url: 'http://u:p3@h' }
  const masked = { user: 'copy', password: '********', ssl: { key: 'env:KEY' }, hosts: ['a'], url: 'http://u:********@h' }
  expect(secretsIn(resolved, masked)).toEqual(['p1', 'p2', 'http://u:p3@h', 'p3'])
})

test('a password may be a number', () => {
  expect(secretsIn({ password: 123456, port: 1 }, { password: '********', port: 1 })).toEqual(['123456'])
})

test('an empty password is no secret: it would hide everything', () => {
  expect(secretsIn({ password: '' }, { password: '********' })).toEqual([])
})
