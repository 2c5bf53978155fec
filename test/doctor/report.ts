import { expect } from 'vitest'
import { type Outcome, said } from '../dbsync.ts'

export type Fix =
  | { readonly by: 'sql'; readonly statements: readonly string[]; readonly keep?: string }
  | { readonly by: 'command'; readonly commands: readonly string[] }
  | { readonly by: 'setting'; readonly file: string; readonly value: Settings }
  | { readonly by: 'hand'; readonly text: string }

export type Settings = { readonly [key: string]: unknown }

export type Found = {
  /** `source/rights`: the group and what was looked at. */
  readonly name: string
  readonly group: string
  readonly level: 'ok' | 'note' | 'warning' | 'failure' | 'unchecked'
  readonly message: string
  readonly fix?: Fix
}

type Json = { readonly groups: readonly { readonly id: string; readonly findings: readonly (Omit<Found, 'name' | 'group'> & { readonly id: string })[] }[] }

/** The findings of `dbsync doctor --json`, in order. */
export function findings(outcome: Outcome): readonly Found[] {
  const { groups } = (outcome.json ?? {}) as Partial<Json>
  if (groups === undefined) throw new Error(`no findings: ${said(outcome)}`)
  return groups.flatMap(({ id: group, findings: found }) => found.map(({ id, ...finding }) => ({ name: `${group}/${id}`, group, ...finding })))
}

/** All that somebody should do something about. */
export const troubles = (found: readonly Found[]): readonly Found[] =>
  found.filter(({ level, fix }) => level !== 'ok' && (level !== 'note' || fix !== undefined))

/** What a person reads has every statement, command and setting as it stands in the data, each as a line of its own. */
export function expectPrinted(found: readonly Found[], printed: string): void {
  const lines = new Set(printed.split('\n').map((line) => line.trim()))
  const exact = found.flatMap(({ fix }) => (fix?.by === 'sql' ? fix.statements : fix?.by === 'command' ? fix.commands : []))
  for (const line of exact) expect(lines, line).toContain(line)
  const settings = found.flatMap(({ fix }) => (fix?.by === 'setting' ? Object.entries(fix.value) : []))
  const shown = [...lines].filter((line) => /^"\w+": /.test(line)).map((line) => JSON.parse(`{${line}}`) as unknown)
  for (const [key, value] of settings) expect(shown).toContainEqual({ [key]: value })
}
