import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startServer, type TestServer } from '@dbsync/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from './connection.ts'
import type { MysqlOptions } from './options.ts'

const run = promisify(execFile)
const { signal } = new AbortController()
let folder: string
const file = (name: string) => join(folder, name)

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** A certificate of `authority` for these names, as `openssl` spells them. */
async function certificate(name: string, authority: string, names: string, days = 2): Promise<void> {
  await writeFile(file(`${name}.ext`), `subjectAltName=${names}`)
  await run('openssl', ['req', ...NEW_KEY, '-keyout', file(`${name}.key`), '-out', file(`${name}.csr`), '-subj', `/CN=${name}`])
  const signing = [
    '-CA',
    file(`${authority}.pem`),
    '-CAkey',
    file(`${authority}.key`),
    '-CAcreateserial',
    '-extfile',
    file(`${name}.ext`),
    '-days',
    String(days),
  ]
  await run('openssl', ['x509', '-req', '-in', file(`${name}.csr`), ...signing, '-out', file(`${name}.pem`)])
}

const authority = (name: string) =>
  run('openssl', ['req', '-x509', ...NEW_KEY, '-keyout', file(`${name}.key`), '-out', file(`${name}.pem`), '-subj', `/CN=${name}`, '-days', '2'])

const secure = (name: string) => startServer({ settings: { ssl_ca: file('ours.pem'), ssl_cert: file(`${name}.pem`), ssl_key: file(`${name}.key`) } })

let byAddress: TestServer
let byName: TestServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dbsync-tls-'))
  await Promise.all([authority('ours'), authority('theirs')])
  await certificate('address', 'ours', 'IP:127.0.0.1')
  await certificate('name', 'ours', 'DNS:localhost')
  await certificate('expired', 'ours', 'IP:127.0.0.1', -1)
  await certificate('client', 'ours', 'DNS:client')
  await certificate('stranger', 'theirs', 'DNS:client')
  ;[byAddress, byName] = await Promise.all([secure('address'), secure('name')])
})
afterAll(async () => {
  await Promise.all([byAddress, byName].map((server) => server?.[Symbol.asyncDispose]()))
  await rm(folder, { recursive: true })
})

async function cipher(server: TestServer, ssl: MysqlOptions['ssl'], more: Partial<MysqlOptions> = {}): Promise<string> {
  const { port, user, password } = server
  await using connection = await connect({ host: '127.0.0.1', port, user, password, ssl, ...more }, 'source', signal)
  return (await connection.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'"))[0]?.[1] ?? ''
}

test.each([
  ['plain', undefined, ''],
  ['disabled', { mode: 'disabled' }, ''],
  ['required takes any certificate', { mode: 'REQUIRED' }, 'TLS'],
  ['verify-ca takes any name', { mode: 'verify_ca', ca: 'ours' }, 'TLS'],
])('%s', async (_, ssl, expected) => {
  expect(await cipher(byName, ssl === undefined ? ssl : { ...ssl, ...('ca' in ssl ? { ca: file(`${ssl.ca}.pem`) } : {}) })).toContain(expected)
})

test('verify-identity is the default and checks an address, not the word localhost', async () => {
  const ca = file('ours.pem')
  expect(await cipher(byAddress, { ca })).toContain('TLS')
  expect(await cipher(byAddress, { ca }, { compress: true })).toContain('TLS')
  expect(await cipher(byName, { ca }, { host: 'localhost' })).toContain('TLS')
  const wrongName = { code: 'MYSQL_TLS', kind: 'connection', hint: expect.stringContaining('ssl.mode') }
  await expect(cipher(byName, { ca })).rejects.toMatchObject(wrongName)
  await expect(cipher(byAddress, { ca }, { host: 'localhost' })).rejects.toMatchObject(wrongName)
})

test('a certificate of another authority is refused', async () => {
  const unknown = { code: 'MYSQL_TLS', hint: expect.stringContaining('ssl.ca') }
  for (const ssl of [{ mode: 'verify-ca', ca: file('theirs.pem') }, { ca: file('theirs.pem') }, { mode: 'verify-ca' }, {}])
    await expect(cipher(byAddress, ssl)).rejects.toMatchObject(unknown)
})

test('a server without TLS is refused before the password is sent', async () => {
  await using plain = await startServer({ settings: { skip_ssl: '1' } })
  for (const mode of ['required', 'verify-ca', 'verify-identity'])
    await expect(cipher(plain, { mode })).rejects.toMatchObject({ code: 'MYSQL_TLS', hint: expect.stringContaining('ssl.mode') })
})

test('a certificate that is out of date is refused', async () => {
  await using late = await secure('expired')
  const ca = file('ours.pem')
  for (const mode of ['verify-ca', 'verify-identity'])
    await expect(cipher(late, { mode, ca })).rejects.toMatchObject({ code: 'MYSQL_TLS', hint: expect.stringContaining('out of date') })
})

test('a user whom the server knows by a certificate', async () => {
  await byAddress.query("CREATE USER known@'%' IDENTIFIED BY 'p' REQUIRE X509")
  const ca = file('ours.pem')
  const known = { user: 'known', password: 'p' }
  expect(await cipher(byAddress, { ca, cert: file('client.pem'), key: file('client.key') }, known)).toContain('TLS')
  await expect(cipher(byAddress, { ca }, known)).rejects.toMatchObject({ code: 'MYSQL_LOGIN' })
  await expect(cipher(byAddress, { ca, cert: file('stranger.pem'), key: file('stranger.key') }, known)).rejects.toMatchObject({ kind: 'connection' })
  await expect(cipher(byAddress, { ca, cert: file('client.pem'), key: file('gone.key') }, known)).rejects.toMatchObject({ code: 'MYSQL_OPTIONS' })
})

test('bulk statements go over TLS too', async () => {
  const { port, user, password } = byAddress
  await using connection = await connect({ host: '127.0.0.1', port, user, password, ssl: { ca: file('ours.pem') } }, 'target', signal)
  expect((await connection.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'"))[0]?.[1]).toContain('TLS')
  await connection.execute('CREATE TEMPORARY TABLE test.secret (v INT)')
  const bulk = await connection.bulk('INSERT INTO test.secret VALUES (?)', 1, signal)
  await bulk.send(Buffer.from('\0\x017\0\x018', 'latin1'))
  expect(await bulk.end()).toEqual({ affectedRows: 2, warnings: 0 })
  expect(await connection.query('SELECT SUM(v) FROM test.secret')).toEqual([['15']])
})
