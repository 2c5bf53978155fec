import { contribute, type PluginContext, type Target } from '@dbsync/core/plugin'
import { OPTIONS } from './options.ts'

export { DUCKDB_CODES } from './codes.ts'

export default contribute({
  targets: [
    {
      type: 'duckdb',
      summary: 'A DuckDB file: the tables of many databases in one, told apart by tenant_id',
      options: OPTIONS,
      async open(options: Readonly<Record<string, unknown>>, context: PluginContext): Promise<Target> {
        const { openTarget } = await import('./target.ts')
        return await openTarget(options, context)
      },
    },
  ],
})
