import { isAbsolute, resolve } from 'node:path'
import { type PluginContext, SyncError } from '@dbsync/core/plugin'
import { isLocal } from './examine/tls.ts'
import { address, type MysqlOptions, tlsMode } from './options.ts'

/**
 * The settings that sources and targets have in common, as the connection wants them. Throws `MYSQL_OPTIONS` before anything is dialled.
 * Warns of a connection to another machine that is in plain text because nobody decided about it.
 */
export function mysqlOptions(settings: Readonly<Record<string, unknown>>, context: Pick<PluginContext, 'directory' | 'limits' | 'warn'>): MysqlOptions {
  const ssl = sslOptions(settings.ssl, context.directory)
  tlsMode(ssl)
  const port = settings.port === undefined ? 3306 : Number(settings.port)
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw wrong('port', 'is not a port number', 'Use a number from 1 to 65535.')
  const options = {
    host: text(settings, 'host') ?? '127.0.0.1',
    port,
    user: text(settings, 'user') ?? '',
    password: text(settings, 'password'),
    socketPath: path(text(settings, 'socket'), context.directory),
    ssl,
    compress: typeof settings.compress === 'boolean' ? settings.compress : context.limits.compress,
  }
  if (settings.ssl === undefined && !isLocal(options)) {
    const way = 'Set ssl (db_ssl) to {"mode": "verify-identity", "ca": "ca.pem"}, or to {"mode": "disabled"} where the network is safe.'
    context.warn(`The connection to ${address(options)} is not encrypted: who listens on the way can read and change what is copied. ${way}`)
  }
  return options
}

function sslOptions(ssl: unknown, directory: string): MysqlOptions['ssl'] {
  if (ssl === undefined || ssl === null) return undefined
  if (typeof ssl === 'boolean') return ssl ? {} : undefined
  if (typeof ssl === 'string') return { mode: ssl }
  if (typeof ssl !== 'object' || Array.isArray(ssl)) throw wrong('ssl', 'is not an object', 'Use {"mode": "verify-identity", "ca": "ca.pem"}.')
  const settings = ssl as Readonly<Record<string, unknown>>
  const unknown = Object.keys(settings).find((name) => !['mode', 'ca', 'cert', 'key'].includes(name))
  if (unknown !== undefined) throw wrong(`ssl.${unknown}`, 'is not a setting', 'Known are mode, ca, cert and key.')
  return {
    mode: text(settings, 'mode'),
    ca: path(text(settings, 'ca'), directory),
    cert: path(text(settings, 'cert'), directory),
    key: path(text(settings, 'key'), directory),
  }
}

function text(settings: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = settings[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw wrong(name, 'is not text', 'Put it in quotes.')
  return value
}

const path = (relative: string | undefined, directory: string): string | undefined =>
  relative === undefined || isAbsolute(relative) ? relative : resolve(directory, relative)

const wrong = (name: string, what: string, hint: string): SyncError => new SyncError('MYSQL_OPTIONS', `the setting ${name} ${what}`, { kind: 'config', hint })
