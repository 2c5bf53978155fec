import { SyncError } from '@dbsync/core/plugin'
import type { Answers, Known } from './answers.ts'
import { type Desk, missing, tellError } from './desk.ts'
import type { Prompts } from './prompts.ts'
import type { AnyQuestion, Question, Theme } from './question.ts'

/** One pass over the questions, theme by theme; each theme is tried out before the next one begins. Throws `INIT_MISSING` before anything is tried. */
export async function askAll(themes: readonly Theme[], desk: Desk): Promise<Answers> {
  const questions = themes.flatMap((theme) => theme.questions)
  let known = fromFlags(questions, desk)
  if (desk.prompts === undefined) {
    const gaps = questions.filter((question) => question.required === true && isOpen(question, known, desk))
    if (gaps.length > 0) throw missing(gaps.map(({ flag, helpValue = '', summary }) => `--${flag} ${helpValue}: ${summary}`))
  }
  for (const theme of themes) known = await askTheme(theme, known, desk)
  return known as Answers
}

function fromFlags(questions: readonly AnyQuestion[], desk: Desk): Known {
  let known: Known = {}
  for (const question of questions) {
    const given = desk.given.get(question.flag)
    if (given !== undefined) known = { ...known, [question.id]: question.parse(given, desk) }
  }
  return known
}

const isOpen = (question: AnyQuestion, known: Known, desk: Desk): boolean =>
  known[question.id] === undefined && (question.fallback(known, desk) === undefined || isEmpty(question.fallback(known, desk)))

const isEmpty = (value: unknown): boolean => value === ''

async function askTheme(theme: Theme, before: Known, desk: Desk): Promise<Known> {
  const { prompts } = desk
  let known = before
  if (prompts !== undefined) desk.say(`\n${theme.title}`)
  for (let again = false; ; again = true) {
    for (const question of theme.questions) known = await answered(question, known, desk, again)
    try {
      await theme.tryOut?.(known, desk)
      return known
    } catch (error) {
      if (prompts === undefined || !SyncError.is(error) || error.kind === 'cancelled') throw error
      tellError(error, desk)
      if (!(await prompts.yes('Correct the answers and try again?', true))) throw error
    }
  }
}

/** `again`: the answers so far did not work; they are what is offered. */
async function answered<Id extends keyof Answers>(question: Question<Id>, known: Known, desk: Desk, again: boolean): Promise<Known> {
  const before = known[question.id] as Answers[Id] | undefined
  if (before !== undefined && !again) return known
  const value = await obtained(question, known, desk, before)
  return { ...known, [question.id]: value }
}

async function obtained<Id extends keyof Answers>(question: Question<Id>, known: Known, desk: Desk, before: Answers[Id] | undefined): Promise<Answers[Id]> {
  const fallback = before ?? question.fallback(known, desk)
  const prompts: Prompts | undefined = question.applies?.(known, desk) === false ? undefined : desk.prompts
  if (prompts !== undefined) return question.ask(prompts, fallback, known, desk)
  if (fallback === undefined) throw missing([`--${question.flag} ${question.helpValue ?? ''}: ${question.summary}`])
  return fallback
}
