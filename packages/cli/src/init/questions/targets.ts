import type { OptionSpec, TargetConfig } from '@dbsync/core'
import { SyncError } from '@dbsync/core/plugin'
import { printable } from '../../printable.ts'
import { INSTALLABLE, isProblem, providerFor } from '../../provider-for.ts'
import { parseAddress } from '../address.ts'
import type { Known, Secret, TargetAnswer } from '../answers.ts'
import { type Desk, isSecret, tellError } from '../desk.ts'
import { askOptions, givenOption, type OptionAnswers } from '../options.ts'
import type { Prompts } from '../prompts.ts'
import { badAnswer, type Question, type Theme } from '../question.ts'
import { givenSecret } from '../secret.ts'
import { showTarget, withTarget } from '../try-target.ts'

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}_-]{0,63}$/u
const ANY_DATABASE = '{database}'

const targets: Question<'targets'> = {
  id: 'targets',
  flag: 'target',
  summary: 'Where to copy to: [NAME=]mysql://user@host:3306/{database}_copy, or [NAME=]TYPE:?OPTION=VALUE&… of any plugin.',
  helpValue: 'ADDRESS',
  several: true,
  required: true,
  parse(given, desk) {
    const answers: TargetAnswer[] = []
    for (const text of given) answers.push(parseTarget(text, desk, answers))
    return answers
  },
  fallback: (_known, desk) => (desk.existing.targets.length > 0 ? [] : undefined),
  async ask(prompts, _fallback, known, desk) {
    const answers: TargetAnswer[] = []
    for (const target of desk.existing.targets) {
      desk.say(`The files have the target ${printable(target.name)} (${printable(target.type)}).`)
      const changed = await keptOrChanged(prompts, asAnswer(target, desk), known, desk)
      if (changed !== undefined) answers.push(changed)
    }
    const taken = () => [...desk.existing.targets, ...answers].map(({ name }) => name)
    while (taken().length === 0 || (await prompts.yes('Another target?', false))) answers.push(await askTarget(prompts, known, desk, taken()))
    return answers
  },
}

/** A target that the files have is tried, and asked for again only where it does not work. */
async function keptOrChanged(prompts: Prompts, kept: TargetAnswer, known: Known, desk: Desk): Promise<TargetAnswer | undefined> {
  try {
    if (await settled(prompts, kept, known, desk)) return undefined
    return completed(prompts, kept, known, desk)
  } catch (error) {
    if (!SyncError.is(error) || error.kind === 'cancelled') throw error
    tellError(error, desk)
    if (!(await prompts.yes('Correct it now? (otherwise it stays as it is)', true))) return undefined
    return completed(prompts, kept, known, desk)
  }
}

async function askTarget(prompts: Prompts, known: Known, desk: Desk, taken: readonly string[]): Promise<TargetAnswer> {
  const type = await prompts.one('Where does the copy go?', typeChoices(desk))
  const first = taken.length === 0 ? 'copy' : type
  const free = [first, ...Array.from({ length: 100 }, (_, index) => `${first}${index + 2}`)].find((name) => !taken.includes(name)) ?? first
  const name = await prompts.text('A name for this target', { fallback: free, check: (text) => nameFault(text, taken) })
  return completed(prompts, { name, type, database: '', options: {}, secrets: new Map() }, known, desk)
}

const nameFault = (text: string, taken: readonly string[]): string | undefined =>
  taken.includes(text) ? 'There is one of this name.' : NAME.test(text) ? undefined : 'Letters, digits, - and _ only.'

/** Those that are installed, and those that could be. */
function typeChoices({ registry }: Desk) {
  const installed = [...registry.targets].map(([type, { provider }]) => ({ value: type, name: printable(type), about: printable(provider.summary) }))
  const known = Object.entries(INSTALLABLE.target).filter(([type]) => !registry.targets.has(type))
  const first = installed.filter(({ value }) => value === 'mysql')
  const others = installed.filter(({ value }) => value !== 'mysql')
  return [...first, ...others, ...known.map(([type, plugin]) => ({ value: type, name: type, disabled: `after: dbsync plugins install ${plugin}` }))]
}

/** Asks for the options until the target can be opened, then for the name of the database there. */
async function completed(prompts: Prompts, start: TargetAnswer, known: Known, desk: Desk): Promise<TargetAnswer> {
  let answer = start
  for (;;) {
    const asked: OptionAnswers = await askOptions(prompts, desk, specsOf(answer.type, desk), `target ${printable(answer.name)}`, answer)
    answer = { ...answer, ...asked }
    try {
      answer = { ...answer, database: await askDatabase(prompts, answer, desk) }
      if (await settled(prompts, answer, known, desk)) return answer
    } catch (error) {
      if (!SyncError.is(error) || error.kind === 'cancelled') throw error
      tellError(error, desk)
      if (!(await prompts.yes('Correct the answers and try again?', true))) throw error
    }
  }
}

/** Rights are mostly given by somebody else, in another window: there is time for that. `false`: other answers are wanted. */
async function settled(prompts: Prompts, answer: TargetAnswer, known: Known, desk: Desk): Promise<boolean> {
  for (;;) {
    if (await showTarget(answer, known, desk)) return true
    const next = await prompts.one<'look' | 'change' | 'go on'>('Runs would fail like this.', [
      { value: 'look', name: 'I have put it right: look again' },
      { value: 'change', name: 'I change the answers for this target' },
      { value: 'go on', name: 'I put it right later' },
    ])
    if (next !== 'look') return next === 'go on'
  }
}

async function askDatabase(prompts: Prompts, answer: TargetAnswer, desk: Desk): Promise<string> {
  const same = await withTarget(answer, desk, async ({ identity }) => identity.id === desk.source?.identity.id)
  return prompts.text(
    same ? 'Name of the copy ({database}: its name at the source; not the same here)' : 'Name of the copy ({database}: its name at the source)',
    {
      fallback: answer.database === '' ? (same ? `${ANY_DATABASE}_copy` : ANY_DATABASE) : answer.database,
      check: (text) => templateFault(text, same),
    },
  )
}

function templateFault(text: string, same: boolean): string | undefined {
  if (text === '') return 'Something has to stand here.'
  if (/\{(?!database\})/.test(text)) return 'Only {database} is filled in.'
  return same && text === ANY_DATABASE ? 'The source is on this server: the copy needs another name.' : undefined
}

function specsOf(type: string, desk: Desk): readonly OptionSpec[] {
  const found = providerFor(desk.registry.targets, 'target', type, 'target')
  if (!isProblem(found)) return found.provider.options
  throw new SyncError(found.code, found.message, { kind: 'config', ...(found.hint === undefined ? {} : { hint: found.hint }) })
}

/** Options of the files: paths are absolute by now, and secrets references or plain. */
function asAnswer({ name, type, database, options }: TargetConfig, desk: Desk): TargetAnswer {
  const secret = new Set((desk.registry.targets.get(type)?.provider.options ?? []).filter(isSecret).map((spec) => spec.name))
  const entries = Object.entries(options)
  return {
    name,
    type,
    database,
    options: Object.fromEntries(entries.filter(([key]) => !secret.has(key))),
    secrets: new Map(
      entries.filter(([key]) => secret.has(key)).map(([key, value]): [string, Secret] => [key, { kind: 'reference', reference: String(value) }]),
    ),
  }
}

/** `copy=mysql://user@host/{database}_copy?ssl=…`. Throws `INIT_ANSWER`. */
function parseTarget(text: string, desk: Desk, before: readonly TargetAnswer[]): TargetAnswer {
  const [, named, address = ''] = /^(?:([^=:/?]+)=)?([\s\S]*)$/.exec(text) ?? []
  const { type, host, port, user, password, path, query } = parseAddress(address)
  if (password !== undefined) desk.session.secrets.add(password)
  const taken = before.map((other) => other.name)
  const name = named ?? (taken.length === 0 ? 'copy' : type)
  const fault = nameFault(name, taken)
  if (fault !== undefined) throw badAnswer('target', `cannot have the name ${printable(name)}: ${fault} Write NAME=ADDRESS.`)
  const specs = specsOf(type, desk)
  const database = query.get('database') ?? path ?? ANY_DATABASE
  const wrong = templateFault(database, false)
  if (wrong !== undefined) throw badAnswer('target', `${printable(name)}: ${wrong}`)
  const parts = [
    ...Object.entries({ host, port, user, password }).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)] as const])),
    ...query,
  ]
  const given = parts.filter(([key]) => key !== 'database').map(([key, value]) => givenOption(specs, key, value))
  const secret = new Set(specs.filter(isSecret).map((spec) => spec.name))
  return {
    name,
    type,
    database,
    options: Object.fromEntries(given.filter(([key]) => !secret.has(key))),
    secrets: new Map(given.filter(([key]) => secret.has(key)).map(([key, value]) => [key, givenSecret(desk, String(value))])),
  }
}

export const TARGETS: Theme = {
  title: 'Where the copy goes',
  questions: [targets],
  async tryOut(known, desk) {
    // Asked for, they were tried one by one.
    if (desk.prompts !== undefined && !desk.given.has('target')) return
    const changed = known.targets ?? []
    const kept = desk.existing.targets.filter(({ name }) => !changed.some((target) => target.name === name))
    for (const answer of [...kept.map((target) => asAnswer(target, desk)), ...changed]) await showTarget(answer, known, desk)
  },
}
