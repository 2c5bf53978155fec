import type { OptionSpec } from '@dbsync/core/plugin'
import { warehouseOptions } from '@dbsync/warehouse'

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
  ...warehouseOptions('{"json": "JSON"}'),
  { name: 'max_bytes_billed', kind: 'string', description: 'No statement may read more bytes than this' },
  {
    name: 'max_daily_loads',
    kind: 'number',
    description: 'So many loads a day, all runs and tenants of the dataset together; a project may have 100000',
    default: 100_000,
  },
  { name: 'load_bytes', kind: 'number', description: 'Rows are sent in files of about so many bytes', default: 8_000_000 },
]
