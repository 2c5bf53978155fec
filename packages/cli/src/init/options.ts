import type { OptionSpec } from '@dbsync/core'
import { printable } from '../printable.ts'
import type { Secret } from './answers.ts'
import { type Desk, isSecret } from './desk.ts'
import type { Check, Prompts } from './prompts.ts'
import { badAnswer } from './question.ts'
import { askSecret } from './secret.ts'

export type OptionAnswers = { readonly options: Readonly<Record<string, unknown>>; readonly secrets: ReadonlyMap<string, Secret> }

/**
 * Plugins name first what everybody sets: asked one by one are the options up to the last one that is needed or secret. The others
 * are offered in one list, as most people need none of them.
 */
export function usualOptions(specs: readonly OptionSpec[]): readonly OptionSpec[] {
  const last = specs.findLastIndex((spec) => spec.required === true || isSecret(spec))
  return specs.slice(0, last + 1)
}

/** Asks for the options of a plugin; `before`: what they are now. */
export async function askOptions(prompts: Prompts, desk: Desk, specs: readonly OptionSpec[], where: string, before: OptionAnswers): Promise<OptionAnswers> {
  const options = new Map(Object.entries(before.options))
  const secrets = new Map(before.secrets)
  const usual = usualOptions(specs)
  const others = specs.filter((spec) => !usual.includes(spec))
  const ask = async (spec: OptionSpec): Promise<void> => {
    if (isSecret(spec)) {
      secrets.set(spec.name, await askSecret(prompts, desk, `the ${spec.name} of ${where}`, secrets.get(spec.name)))
      return
    }
    const value = await askOption(prompts, spec, options.get(spec.name))
    if (value === undefined) options.delete(spec.name)
    else options.set(spec.name, value)
  }
  for (const spec of usual) await ask(spec)
  if (others.length > 0) {
    const names = others.map((spec) => ({ value: spec.name, name: printable(spec.name), about: printable(spec.description) }))
    const set = others.filter(({ name }) => options.has(name)).map(({ name }) => name)
    const wanted = await prompts.some('Anything else to set? (Enter: no)', names, set)
    for (const spec of others) {
      if (wanted.includes(spec.name)) await ask(spec)
      else options.delete(spec.name)
    }
  }
  return { options: Object.fromEntries(options), secrets }
}

async function askOption(prompts: Prompts, spec: OptionSpec, before: unknown): Promise<unknown> {
  const message = `${printable(spec.description)} (${printable(spec.name)})`
  const fallback = before ?? spec.default
  if (spec.kind === 'boolean') return prompts.yes(message, fallback === true)
  if (spec.choices !== undefined) {
    const choices = spec.choices.map((choice) => ({ value: choice, name: printable(choice) }))
    return prompts.one(message, choices, typeof fallback === 'string' ? fallback : undefined)
  }
  const text = fallback === undefined || typeof fallback === 'string' ? fallback : JSON.stringify(fallback)
  const check: Check<string> = (typed) => (typed === '' && spec.required !== true ? undefined : optionFault(spec, typed))
  const typed = await prompts.text(message, { fallback: text, check })
  return typed === '' ? undefined : optionValue(spec, typed)
}

const optionFault = (spec: OptionSpec, text: string): string | undefined =>
  text === ''
    ? 'Something has to stand here.'
    : optionValue(spec, text) === undefined
      ? `It must be ${{ number: 'a number', boolean: 'true or false', object: 'an object, as JSON', string: 'text', secret: 'text' }[spec.kind]}.`
      : undefined

/** What a text means for this option; `undefined`: nothing that it can be. */
function optionValue({ kind }: OptionSpec, text: string): unknown {
  switch (kind) {
    case 'string':
    case 'secret':
      return text
    case 'number':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined
    case 'boolean':
      return ['true', 'yes', '1'].includes(text) ? true : ['false', 'no', '0'].includes(text) ? false : undefined
    case 'object':
      return parsedObject(text)
  }
}

function parsedObject(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Options as an address gives them. Throws `INIT_ANSWER`. */
export function givenOption(specs: readonly OptionSpec[], name: string, text: string): readonly [string, unknown] {
  const spec = specs.find((candidate) => candidate.name === name)
  if (spec === undefined) {
    throw badAnswer('target', `names an option that there is not: ${printable(name)}. There are: ${specs.map((each) => each.name).join(', ')}.`)
  }
  const fault = isSecret(spec) ? undefined : optionFault(spec, text)
  if (fault !== undefined) throw badAnswer('target', `has a wrong ${printable(name)}: ${fault}`)
  return [name, optionValue(spec, text)]
}
