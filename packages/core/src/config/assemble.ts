import { resolve } from 'node:path'
import { gatherAlerts } from './alerts.ts'
import { checkDocument } from './check.ts'
import type { Config } from './config.ts'
import { type Document, parseDocument } from './document.ts'
import type { Gathered } from './endpoint.ts'
import { type Environment, loadEnvironment } from './env.ts'
import { findFile } from './files.ts'
import { isLiteral, literalName } from './glob.ts'
import { gatherJobs } from './jobs.ts'
import type { ConfigInput, LoadedConfig } from './load.ts'
import { type Documents, mergeSettings, type Settings } from './merge.ts'
import { checkFlags, type FlagOverrides, narrow } from './narrow.ts'
import { type Problem, problemsError, warningsOf } from './problems.ts'
import { gatherRules } from './rules.ts'
import { paramsSchema, syncConfigSchema } from './schema.ts'
import { maskSecrets, resolveSecrets, variablesIn } from './secrets.ts'
import type { SettingKey } from './settings.ts'
import { gatherSource, missingParts } from './source.ts'
import { gatherState } from './state.ts'
import { gatherTargets } from './targets.ts'
import { checkTemplates } from './templates.ts'

/** The work of `loadConfig`; apart from it so that the schemas are loaded late. */
export async function assemble(input: ConfigInput): Promise<LoadedConfig> {
  const { cwd, flags } = input
  const gathered: Gathered = { problems: [], sources: new Map() }
  const { problems, sources } = gathered
  const documents = await readDocuments(input, problems)
  const environment = await loadEnvironment(cwd, input.env, problems, input.unwritten?.env)
  const settings = mergeSettings(documents, environment, cwd, problems)
  for (const [key, found] of settings) if (!key.startsWith('targets.')) sources.set(key, found.source)

  const source = gatherSource(documents, settings, cwd, gathered)
  const targets = gatherTargets(documents, settings, cwd, gathered)
  const state = gatherState(documents, settings, cwd, gathered)
  const tableRules = gatherRules(documents.sync, gathered)
  const schedules = gatherJobs(documents.sync, targets, gathered)
  const alerts = gatherAlerts(documents.sync, cwd, gathered)
  checkFlags(flags, problems)
  stopAtErrors(problems)
  // Only now: a setting that could not be read would be reported as missing too.
  problems.push(...missingParts(source, targets, settings, documents))
  const lists = listsOf(settings)
  if (lists.databases.length > 0) problems.push(...checkTemplates(source, targets, onlyName(lists.databases)))
  stopAtErrors(problems)

  const whole: Config = {
    source,
    targets,
    state,
    tableRules,
    ...lists,
    ...plainSettings(settings, flags, gathered),
    ...safetyOf(settings),
    schedules,
    alerts,
    directory: cwd,
    warnings: [],
  }
  const narrowed = narrow(whole, flags, problems)
  stopAtErrors(problems)
  for (const [key, flag] of flagSources(flags, sources)) sources.set(key, flag)
  return loaded({ ...narrowed, warnings: warningsOf(problems) }, gathered, documents, environment)
}

/** Throws where a file is there and cannot be read. */
export async function readDocuments({ cwd, paramsPath, configPath, unwritten }: ConfigInput, problems: Problem[]): Promise<Documents> {
  const read = async (path: string | undefined, name: string, text: string | undefined): Promise<Document | undefined> => {
    const written = () => findFile(cwd, path, [name, `scripts/${name}`], problems)
    const file = text === undefined ? await written() : { path: resolve(cwd, path ?? name), name: path ?? name, text }
    return file === undefined ? undefined : parseDocument(file, problems)
  }
  const params = await read(paramsPath, 'params.json', unwritten?.params)
  const sync = await read(configPath, 'sync-config.json', unwritten?.config)
  // A file that cannot be read would make half of its settings look missing.
  stopAtErrors(problems)
  if (params !== undefined) problems.push(...checkDocument(params, paramsSchema, params.value, [], { schema: syncConfigSchema, file: 'sync-config.json' }))
  if (sync !== undefined) problems.push(...checkDocument(sync, syncConfigSchema, sync.value, [], { schema: paramsSchema, file: 'params.json' }))
  return { params, sync }
}

function listsOf(settings: Settings): Pick<Config, 'databases' | 'tables' | 'excludeTables' | 'forceFullTables'> {
  const list = (key: SettingKey) => (settings.get(key)?.value ?? []) as readonly string[]
  return { databases: list('databases'), tables: list('tables'), excludeTables: list('excludeTables'), forceFullTables: list('forceFullTables') }
}

function safetyOf(settings: Settings): Pick<Config, 'allow' | 'objects' | 'backup' | 'verify' | 'log'> {
  const value = <T>(key: SettingKey) => settings.get(key)?.value as T
  const path = (key: SettingKey) => resolve(settings.get(key)?.directory ?? '.', value<string>(key))
  return {
    allow: value<Config['allow'] | undefined>('allow') ?? [],
    objects: value<Config['objects'] | undefined>('objects') ?? [],
    backup: {
      mode: value('backup.mode'),
      directory: path('backup.directory'),
      scope: value('backup.scope'),
      keepLast: value('backup.keepLast'),
      keepDaily: value('backup.keepDaily'),
      keepWeekly: value('backup.keepWeekly'),
      maxAgeMs: value('backup.maxAgeMs'),
    },
    log: { file: path('log.file'), format: value('log.format'), level: value('log.level') },
    verify: { level: value('verify.level'), maxRowsPerSecond: value('verify.maxRowsPerSecond'), maxLagSeconds: value('verify.maxLagSeconds') },
  }
}

type PlainSettings = Pick<
  Config,
  | 'mode'
  | 'lookbackMinutes'
  | 'backupBeforeSync'
  | 'verifyAfterSync'
  | 'reconcileEveryMs'
  | 'maxDeletePercent'
  | 'maxRetries'
  | 'retryDelayMs'
  | 'connections'
  | 'parallelTables'
  | 'batchRows'
  | 'compress'
>

function plainSettings(settings: Settings, flags: FlagOverrides, { problems, sources }: Gathered): PlainSettings {
  const value = <K extends keyof PlainSettings>(key: K) => settings.get(key)?.value as PlainSettings[K]
  const connections = value('connections')
  const parallel = flags.parallel ?? value('parallelTables')
  if (parallel > connections) {
    const where = flags.parallel === undefined ? sources.get('parallelTables') : 'flag --parallel'
    // The default alone is no wish of the user's.
    if (where !== 'default') {
      const message = `${parallel} tables at once (${where}) need as many connections: ${connections} is used, which is pool_size (${sources.get('connections')}).`
      problems.push({ code: 'CONFIG_VALUE', severity: 'warning', message })
    }
  }
  return {
    mode: value('mode'),
    lookbackMinutes: value('lookbackMinutes'),
    backupBeforeSync: value('backupBeforeSync'),
    verifyAfterSync: value('verifyAfterSync'),
    reconcileEveryMs: value('reconcileEveryMs'),
    maxDeletePercent: value('maxDeletePercent'),
    maxRetries: value('maxRetries'),
    retryDelayMs: value('retryDelayMs') * 1000,
    connections,
    parallelTables: Math.min(parallel, connections),
    batchRows: value('batchRows'),
    compress: value('compress'),
  }
}

/** The one database that is listed; `undefined` where there are, or could be, several. */
const onlyName = ([first, ...others]: readonly string[]): string | undefined =>
  first !== undefined && others.length === 0 && isLiteral(first) ? literalName(first) : undefined

function flagSources(flags: FlagOverrides, sources: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  const narrowed = (key: string) => (sources.has(key) ? `, narrowing ${sources.get(key)}` : '')
  return [
    ...(flags.mode === undefined ? [] : [['mode', 'flag --mode'] as const]),
    ...(flags.parallel === undefined ? [] : [['parallelTables', 'flag --parallel'] as const]),
    ...(flags.databases?.length ? [['databases', `flag --database${narrowed('databases')}`] as const] : []),
    ...(flags.tables?.length ? [['tables', `flag --table${narrowed('tables')}`] as const] : []),
  ]
}

function loaded(config: Config, { problems, sources }: Gathered, documents: Documents, environment: Environment): LoadedConfig {
  return {
    config,
    sources: Object.fromEntries(sources),
    files: [documents.params, documents.sync].flatMap((document) => document?.name ?? []),
    warnings: config.warnings,
    unknownKeys: warningsOf(problems.filter((problem) => problem.code === 'CONFIG_UNKNOWN_KEY')),
    masked: (declared) => maskSecrets(config, declared),
    unsetVariables: (declared) => variablesIn(config, declared).filter((name) => environment.get(name) === undefined),
    resolve: ({ signal, declared, part = config }) =>
      resolveSecrets(part, { variable: (name) => environment.get(name), source: (key) => sources.get(key), signal, declared }),
  }
}

function stopAtErrors(problems: readonly Problem[]): void {
  const error = problemsError(problems)
  if (error !== undefined) throw error
}
