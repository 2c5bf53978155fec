import { readFile } from 'node:fs/promises'
import { SyncError } from '@dbsync/core/plugin'

export type TlsMode = 'disabled' | 'required' | 'verify-ca' | 'verify-identity'

export type MysqlOptions = {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password?: string | undefined
  /** A Unix socket instead of host and port. */
  readonly socketPath?: string | undefined
  /** Any `ssl` without a mode means `verify-identity`. Paths are absolute. */
  readonly ssl?:
    | { readonly mode?: string | undefined; readonly ca?: string | undefined; readonly cert?: string | undefined; readonly key?: string | undefined }
    | undefined
  readonly compress?: boolean | undefined
}

/** Where it connects, for messages. */
export const address = (options: MysqlOptions): string => options.socketPath ?? `${options.host}:${options.port}`

/** Our spelling of a TLS mode, MySQL's (`VERIFY_CA`) and `require` accepted. Throws `MYSQL_OPTIONS` for anything else: a typo must not weaken the connection. */
export function tlsMode(ssl: MysqlOptions['ssl']): TlsMode {
  if (ssl === undefined) return 'disabled'
  const mode = (ssl.mode ?? 'verify-identity').toLowerCase().replaceAll('_', '-')
  if (mode === 'require') return 'required'
  if (mode === 'disabled' || mode === 'required' || mode === 'verify-ca' || mode === 'verify-identity') return mode
  throw new SyncError('MYSQL_OPTIONS', `ssl.mode ${JSON.stringify(ssl.mode)} is unknown`, {
    kind: 'config',
    hint: 'Use disabled, required, verify-ca or verify-identity.',
  })
}

/** The driver's `ssl` setting; `undefined` is plain text, which only `disabled` gives. */
export async function driverTls(options: MysqlOptions): Promise<Record<string, unknown> | undefined> {
  const mode = tlsMode(options.ssl)
  if (mode === 'disabled') return undefined
  const { ca, cert, key } = options.ssl ?? {}
  return {
    rejectUnauthorized: mode !== 'required',
    verifyIdentity: mode === 'verify-identity',
    ...(ca === undefined ? {} : { ca: await pem('ssl.ca', ca) }),
    ...(cert === undefined ? {} : { cert: await pem('ssl.cert', cert) }),
    ...(key === undefined ? {} : { key: await pem('ssl.key', key) }),
  }
}

async function pem(setting: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new SyncError('MYSQL_OPTIONS', `${setting}: ${path} cannot be read`, { kind: 'config', hint: 'Check the path and its permissions.', cause })
  }
}
