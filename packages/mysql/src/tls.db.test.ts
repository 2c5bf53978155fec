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

/** A certificate of `authority` for these names, as `openssl` spells them. */
async function certificate(name: string, authority: string, names: string): Promise<void> {
  await writeFile(file(`${name}.ext`), `subjectAltName=${names}`)
  await run('openssl', ['req', '-newkey', 'rsa:2048', '-nodes', '-keyout', file(`${name}.key`), '-out', file(`${name}.csr`), '-subj', `/CN=${name}`])
  const signing = ['-CA', file(`${authority}.pem`), '-CAkey', file(`${authority}.key`), '-CAcreateserial', '-extfile', file(`${name}.ext`)]
  await run('openssl', ['x509', '-req', '-in', file(`${name}.csr`), ...signing, '-days', '2', '-out', file(`${name}.pem`)])
}

const authority = (name: string) =>
  run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    file(`${name}.key`),
    '-out',
    file(`${name}.pem`),
    '-subj',
    `/CN=${name}`,
    '-days',
    '2',
  ])

const secure = (name: string) => startServer({ settings: { ssl_ca: file('ours.pem'), ssl_cert: file(`${name}.pem`), ssl_key: file(`${name}.key`) } })

let byAddress: TestServer
let byName: TestServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dbsync-tls-'))
  await Promise.all([authority('ours'), authority('theirs')])
  await certificate('address', 'ours', 'IP:127.0.0.1')
  await certificate('name', 'ours', 'DNS:localhost')
  ;[byAddress, byName] = await Promise.all([secure('address'), secure('name')])
})
afterAll(async () => {
  await Promise.all([byAddress, byName].map((server) => server[Symbol.asyncDispose]()))
  await rm(folder, { recursive: true })
})

async function cipher(server: TestServer, ssl: MysqlOptions['ssl'], compress = false): Promise<string> {
  await using connection = await connect(
    { host: '127.0.0.1', port: server.port, user: server.user, password: server.password, ssl, compress },
    'source',
    signal,
  )
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
  expect(await cipher(byAddress, { ca }, true)).toContain('TLS')
  await expect(cipher(byName, { ca })).rejects.toMatchObject({ code: 'MYSQL_TLS', kind: 'connection' })
})

test('a certificate of another authority is refused', async () => {
  await expect(cipher(byAddress, { mode: 'verify-ca', ca: file('theirs.pem') })).rejects.toMatchObject({ code: 'MYSQL_TLS' })
  await expect(cipher(byAddress, {})).rejects.toMatchObject({ code: 'MYSQL_TLS' })
})

test('a server without TLS is refused before the password is sent', async () => {
  await using plain = await startServer({ settings: { skip_ssl: '1' } })
  await expect(cipher(plain, { mode: 'required' })).rejects.toMatchObject({ code: 'MYSQL_TLS' })
})
