import type { Allowance } from './allowances.ts'
import type { Config, RunMode } from './config.ts'
import { isLiteral, literalName, matcher, nameMatcher, patternFault, splitPattern } from './glob.ts'
import { type Problem, quote } from './problems.ts'

/** What the flags of one command change. Lists narrow what the files select; they never add to it. */
export type FlagOverrides = {
  readonly mode?: RunMode
  /** Added to what the files allow. */
  readonly allow?: readonly Allowance[]
  /** Names of targets. */
  readonly targets?: readonly string[]
  /** Patterns over database names. */
  readonly databases?: readonly string[]
  /** Patterns over `table` or `database.table`. */
  readonly tables?: readonly string[]
  readonly parallel?: number
  /** Whether a run makes a backup point. */
  readonly backup?: boolean
  readonly strict?: boolean
}

/** Patterns and numbers of flags, checked as those of files are. */
export function checkFlags(flags: FlagOverrides, problems: Problem[]): void {
  for (const [flag, patterns] of [
    ['--database', flags.databases ?? []],
    ['--table', flags.tables ?? []],
  ] as const) {
    for (const pattern of patterns) {
      const fault = patternFault(pattern)
      if (fault !== undefined) problems.push({ code: 'CONFIG_PATTERN', severity: 'error', message: `${flag} ${quote(pattern)} ${fault}.` })
    }
  }
  const { parallel } = flags
  if (parallel !== undefined && !(Number.isInteger(parallel) && parallel >= 1 && parallel <= 256)) {
    problems.push({ code: 'CONFIG_VALUE', severity: 'error', message: `--parallel must be a whole number from 1 to 256, not ${parallel}.` })
  }
}

/** Applies the flags that select: afterwards `databases`, `tables` and `targets` are what files and flags both want. */
export function narrow(config: Config, flags: FlagOverrides, problems: Problem[]): Config {
  const wanted = flags.targets ?? []
  const names = config.targets.map((target) => target.name)
  for (const name of wanted) {
    if (!names.includes(name)) problems.push(noMatch(`--target ${quote(name)} is not configured`, 'The targets are', names))
  }
  for (const flag of flags.tables ?? []) {
    if (isExcluded(flag, config.excludeTables)) problems.push(noMatch(`--table ${quote(flag)} is excluded`, 'exclude_tables is', config.excludeTables))
  }
  return {
    ...config,
    mode: flags.mode ?? config.mode,
    backupBeforeSync: flags.backup ?? config.backupBeforeSync,
    ...(flags.strict ? { strict: true as const } : {}),
    allow: [...new Set([...config.allow, ...(flags.allow ?? [])])],
    targets: wanted.length === 0 ? config.targets : config.targets.filter((target) => wanted.includes(target.name)),
    databases: narrowList('--database', flags.databases ?? [], config.databases, meetNames, problems),
    tables: config.tables.length === 0 ? (flags.tables ?? []) : narrowList('--table', flags.tables ?? [], config.tables, meetTables, problems),
  }
}

/** The pattern for the names that match both; `none` when no name can; `unclear` when no pattern says it. */
type Meet = { readonly pattern: string } | 'none' | 'unclear'

function narrowList(flag: string, wanted: readonly string[], configured: readonly string[], meet: (left: string, right: string) => Meet, problems: Problem[]) {
  if (wanted.length === 0) return configured
  const narrowed = wanted.flatMap((pattern): readonly string[] => {
    const meets = configured.map((other) => meet(pattern, other))
    const patterns = meets.flatMap((met) => (typeof met === 'object' ? [met.pattern] : []))
    if (patterns.includes(pattern)) return [pattern]
    if (meets.includes('unclear'))
      problems.push(noMatch(`${flag} ${quote(pattern)} overlaps a configured pattern in part: give names instead`, 'Configured is', configured))
    else if (patterns.length === 0) problems.push(noMatch(`${flag} ${quote(pattern)} matches nothing that is configured`, 'There is', configured))
    return patterns
  })
  return [...new Set(narrowed)]
}

function meetNames(left: string, right: string): Meet {
  if (within(left, right)) return { pattern: left }
  if (within(right, left)) return { pattern: right }
  if (isLiteral(left) || isLiteral(right)) return 'none'
  const [a, b] = [beginning(left), beginning(right)]
  return a.startsWith(b) || b.startsWith(a) ? 'unclear' : 'none'
}

/** What every name that matches begins with. */
const beginning = (pattern: string): string => literalName(/^(?:\\[\s\S]|[^\\*?[])*/.exec(pattern)?.[0] ?? '')

function meetTables(left: string, right: string): Meet {
  const [a, b] = [splitPattern(left), splitPattern(right)]
  const table = meetNames(a.table, b.table)
  const database = a.database === undefined || b.database === undefined ? { pattern: a.database ?? b.database } : meetNames(a.database, b.database)
  if (table === 'none' || database === 'none') return 'none'
  if (table === 'unclear' || database === 'unclear') return 'unclear'
  return database.pattern === undefined ? table : { pattern: `${database.pattern}.${table.pattern}` }
}

/** True when every name that matches `inner` surely matches `outer`: a star of `outer` takes any text, wildcards of `inner` too. */
function within(inner: string, outer: string): boolean {
  if (isLiteral(inner)) return nameMatcher([outer])(literalName(inner))
  if (inner === outer || /^\*+$/.test(outer)) return true
  return !/[\\[\]]/.test(inner) && !/[\\[\]?]/.test(outer) && nameMatcher([outer])(inner)
}

function isExcluded(flag: string, excluded: readonly string[]): boolean {
  const { database, table } = splitPattern(flag)
  if (!isLiteral(table) || (database !== undefined && !isLiteral(database))) return false
  // Without a database only an exclusion that holds in every database is certain.
  const certain = database === undefined ? excluded.filter((pattern) => splitPattern(pattern).database === undefined) : excluded
  return matcher(certain)(database === undefined ? '' : literalName(database), literalName(table))
}

const noMatch = (message: string, intro: string, there: readonly string[]): Problem => ({
  code: 'CONFIG_NO_MATCH',
  severity: 'error',
  message: `${message}.`,
  hint: `${intro}: ${there.slice(0, 20).map(quote).join(', ')}${there.length > 20 ? ' …' : ''}.`,
})
