import { contribute, type Provider, type Source } from '@dbsync/core/plugin'
import { mysqlOptions, options } from './options.ts'

const provider = (type: string, summary: string): Provider<Source> => ({
  type,
  summary,
  options,
  async open(settings, context) {
    const { openSource } = await import('./source.ts')
    return openSource(mysqlOptions(settings, context), context)
  },
})

export default contribute({ sources: [provider('mysql', 'MySQL or MariaDB'), provider('mariadb', 'MariaDB (the same as mysql)')] })
