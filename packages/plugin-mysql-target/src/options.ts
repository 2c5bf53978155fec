import { resolve } from 'node:path'
import type { OptionSpec, PluginContext } from '@dbsync/core/plugin'
import type { MysqlOptions } from '@dbsync/mysql'

/** The settings of a target connection. The database is not among them: which database goes where is the sync's own setting. */
export const OPTIONS: readonly OptionSpec[] = [
  { name: 'host', kind: 'string', description: 'Host name or address of the server', default: '127.0.0.1' },
  { name: 'port', kind: 'number', description: 'Port of the server', default: 3306 },
  { name: 'user', kind: 'string', description: 'User that may create, alter, drop and write tables', required: true },
  { name: 'password', kind: 'secret', description: 'Password of the user' },
  { name: 'socket', kind: 'string', description: 'Path of a Unix socket, instead of host and port' },
  { name: 'ssl', kind: 'object', description: 'Encryption: mode (disabled, required, verify-ca, verify-identity), ca, cert, key' },
  {
    name: 'localInfile',
    kind: 'boolean',
    description: 'Load rows with LOAD DATA LOCAL where the server allows it; false sends INSERT statements',
    default: true,
  },
]

export type TargetOptions = { readonly connection: MysqlOptions; readonly localInfile: boolean }

/** Settings that core has checked against `OPTIONS`, as the connection wants them. */
export function targetOptions(options: Readonly<Record<string, unknown>>, context: Pick<PluginContext, 'directory' | 'limits'>): TargetOptions {
  const path = (value: unknown) => (typeof value === 'string' ? resolve(context.directory, value) : undefined)
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  const ssl = options['ssl'] as Readonly<Record<string, unknown>> | undefined
  return {
    connection: {
      host: text(options['host']) ?? '127.0.0.1',
      port: Number(options['port'] ?? 3306),
      user: String(options['user']),
      password: text(options['password']),
      socketPath: path(options['socket']),
      ssl: ssl === undefined ? undefined : { mode: text(ssl['mode']), ca: path(ssl['ca']), cert: path(ssl['cert']), key: path(ssl['key']) },
      compress: context.limits.compress,
    },
    localInfile: options['localInfile'] !== false,
  }
}
