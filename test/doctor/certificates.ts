import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** An authority and a certificate of it for one address or host name, as `ca.pem`, `server.pem` and `server.key` in the folder. */
export async function certificates(folder: string, host: string): Promise<void> {
  const file = (name: string) => join(folder, name)
  const key = (name: string) => ['-newkey', 'rsa:2048', '-nodes', '-keyout', file(`${name}.key`), '-subj', `/CN=${name}`]
  await run('openssl', ['req', '-x509', ...key('ca'), '-out', file('ca.pem'), '-days', '2'])
  await run('openssl', ['req', ...key('server'), '-out', file('server.csr')])
  await writeFile(file('names'), `subjectAltName=${/^[\d.]+$/.test(host) ? 'IP' : 'DNS'}:${host}`)
  const signing = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file('names')]
  await run('openssl', ['x509', '-req', '-in', file('server.csr'), ...signing, '-days', '2', '-out', file('server.pem')])
}
