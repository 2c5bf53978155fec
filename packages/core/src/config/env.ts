import { parseEnv } from 'node:util'
import { findFile } from './files.ts'
import { nearest, type Problem, quote } from './problems.ts'
import { SETTINGS, type Setting } from './settings.ts'

/** Real environment and `.env` file, told apart: a plain name in the real one wins over a prefixed one in the file. */
export type Environment = {
  readonly layers: readonly { readonly label: string; readonly values: ReadonlyMap<string, string> }[]
  /** What `env:NAME` refers to; empty counts as not set. */
  get(name: string): string | undefined
}

const PREFIX = 'DBSYNC_'

/** `unwritten` is a text that takes the place of the file. */
export async function loadEnvironment(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  problems: Problem[],
  unwritten?: string,
): Promise<Environment> {
  const file = unwritten === undefined ? await findFile(cwd, undefined, ['.env'], problems) : { text: unwritten }
  const layers = [
    { label: 'environment', values: filled(env) },
    { label: '.env', values: filled(file === undefined ? {} : parseEnv(file.text)) },
  ]
  for (const { label, values } of layers) problems.push(...mistyped(label, values))
  return { layers, get: (name) => layers.map(({ values }) => values.get(name)).find((value) => value !== undefined) }
}

export type Variable = { readonly name: string; readonly value: string; readonly label: string; readonly prefixed: boolean }

/** The variable that decides a setting, if one is set. */
export function findVariable(environment: Environment, setting: Setting): Variable | undefined {
  const names = [...setting.variables.map((name) => PREFIX + name), ...(setting.plain ?? [])]
  for (const { label, values } of environment.layers) {
    for (const name of names) {
      const value = values.get(name)
      if (value !== undefined) return { name, value, label: `${label} ${name}`, prefixed: name.startsWith(PREFIX) }
    }
  }
  return undefined
}

const filled = (env: Readonly<Record<string, string | undefined>>): Map<string, string> =>
  new Map(Object.entries(env).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value] as const])))

/** Other programs may own `DBSYNC_…` names too (plugins, the command line): only a near miss is worth a word. */
function mistyped(label: string, values: ReadonlyMap<string, string>): Problem[] {
  const valid = SETTINGS.flatMap((setting) => setting.variables)
  return [...values.keys()].flatMap((name): Problem[] => {
    if (!name.startsWith(PREFIX)) return []
    const own = name.slice(PREFIX.length)
    const meant = valid.some((variable) => variable === own) ? undefined : nearest(own, valid)
    if (meant === undefined || Math.abs(meant.length - own.length) > 2) return []
    const message = `${quote(name)} in ${label} sets nothing: did you mean ${quote(PREFIX + meant)}?`
    return [{ code: 'CONFIG_UNKNOWN_KEY', severity: 'warning', message }]
  })
}
