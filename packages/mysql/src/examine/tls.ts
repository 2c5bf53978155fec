import type { Finding } from '@dbsync/core/plugin'
import { type MysqlOptions, tlsMode } from '../options.ts'
import type { Variables } from './variables.ts'

/** Who listens on the way to another machine can read and change everything, the password's exchange included. */
export function tlsFindings(options: MysqlOptions, variables: Variables): readonly Finding[] {
  const mode = tlsMode(options.ssl)
  const { ca = 'ca.pem', cert, key } = options.ssl ?? {}
  const own = { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) }
  const fix = { by: 'option', name: 'ssl', value: { mode: 'verify-identity', ca, ...own } } as const
  const found = (level: Finding['level'], message: string): readonly Finding[] => [{ level, id: 'tls', message, ...(level === 'warning' ? { fix } : {}) }]
  if (isLocal(options)) return found('ok', `The connection does not leave this machine${mode === 'disabled' ? '' : `, and is encrypted (${mode})`}.`)
  switch (mode) {
    case 'disabled':
      if (offersNone(variables)) {
        const text = "Give the server a certificate (ssl_cert and ssl_key in its option file), and set this end's ssl to verify-identity."
        return [{ level: 'warning', id: 'tls', message: 'The connection is not encrypted, and the server offers no encryption.', fix: { by: 'hand', text } }]
      }
      return found('warning', `The connection is not encrypted. ${ca} is the certificate of the authority that has signed the server's.`)
    case 'required':
      return found('warning', `The connection is encrypted, and nobody checks to whom: set ca to the certificate of the server's authority.`)
    case 'verify-ca':
      return found('note', 'The certificate is checked and the host name is not: verify-identity checks both.')
    case 'verify-identity':
      return found('ok', 'The connection is encrypted, and certificate and host name are checked.')
  }
}

/** By its spelling alone: a name that is looked up may lead elsewhere tomorrow. */
export const isLocal = ({ host, socketPath }: Pick<MysqlOptions, 'host' | 'socketPath'>): boolean =>
  socketPath !== undefined || /^(?:localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/i.test(host)

const offersNone = (variables: Variables): boolean => ['DISABLED', 'NO'].includes(variables.get('have_ssl') ?? '')
