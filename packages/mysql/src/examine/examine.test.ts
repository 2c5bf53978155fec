import { describe, expect, test } from 'vitest'
import { parseGrant } from '../grants.ts'
import { serverFacts } from '../server.ts'
import { rightsFindings } from './rights.ts'
import { isLocal, tlsFindings } from './tls.ts'
import { versionFindings } from './versions.ts'

describe('versions', () => {
  const facts = (version: string) => serverFacts([['version', version], ...(/maria/i.test(version) ? [] : [['server_uuid', 'x']])], 'here')
  test.each([
    ['10.11.9-MariaDB', 'ok'],
    ['10.6.20-MariaDB', 'warning'],
    ['11.2.1-MariaDB', 'warning'],
    ['10.3.39-MariaDB', 'warning'],
    ['5.5.68-MariaDB', 'failure'],
    ['12.9.1-MariaDB', 'ok'],
    ['8.0.40', 'warning'],
    ['8.4.3', 'ok'],
    ['9.6.0', 'ok'],
    ['5.7.44', 'warning'],
    ['5.6.51', 'failure'],
  ])('%s is %s in 2027', (version, level) => {
    expect(versionFindings(facts(version), new Date('2027-01-01'))).toMatchObject([{ id: 'version', level }])
  })
})

describe('encryption', () => {
  const look = (host: string, ssl?: object, have = 'YES') => tlsFindings({ host, port: 1, user: 'u', ssl }, new Map([['have_ssl', have]]))
  test.each(['localhost', '127.0.0.1', '127.1.2.3', '::1', '[::1]'])('%s is this machine', (host) => {
    expect(isLocal({ host })).toBe(true)
    expect(look(host)).toMatchObject([{ level: 'ok' }])
  })
  test.each(['db.example.com', '10.0.0.1', '0127.example', 'localhost.example.com'])('%s is not', (host) => expect(isLocal({ host })).toBe(false))

  test('each mode, and a server that has no encryption to offer', () => {
    expect(look('db')).toMatchObject([{ level: 'warning', fix: { by: 'option', name: 'ssl', value: { mode: 'verify-identity', ca: 'ca.pem' } } }])
    expect(look('db', undefined, 'DISABLED')).toMatchObject([{ level: 'warning', fix: { by: 'hand' } }])
    expect(look('db', { mode: 'REQUIRED', cert: 'c', key: 'k' })).toMatchObject([{ level: 'warning', fix: { value: { ca: 'ca.pem', cert: 'c', key: 'k' } } }])
    expect(look('db', { mode: 'verify-ca' })).toMatchObject([{ level: 'note' }])
    expect(look('db', {})).toMatchObject([{ level: 'ok' }])
  })
})

describe('the GRANT that is missing', () => {
  const user = "'u'@'%'"
  const statements = (lines: readonly string[], database: string) =>
    rightsFindings(
      lines.flatMap((line) => parseGrant(line) ?? []),
      user,
      [{ database, privileges: ['SELECT', 'INSERT'], level: 'failure', why: 'x' }],
    ).flatMap(({ fix }) => (fix?.by === 'sql' ? fix.statements : []))

  test.each([
    ['nothing is granted', [], 'shop', 'GRANT SELECT, INSERT ON `shop`.*'],
    ['a part is', ['GRANT SELECT ON `shop`.* TO `u`@`%`'], 'shop', 'GRANT INSERT ON `shop`.*'],
    ['a pattern grants a part, which the new one would hide', ['GRANT SELECT ON `sh%`.* TO `u`@`%`'], 'shop', 'GRANT SELECT, INSERT ON `shop`.*'],
    ['an underscore is a pattern too', ['GRANT SELECT ON `my_shop`.* TO `u`@`%`'], 'my_shop', 'GRANT SELECT, INSERT ON `my\\_shop`.*'],
    ['an escaped one is none', ['GRANT SELECT ON `my\\_shop`.* TO `u`@`%`'], 'my_shop', 'GRANT INSERT ON `my\\_shop`.*'],
    ['for everything', ['GRANT SELECT ON *.* TO `u`@`%`'], 'shop', 'GRANT INSERT ON `shop`.*'],
    ['a hostile name', [], 'a`; DROP', 'GRANT SELECT, INSERT ON `a``; DROP`.*'],
  ])('%s', (_, lines, database, expected) => expect(statements(lines, database)).toEqual([`${expected} TO ${user};`]))

  test('nothing is missing', () => expect(statements(['GRANT ALL PRIVILEGES ON `s%`.* TO `u`@`%`'], 'shop')).toEqual([]))
})
