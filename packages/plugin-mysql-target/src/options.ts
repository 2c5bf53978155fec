import type { OptionSpec } from '@dbsync/core/plugin'

/** The settings of a target connection. The database is not among them: which database goes where is the sync's own setting. */
export const OPTIONS: readonly OptionSpec[] = [
  { name: 'host', kind: 'string', description: 'Host name or address of the server', default: '127.0.0.1' },
  { name: 'port', kind: 'number', description: 'Port of the server', default: 3306 },
  { name: 'user', kind: 'string', description: 'User that may create, alter, drop and write tables', required: true },
  { name: 'password', kind: 'secret', description: 'Password of the user' },
  { name: 'socket', kind: 'string', description: 'Path of a Unix socket, instead of host and port' },
  { name: 'ssl', kind: 'object', description: 'Encryption: mode (disabled, required, verify-ca, verify-identity), ca, cert, key' },
  {
    name: 'bulkInsert',
    kind: 'boolean',
    description: 'Send rows in bulk statements, the quickest way, where the server takes them (MariaDB from 10.5 on); false: as localInfile says',
    default: true,
  },
  {
    name: 'localInfile',
    kind: 'boolean',
    description: 'Load rows with LOAD DATA LOCAL where the server allows it; false sends INSERT statements',
    default: true,
  },
]
