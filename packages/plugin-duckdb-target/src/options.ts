import type { OptionSpec } from '@dbsync/core/plugin'
import { warehouseOptions } from '@dbsync/warehouse'

/** The settings of the target. Which database becomes which tenant is the sync's own setting: `database`, a template. */
export const OPTIONS: readonly OptionSpec[] = [
  { name: 'path', kind: 'string', description: 'The file, for the tables of all tenants; it is made where it is not there', required: true },
  ...warehouseOptions('{"time": "TIME"}'),
  { name: 'memory_limit', kind: 'string', description: 'Memory for DuckDB; what does not fit goes to the folder FILE.tmp', default: '512MB' },
]
