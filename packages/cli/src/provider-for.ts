import { nearest, type Problem } from '@dbsync/core'
import { printable } from './printable.ts'
import type { Registered } from './registry.ts'

export type Role = 'source' | 'target' | 'state store'

/** Plugins that exist and do not come with dbsync. */
export const INSTALLABLE: Readonly<Record<Role, Readonly<Record<string, string>>>> = {
  source: {},
  target: { bigquery: '@dbsync/plugin-bigquery-target', duckdb: '@dbsync/plugin-duckdb-target' },
  'state store': {},
}

/** The provider of this type, or what to tell somebody whose configuration names a type that is not installed. */
export function providerFor<T>(installed: ReadonlyMap<string, Registered<T>>, role: Role, type: string, where: string): Registered<T> | Problem {
  const registered = installed.get(type)
  if (registered !== undefined) return registered

  const known = new Map(Object.entries(INSTALLABLE[role]))
  const types = [...installed.keys()]
  const message = `${where}: no ${role} of the type "${printable(type)}" is installed (installed: ${types.length === 0 ? 'none' : types.join(', ')})`
  const near = nearest(type, [...types, ...known.keys()])
  const plugin = known.get(type) ?? known.get(near ?? '')
  const install = plugin === undefined ? '' : `dbsync plugins install ${plugin}`
  const meant = near === undefined ? 'See what is installed with: dbsync targets' : `Did you mean "${near}"? ${install}`.trimEnd()
  return { code: 'CONFIG_TYPE', severity: 'error', message, hint: known.has(type) ? install : meant }
}

export const isProblem = <T>(answer: Registered<T> | Problem): answer is Problem => 'message' in answer
