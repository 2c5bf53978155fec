import type { OptionSpec } from '@dbsync/core/plugin'

/** The settings of the target. Which database becomes which tenant is the sync's own setting: `database`, a template. */
export const OPTIONS: readonly OptionSpec[] = [
  { name: 'project', kind: 'string', description: 'Google Cloud project; left out: that of the credentials' },
  { name: 'dataset', kind: 'string', description: 'Dataset for the tables of all tenants', required: true },
  { name: 'location', kind: 'string', description: 'Where the dataset is made if it is not there: US, EU, europe-west6, …' },
  {
    name: 'auth',
    kind: 'string',
    description: 'adc: the credentials of the environment; key: those of key_file; none: an emulator',
    choices: ['adc', 'key', 'none'],
  },
  { name: 'key_file', kind: 'string', description: 'Path of the file of a service account' },
  { name: 'api_endpoint', kind: 'string', description: 'Another address than Google’s, of an emulator for example' },
  {
    name: 'deletes',
    kind: 'string',
    description: 'Rows that are gone at the source: hard deletes them, soft marks them, ignore keeps them',
    choices: ['hard', 'soft', 'ignore'],
    default: 'hard',
  },
  {
    name: 'strict',
    kind: 'boolean',
    description: 'A value that has no place (a zero date) fails its table; otherwise it becomes NULL and is counted',
    default: false,
  },
  { name: 'type_overrides', kind: 'object', description: 'Other types than the exact ones, by MySQL type or database.table.column: {"json": "JSON"}' },
  { name: 'max_bytes_billed', kind: 'string', description: 'No statement may read more bytes than this' },
  { name: 'load_bytes', kind: 'number', description: 'Rows are sent in files of about so many bytes', default: 8_000_000 },
]
