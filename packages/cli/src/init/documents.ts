import { PRESETS, SETTINGS, type Setting, type SettingKey, type TargetConfig } from '@dbsync/core'
import { SyncError } from '@dbsync/core/plugin'
import { applyEdits, getNodeValue, modify, parseTree } from 'jsonc-parser'
import type { CliCode } from '../codes.ts'
import type { Answers, Secret, TargetAnswer } from './answers.ts'
import { withVariables } from './env-file.ts'

/** As much of what is there as the new texts depend on. */
export type Present = {
  /** Texts of the files; `undefined` where there is none. */
  readonly params: string | undefined
  readonly sync: string | undefined
  readonly env: string | undefined
  /** A setting as it is in force without its default, and where that stands: `environment DB_HOST`, `.env DB_HOST`, `params.json line 4`. */
  setting(key: SettingKey): { readonly value: unknown; readonly source: string } | undefined
  /** Where the files have a target; `undefined`: they do not. */
  targetSource(name: string): string | undefined
  readonly targets: readonly TargetConfig[]
  /** Variables that mean something else already, in the environment or in `.env`. */
  variable(name: string): string | undefined
  readonly schemas: { readonly params: string; readonly sync: string }
  /** For a job of cron fields. */
  readonly jobName: string
}

export type Drafts = {
  readonly params: string
  /** `undefined`: nothing would stand in it. */
  readonly sync: string | undefined
  readonly env: string | undefined
  /** Settings of the environment that win over what is written. */
  readonly overruled: readonly string[]
}

type Path = readonly (string | number)[]

/**
 * Answers to texts. Pure. What the files have stays where it stands, with its comments and with keys that nobody knows; what changes is
 * changed in its place; what is new goes where it belongs.
 */
export function documents(answers: Answers, present: Present): Drafts {
  const draft = new Draft(present)
  draft.schema('params', present.schemas.params)
  if (answers.host.startsWith('/')) draft.set('source.options.socket', answers.host)
  else {
    draft.set('source.options.host', answers.host)
    draft.set('source.options.port', answers.port, 3306)
  }
  draft.set('source.options.user', answers.user)
  const password = draft.secret(answers.password, 'SOURCE_PASSWORD')
  if (password !== undefined) draft.set('source.options.password', password)
  draft.set('source.options.ssl.mode', answers.tls, 'disabled')
  draft.set('databases', answers.databases)
  draft.set('tables', answers.tables, [])
  for (const target of answers.targets) writeTarget(draft, target, present)
  draft.set('lookbackMinutes', answers.lookback)

  draft.set('backupBeforeSync', answers.backup)
  draft.set('verifyAfterSync', answers.verify)
  if (answers.reconcile !== 'never') draft.duration('reconcileEveryMs', answers.reconcile)
  else draft.remove('reconcileEveryMs')
  draft.set('excludeTables', answers.exclude, [])
  for (const schedule of answers.schedules) {
    if (PRESETS.has(schedule)) draft.add('sync', ['schedules', schedule], {})
    else draft.add('sync', ['schedules', present.jobName], { cron: schedule, command: 'run' })
  }
  draft.schema('sync', present.schemas.sync)
  return draft.done()
}

function writeTarget(draft: Draft, { name, type, database, options, secrets }: TargetAnswer, present: Present): void {
  const base = name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9_]/g, '_')
    .replace(/^(?=\d)/, 'T_')
  const found: [string, unknown][] = []
  for (const [option, secret] of secrets) {
    const value = draft.secret(secret, `${base}_${option.toUpperCase().replaceAll(/[^A-Z0-9_]/g, '_')}`)
    if (value !== undefined) found.push([option, value])
  }
  const place = /sync-config/.test(present.targetSource(name) ?? '') ? 'sync' : 'params'
  const all = [...Object.entries(options), ...found]
  const before = present.targets.find((target) => target.name === name)
  // Described by single settings (BACKUP_DB_HOST, bq_project), which win over an entry: they change where they stand.
  const single = (option: string) => `targets.${name}.options.${option}` as SettingKey
  if (before === undefined || !all.some(([option]) => present.setting(single(option)) !== undefined)) {
    draft.add(place, ['targets', name], { type, ...Object.fromEntries(all), database })
    return
  }
  for (const [option, value] of all) {
    if (present.setting(single(option)) !== undefined) draft.set(single(option), value)
    else if (!same(before.options[option], value)) draft.add(place, ['targets', name], { type, [option]: value })
  }
  if (before.database === database) return
  if (name === 'backup') draft.set('targets.backup.database', database)
  else {
    throw new SyncError('INIT_ANSWER' satisfies CliCode, `The keys that describe the target ${name} have no place for the name of the copy.`, {
      kind: 'config',
      hint: 'Move it under `targets` in params.json by hand first.',
    })
  }
}

class Draft {
  readonly #texts = new Map<'params' | 'sync', string>()
  readonly #variables = new Map<string, string>()
  readonly #overruled: string[] = []
  readonly #present: Present

  constructor(present: Present) {
    this.#present = present
    if (present.params !== undefined) this.#texts.set('params', present.params)
    if (present.sync !== undefined) this.#texts.set('sync', present.sync)
  }

  /** For editors; one that stands there already stays. */
  schema(file: 'params' | 'sync', value: string): void {
    if (file === 'sync' && !this.#texts.has('sync')) return
    if (this.#at(file, ['$schema']) === undefined) this.add(file, ['$schema'], value)
  }

  /** Where it stands now, or where it belongs. A value that is the default is not written where there is none. */
  set(key: SettingKey, value: unknown, unlessDefault?: unknown): void {
    const found = this.#present.setting(key)
    if (found === undefined ? same(value, unlessDefault) : same(found.value, value)) return
    const setting: Setting | undefined = SETTINGS.find(({ at }) => at === key)
    if (setting === undefined) throw new Error(`no setting ${key}`)
    const [layer = '', variable = ''] = found?.source.split(' ') ?? []
    // Some settings have no place in the files.
    const name = layer === '.env' ? variable : setting.params === undefined && setting.sync === undefined ? setting.plain?.[0] : undefined
    if (name !== undefined) {
      this.#variables.set(name, inVariable(name, value))
      return
    }
    if (layer === 'environment') this.#overruled.push(variable)
    if (setting.sync !== undefined && (setting.params === undefined || this.#at('sync', setting.sync) !== undefined)) this.add('sync', setting.sync, value)
    else this.add('params', setting.params ?? [], value)
  }

  /** In the files a time with its unit. */
  duration(key: 'reconcileEveryMs', text: string): void {
    const setting: Setting | undefined = SETTINGS.find(({ at }) => at === key)
    const found = this.#present.setting(key)
    if (found?.source.startsWith('.env ')) this.#variables.set(found.source.split(' ')[1] ?? '', text)
    else if (setting?.sync !== undefined && !same(this.#at('sync', setting.sync), text)) this.add('sync', setting.sync, text)
  }

  remove(key: 'reconcileEveryMs'): void {
    const setting: Setting | undefined = SETTINGS.find(({ at }) => at === key)
    if (setting?.sync !== undefined && this.#at('sync', setting.sync) !== undefined) this.add('sync', setting.sync, undefined)
  }

  /** What the files say instead of a secret. */
  secret(secret: Secret, wanted: string): string | undefined {
    if (secret.kind === 'none') return undefined
    if (secret.kind === 'reference') return secret.reference
    if (secret.kind === 'plain') return secret.value
    const name = this.#free(wanted, secret.value)
    this.#variables.set(name, secret.value)
    return `env:${name}`
  }

  /** A variable that is somebody else's keeps its value. */
  #free(wanted: string, value: string): string {
    const fits = (name: string) => [this.#present.variable(name), this.#variables.get(name)].every((other) => other === undefined || other === value)
    return [wanted, ...Array.from({ length: 1000 }, (_, index) => `${wanted}_${index + 2}`)].find(fits) ?? wanted
  }

  add(file: 'params' | 'sync', path: Path, value: unknown): void {
    const text = this.#texts.get(file) ?? '{}\n'
    const options = { formattingOptions: { insertSpaces: true, tabSize: 2, eol: '\n' }, ...(path[0] === '$schema' ? { getInsertionIndex: () => 0 } : {}) }
    this.#texts.set(file, applyEdits(text, modify(text, [...path], value, options)))
  }

  #at(file: 'params' | 'sync', path: Path): unknown {
    const tree = parseTree(this.#texts.get(file) ?? '{}', [], { allowTrailingComma: true })
    let here: unknown = tree === undefined ? undefined : getNodeValue(tree)
    for (const step of path)
      here = typeof here === 'object' && here !== null && Object.hasOwn(here, step) ? (here as Record<string | number, unknown>)[step] : undefined
    return here
  }

  done(): Drafts {
    const env = this.#variables.size === 0 ? this.#present.env : withVariables(this.#present.env ?? '', this.#variables)
    return { params: this.#texts.get('params') ?? '{}\n', sync: this.#texts.get('sync'), env, overruled: this.#overruled }
  }
}

const same = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right)

/** Lists are comma lists there; DB_NAME is one name, as it is. */
function inVariable(variable: string, value: unknown): string {
  if (!Array.isArray(value)) return String(value)
  const items = value.map(String)
  return /(^|_)DB_NAME$/.test(variable) && items.length === 1 ? (items[0] ?? '').replaceAll(/\\([\s\S])/g, '$1') : items.join(',')
}
