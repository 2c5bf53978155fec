import { SyncError } from '@dbsync/core/plugin'
import type { CliCode } from '../codes.ts'

export type Choice<T> = {
  readonly value: T
  /** Printable. */
  readonly name: string
  /** Shown below the list while the cursor is on it. */
  readonly about?: string
  /** Why it cannot be chosen. */
  readonly disabled?: string
}

/** What is wrong with an answer, in a sentence; `undefined`: nothing. */
export type Check<T> = (value: T) => string | undefined

/** Somebody who can be asked. Every question may throw `CANCELLED`. */
export interface Prompts {
  text(message: string, options?: { readonly fallback?: string | undefined; readonly check?: Check<string> }): Promise<string>
  secret(message: string): Promise<string>
  one<T>(message: string, choices: readonly Choice<T>[], fallback?: T): Promise<T>
  some<T>(message: string, choices: readonly Choice<T>[], chosen: readonly T[], check?: Check<readonly T[]>): Promise<readonly T[]>
  yes(message: string, fallback: boolean): Promise<boolean>
}

/** Questions on the terminal, drawn on stderr: stdout is for data. */
export async function terminalPrompts(signal: AbortSignal): Promise<Prompts> {
  const { default: inquirer } = await import('inquirer')
  const prompt = inquirer.createPromptModule({ output: process.stderr, signal, clearPromptOnDone: false })
  const ask = async <T>(question: object): Promise<T> => {
    try {
      const answers: Readonly<Record<string, unknown>> = await prompt([{ ...question, name: 'answer' }] as never)
      return answers.answer as T
    } catch (error) {
      throw stopped(error, signal)
    }
  }
  const validate = <T>(check: Check<T> | undefined) => (check === undefined ? {} : { validate: (value: T) => check(value) ?? true })
  const drawn = <T>(choices: readonly Choice<T>[], names: boolean) =>
    choices.map(({ value, name, about, disabled }) => ({
      value,
      name,
      short: names ? name : (name.split(' (')[0] ?? name),
      ...(about === undefined ? {} : { description: about }),
      ...(disabled === undefined ? {} : { disabled }),
    }))
  return {
    text: async (message, { fallback, check } = {}) =>
      (await ask<string>({ type: 'input', message, transformer: hidden, ...(fallback === undefined ? {} : { default: fallback }), ...validate(check) })).trim(),
    secret: (message) =>
      ask<string>({ type: 'password', message, mask: '*', ...validate((value: string) => (value === '' ? 'Nothing was typed.' : undefined)) }),
    one: (message, choices, fallback) =>
      ask({ type: 'select', message, choices: drawn(choices, false), pageSize: 10, loop: false, ...(fallback === undefined ? {} : { default: fallback }) }),
    some<T>(message: string, choices: readonly Choice<T>[], chosen: readonly T[], check?: Check<readonly T[]>) {
      const checked = drawn(choices, true).map((choice) => ({ ...choice, checked: chosen.includes(choice.value) }))
      // inquirer hands over the choices, not their values.
      const test = check === undefined ? undefined : (picked: readonly { readonly value: T }[]) => check(picked.map(({ value }) => value))
      return ask<readonly T[]>({ type: 'checkbox', message, choices: checked, pageSize: 12, loop: false, ...validate(test) })
    },
    yes: (message, fallback) => ask<boolean>({ type: 'confirm', message, default: fallback }),
  }
}

/** Ctrl-C, a closed terminal and a signal are one thing: nobody wants to go on. */
function stopped(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (!(error instanceof Error) || !/^(ExitPrompt|AbortPrompt|CancelPrompt)Error$/.test(error.name)) return error
  return new SyncError('CANCELLED' satisfies CliCode, 'Stopped at a question.', { kind: 'cancelled', hint: 'Nothing was written. Run dbsync init again.' })
}

/** The password of an address does not stay on the screen. */
const hidden = (text: string): string => text.replace(/(:\/\/[^\s:/@]*:)[^\s/]*(?=@)/, '$1***')
