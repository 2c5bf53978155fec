import { escapeName, isLiteral, literalName, nameMatcher } from '@dbsync/core'
import { printable } from '../printable.ts'
import type { Prompts } from './prompts.ts'

/** Lists that are longer are narrowed by a pattern first. */
const LONG = 30

export type Named = {
  readonly name: string
  /** In brackets behind the name. */
  readonly about: string
  /** The pattern that means it and nothing else. */
  readonly pattern: string
}

/** Patterns that somebody types: separated by commas; a comma in a name is `\,`. */
export const patternsIn = (text: string): readonly string[] =>
  text.trim() === '' ? [] : (text.match(/(?:^|,)(?:\\[\s\S]|[^,\\]|\\$)*/g) ?? []).map((item) => item.replace(/^,/, '').trim()).filter((item) => item !== '')

/** Names to be ticked, as patterns; ticked beforehand: those that `before` matches. */
export async function tick(prompts: Prompts, message: string, all: readonly Named[], before: (name: Named) => boolean): Promise<readonly string[]> {
  let shown = all
  if (all.length > LONG) {
    const matching = (text: string) => all.filter(({ name }) => nameMatcher([/[*?[]/.test(text) ? text : `*${escapeName(text)}*`])(name))
    const typed = await prompts.text(`There are ${all.length}. Show those that contain, or match (* ?)`, {
      check: (text) => (text === '' || matching(text).length > 0 ? undefined : 'None of them does.'),
    })
    if (typed !== '') shown = matching(typed)
  }
  const choices = shown.map(({ name, about, pattern }) => ({ value: pattern, name: about === '' ? printable(name) : `${printable(name)} (${about})` }))
  const chosen = shown.filter(before).map(({ pattern }) => pattern)
  // What was chosen and is not shown now stays chosen.
  const rest = all.filter((name) => before(name) && !shown.includes(name)).map(({ pattern }) => pattern)
  const check = (picked: readonly string[]) => (picked.length + rest.length === 0 ? 'Tick at least one, with the space bar.' : undefined)
  return [...(await prompts.some(message, choices, chosen, check)), ...rest]
}

/** Names among the patterns that are not there. */
export const notThere = (patterns: readonly string[], names: readonly string[]): readonly string[] =>
  patterns.filter((pattern) => isLiteral(pattern) && !names.includes(literalName(pattern)))
