import type { EndpointConfig, TargetConfig } from './config.ts'
import { type Problem, quote } from './problems.ts'

/** In a target's template: the name of the database at the source. */
export const ANY_DATABASE = '{database}'

/** Endpoints are told apart by where they connect, as far as the configuration shows it. */
const place = ({ type, options }: EndpointConfig): string => JSON.stringify([type, options.socket ?? [options.host, options.port ?? 3306]])

/** Two databases into one place, or one onto itself: rows would be lost. Templates are checked against all databases, not only those that a flag selects. */
export function checkTemplates(source: EndpointConfig, targets: readonly TargetConfig[], oneDatabase: string | undefined): Problem[] {
  const problems: Problem[] = []
  const fault = (message: string, hint: string) => problems.push({ code: 'CONFIG_TARGET_DATABASE', severity: 'error', message, hint })
  const seen = new Map<string, string>()
  for (const target of targets) {
    const name = quote(target.name)
    const unknown = /\{(?!database\})[^}]*\}?/.exec(target.database)?.[0]
    if (unknown !== undefined)
      fault(`Target ${name}: ${quote(unknown)} in its \`database\` means nothing.`, 'Only {database} is filled in: the name at the source.')
    const fixed = !target.database.includes(ANY_DATABASE)
    if (fixed && oneDatabase === undefined) {
      fault(
        `Target ${name} would write several databases into ${quote(target.database)}.`,
        `Use a template such as "${ANY_DATABASE}_copy", or list one database.`,
      )
    }
    if (target.type !== 'mysql') continue
    const database = oneDatabase === undefined ? target.database : target.database.replaceAll(ANY_DATABASE, () => oneDatabase)
    if (place(target) === place(source) && database === (oneDatabase ?? ANY_DATABASE)) {
      fault(`Target ${name} is the source itself.`, 'Give it another server, or another name such as "database": "{database}_copy".')
    }
    const where = `${place(target)} ${database}`
    const other = seen.get(where)
    if (other !== undefined) fault(`Targets ${quote(other)} and ${name} are the same database.`, 'Remove one of them.')
    seen.set(where, target.name)
  }
  return problems
}
