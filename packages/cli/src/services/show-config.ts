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
  const { targets, ...rest } = loaded.masked(declaredSecrets(registry))
  const named = { ...rest, targets: Object.fromEntries(targets.map(({ name, ...target }) => [name, target])) }
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
const keyOf = (path: readonly string[]): string => KEYS.get(path.join('.')) || path.filter((part) => part !== 'options').join('.')

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
