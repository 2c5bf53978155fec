import { SETTINGS, type Setting } from '@dbsync/core'
import { declaredSecrets, loadProject, type ProjectFlags } from '../load-project.ts'
import type { PluginHost } from '../registry.ts'

export type ShownConfig = {
  readonly files: readonly string[]
  /** Every value under its name in the files; secrets are masked. */
  readonly values: readonly { readonly key: string; readonly value: unknown; readonly source: string }[]
  readonly warnings: readonly string[]
}

const KEYS: ReadonlyMap<string, string> = new Map(SETTINGS.map((setting: Setting) => [setting.at, (setting.params ?? setting.sync ?? []).join('.')]))

/** The configuration in force, value by value. Fetches no secret. */
export async function showConfig(host: PluginHost, flags: ProjectFlags): Promise<ShownConfig> {
  const { registry, loaded } = await loadProject(host, flags)
  const { targets, tableRules, ...rest } = loaded.masked(declaredSecrets(registry))
  const rules = Object.fromEntries(tableRules.map(({ match, rule }) => [match, rule]))
  const named = { ...rest, tableRules: rules, targets: Object.fromEntries(targets.map(({ name, ...target }) => [name, target])) }
  const values = [...leaves(named, [])].filter(({ path }) => !isOwn(path))
  return {
    files: loaded.files,
    values: values.map(({ path, value }) => ({ key: keyOf(path), value: shownValue(path, value), source: sourceOf(loaded.sources, path) })),
    warnings: loaded.warnings,
  }
}

/** Folders that relative paths start at, and what is no setting. */
const isOwn = (path: readonly string[]): boolean => path.at(-1) === 'warnings' || (path.at(-1) === 'directory' && path[0] !== 'backup')

/** As it is written in the files, as far as it has a place there. */
function keyOf(path: readonly string[]): string {
  const [top, match, ...rest] = path
  if (top === 'tableRules') return ['table_settings', 'tables', match, ...rest.map(inFile)].join('.')
  return KEYS.get(path.join('.')) || path.filter((part) => part !== 'options').join('.')
}

/** `lookbackMinutes` is `lookback_minutes` there. */
const inFile = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Times are milliseconds inside, and have a unit outside. */
const shownValue = (path: readonly string[], value: unknown): unknown => (path.at(-1)?.endsWith('Ms') ? `${Number(value) / 1000}s` : value)

type Leaf = { readonly path: readonly string[]; readonly value: unknown }

/** Lists are values; a setting that is not set is none. */
function* leaves(value: unknown, path: readonly string[]): Generator<Leaf> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    if (value !== undefined) yield { path, value }
    return
  }
  for (const [key, item] of Object.entries(value)) yield* leaves(item, [...path, key])
}

/** Of a part of a value, that of the whole. */
function sourceOf(sources: Readonly<Record<string, string>>, path: readonly string[]): string {
  for (let length = path.length; length > 0; length--) {
    const key = path.slice(0, length).join('.')
    if (Object.hasOwn(sources, key)) return sources[key] as string
  }
  return 'default'
}
