import type { OptionSpec } from '@dbsync/core/plugin'

export const options: readonly OptionSpec[] = [
  { name: 'host', kind: 'string', description: 'Name or address of the server', default: '127.0.0.1' },
  { name: 'port', kind: 'number', description: 'Port of the server', default: 3306 },
  { name: 'user', kind: 'string', description: 'A user with SELECT on the databases to copy; nothing else is needed', required: true },
  { name: 'password', kind: 'secret', description: 'The password of that user' },
  { name: 'socket', kind: 'string', description: 'Path of a Unix socket, instead of host and port' },
  {
    name: 'ssl',
    kind: 'object',
    description:
      'Encryption: {"mode": "disabled" | "required" | "verify-ca" | "verify-identity", "ca": path, "cert": path, "key": path}. Given without a mode it checks the certificate and the host name',
  },
  { name: 'compress', kind: 'boolean', description: 'Compress what goes over the wire: for slow networks' },
]
