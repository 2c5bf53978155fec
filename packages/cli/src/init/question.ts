import { SyncError } from '@dbsync/core/plugin'
import type { CliCode } from '../codes.ts'
import type { Answers, Known } from './answers.ts'
import type { Desk } from './desk.ts'
import type { Check, Prompts } from './prompts.ts'

/** One thing that has to be known, and every way to get to know it. */
export interface Question<Id extends keyof Answers = keyof Answers> {
  readonly id: Id
  /** Of the command line, without dashes. */
  readonly flag: string
  readonly summary: string
  readonly helpValue?: string
  /** The flag may be given several times. */
  readonly several?: true
  /** Without a prompt there is no way around the flag, where neither the files nor a default say it. */
  readonly required?: true
  /** `false`: what is known already makes it pointless. */
  applies?(known: Known, desk: Desk): boolean
  /** What the flag says. Throws `INIT_ANSWER`. */
  parse(given: readonly string[], desk: Desk): Answers[Id]
  /** What the files say, or what suits most. */
  fallback(known: Known, desk: Desk): Answers[Id] | undefined
  ask(prompts: Prompts, fallback: Answers[Id] | undefined, known: Known, desk: Desk): Promise<Answers[Id]>
}

export type AnyQuestion = { readonly [Id in keyof Answers]: Question<Id> }[keyof Answers]

/** Questions that belong together, and what is tried once they are answered. */
export type Theme = {
  readonly title: string
  readonly questions: readonly AnyQuestion[]
  /** Throws a `SyncError` where the answers do not work: with somebody to ask, they are asked again. */
  tryOut?(known: Known, desk: Desk): Promise<void>
}

/** A flag that cannot be understood. Never shows what was given where that may be a secret. */
export const badAnswer = (flag: string, message: string): SyncError =>
  new SyncError('INIT_ANSWER' satisfies CliCode, `--${flag} ${message}`, { kind: 'config', hint: 'See dbsync init --help.' })

/** The one text of a flag, checked as a typed answer is. */
export function onlyText(flag: string, given: readonly string[], check: Check<string>): string {
  const text = given.at(-1) ?? ''
  const fault = check(text)
  if (fault !== undefined) throw badAnswer(flag, `cannot be used: ${fault}`)
  return text
}

export const filled: Check<string> = (text) => (text.trim() === '' ? 'Something has to stand here.' : undefined)

export const wholeNumber =
  (least: number, most: number): Check<string> =>
  (text) =>
    /^\d{1,9}$/.test(text.trim()) && Number(text) >= least && Number(text) <= most ? undefined : `It must be a whole number from ${least} to ${most}.`

/** A question that yes or no answers; its flag has a `no-` form. */
export const yesNo = <Id extends 'backup' | 'verify'>(
  id: Id,
  options: { readonly summary: string; readonly message: string; readonly fallback: (desk: Desk) => boolean },
): Question<Id> => ({
  id,
  flag: id,
  summary: options.summary,
  parse: (given) => given.at(-1) === 'true',
  fallback: (_known, desk) => options.fallback(desk),
  ask: (prompts, fallback) => prompts.yes(options.message, fallback ?? true),
})
