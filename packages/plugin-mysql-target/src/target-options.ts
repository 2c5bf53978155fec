import type { PluginContext } from '@dbsync/core/plugin'
import { type MysqlOptions, mysqlOptions } from '@dbsync/mysql'

export type TargetOptions = { readonly connection: MysqlOptions; readonly localInfile: boolean; readonly bulkInsert: boolean }

/** Settings that core has checked against `OPTIONS`, as the connection wants them. Throws `MYSQL_OPTIONS`. */
export const targetOptions = (options: Readonly<Record<string, unknown>>, context: Pick<PluginContext, 'directory' | 'limits' | 'warn'>): TargetOptions => ({
  connection: mysqlOptions(options, context),
  localInfile: options['localInfile'] !== false,
  bulkInsert: options['bulkInsert'] !== false,
})
