import { contribute, type PluginContext, type Provider, type Target } from '@dbsync/core/plugin'
import { OPTIONS } from './options.ts'

export { MYSQL_TARGET_CODES } from './codes.ts'
export { isStagingName } from './names.ts'

const provider = (type: string, summary: string): Provider<Target> => ({
  type,
  summary,
  options: OPTIONS,
  async open(options: Readonly<Record<string, unknown>>, context: PluginContext): Promise<Target> {
    const { openTarget } = await import('./target.ts')
    return await openTarget(options, context)
  },
})

export default contribute({
  targets: [provider('mysql', 'A database on a MySQL server (or MariaDB)'), provider('mariadb', 'A database on a MariaDB server (or MySQL)')],
})
