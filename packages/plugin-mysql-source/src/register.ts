import { contribute, type Provider, type Source } from '@dbsync/core/plugin'
import { options } from './options.ts'

const provider = (type: string, summary: string): Provider<Source> => ({
  type,
  summary,
  options,
  async open(settings, context) {
    const [{ openSource }, { mysqlOptions }] = await Promise.all([import('./source.ts'), import('@dbsync/mysql')])
    return openSource(mysqlOptions(settings, context), context)
  },
})

export default contribute({ sources: [provider('mysql', 'MySQL or MariaDB'), provider('mariadb', 'MariaDB (the same as mysql)')] })
