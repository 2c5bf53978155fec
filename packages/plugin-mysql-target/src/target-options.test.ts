import { expect, test } from 'vitest'
import { targetOptions } from './target-options.ts'

const warnings: string[] = []
const context = { directory: '/project', limits: { connections: 4, batchRows: 1000, compress: true }, warn: (message: string) => void warnings.push(message) }

test('paths start at the project, and TLS stays what was asked for', () => {
  const settings = {
    host: 'db',
    port: 3307,
    user: 'sync',
    password: 'p',
    ssl: { mode: 'verify-ca', ca: 'certs/ca.pem' },
    localInfile: false,
    bulkInsert: false,
  }
  expect(targetOptions(settings, context)).toEqual({
    connection: {
      host: 'db',
      port: 3307,
      user: 'sync',
      password: 'p',
      socketPath: undefined,
      ssl: { mode: 'verify-ca', ca: '/project/certs/ca.pem', cert: undefined, key: undefined },
      compress: true,
    },
    localInfile: false,
    bulkInsert: false,
  })
})

test('the least that works is a user', () => {
  const { connection, localInfile, bulkInsert } = targetOptions({ user: 'sync' }, context)
  expect(connection).toMatchObject({ host: '127.0.0.1', port: 3306, user: 'sync', ssl: undefined })
  expect(localInfile).toBe(true)
  expect(bulkInsert).toBe(true)
})

test('plain text to another machine is said, unless somebody has chosen it', () => {
  const warned = (settings: object) => {
    warnings.length = 0
    targetOptions({ user: 'sync', ...settings }, context)
    return warnings.join()
  }
  expect(warned({ host: 'db.example' })).toMatch(/db\.example:3306 is not encrypted.*"mode": "verify-identity".*"mode": "disabled"/)
  for (const chosen of [{ ssl: { mode: 'disabled' } }, { ssl: {} }, { ssl: 'required' }, { ssl: false }])
    expect(warned({ host: 'db.example', ...chosen })).toBe('')
  for (const local of [{}, { host: 'localhost' }, { host: '127.0.0.2' }, { host: '::1' }, { host: 'db.example', socket: '/run/x.sock' }])
    expect(warned(local)).toBe('')
})
