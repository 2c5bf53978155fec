import { problemText } from './check.ts'
import type { Document, KeyPath } from './document.ts'
import { type Environment, findVariable } from './env.ts'
import { escapeName } from './glob.ts'
import { type Problem, quote } from './problems.ts'
import { KINDS } from './schema.ts'
import { SETTINGS, type Setting, type SettingKey } from './settings.ts'

/** One value, where it came from, and the folder that its relative paths start at. */
export type Found = { readonly value: unknown; readonly source: string; readonly directory: string; readonly fromFile: boolean }

export type Settings = ReadonlyMap<SettingKey, Found>

export type Documents = { readonly params: Document | undefined; readonly sync: Document | undefined }

/** Finds every setting's value by precedence (see `SETTINGS`). What cannot be read is a problem and left out. */
export function mergeSettings(documents: Documents, environment: Environment, cwd: string, problems: Problem[]): Settings {
  const settings = new Map<SettingKey, Found>()
  for (const setting of SETTINGS) {
    const found = fromEnvironment(setting, documents, environment, cwd, problems) ?? fromFiles(setting, documents, problems) ?? fromDefault(setting, cwd)
    if (found !== undefined) settings.set(setting.at, found)
  }
  return settings
}

function fromEnvironment(setting: Setting, documents: Documents, environment: Environment, cwd: string, problems: Problem[]): Found | undefined {
  const variable = findVariable(environment, setting)
  if (variable === undefined) return undefined
  const oneName = variable.name.endsWith('DB_NAME') && setting.kind === 'patterns'
  const parsed = KINDS[setting.kind].safeParse(oneName ? [escapeName(variable.value)] : variable.value)
  if (!parsed.success) {
    const expected = parsed.error.issues[0]?.message ?? 'cannot be used'
    problems.push({ code: 'CONFIG_VALUE', severity: 'error', message: `${variable.label} ${problemText(expected, [variable.name], variable.value)}` })
    return undefined
  }
  const file = fromFiles(setting, documents, [])
  // A prefixed variable is meant for dbsync; a plain one may be left over from something else.
  if (!variable.prefixed && file !== undefined && !same(file.value, parsed.data) && file.value !== `env:${variable.name}`) {
    const message = `${variable.label} is used, not the value in ${file.source}.`
    problems.push({ code: 'CONFIG_VALUE', severity: 'warning', message })
  }
  return { value: parsed.data, source: variable.label, directory: cwd, fromFile: false }
}

function fromFiles(setting: Setting, { params, sync }: Documents, problems: Problem[]): Found | undefined {
  const inSync = setting.sync === undefined ? undefined : fromFile(setting, sync, setting.sync)
  const inParams = setting.params === undefined ? undefined : fromFile(setting, params, setting.params)
  if (inSync !== undefined && inParams !== undefined && !same(inSync.value, inParams.value)) {
    const message = `${quote(String(setting.sync?.at(-1)))} in ${inSync.source} is used, not ${quote(String(setting.params?.at(-1)))} in ${inParams.source}.`
    problems.push({ code: 'CONFIG_VALUE', severity: 'warning', message })
  }
  return inSync ?? inParams
}

/** What does not parse was reported when the whole file was checked. */
function fromFile(setting: Setting, document: Document | undefined, path: KeyPath): Found | undefined {
  const raw = document === undefined ? undefined : at(document.value, path)
  if (document === undefined || raw === undefined) return undefined
  const parsed = KINDS[setting.kind].safeParse(raw)
  if (!parsed.success) return undefined
  return { value: parsed.data, source: document.where(path), directory: document.directory, fromFile: true }
}

const fromDefault = (setting: Setting, cwd: string): Found | undefined =>
  setting.default === undefined ? undefined : { value: setting.default, source: 'default', directory: cwd, fromFile: false }

export function at(value: unknown, path: KeyPath): unknown {
  let here = value
  for (const step of path)
    here = typeof here === 'object' && here !== null && Object.hasOwn(here, step) ? (here as Record<string | number, unknown>)[step] : undefined
  return here
}

const same = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right)
