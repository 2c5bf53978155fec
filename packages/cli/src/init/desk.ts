import { type Finding, type OptionSpec, type Peeked, resolveReference, type SettingKey, SyncError } from '@dbsync/core'
import type { CliCode } from '../codes.ts'
import { printableLines } from '../printable.ts'
import type { PluginHost, Registry } from '../registry.ts'
import type { Session } from '../session.ts'
import type { Secret } from './answers.ts'
import type { OpenedSource } from './found.ts'
import type { Prompts } from './prompts.ts'

/** What all questions and trials have at hand. */
export interface Desk {
  readonly host: PluginHost
  readonly registry: Registry
  readonly session: Session
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** What the folder's files and the environment say already. */
  readonly existing: Peeked
  /** Nobody is there to ask: `undefined`. */
  readonly prompts: Prompts | undefined
  /** The flags that answer questions, by name. */
  readonly given: ReadonlyMap<string, readonly string[]>
  readonly secretsGo: 'env-file' | 'plain'
  readonly redact: (text: string) => string
  /** What is to be read by people, on stderr. Printable already. */
  readonly say: (text: string) => void
  /** The same for sentences: wrapped to the terminal. */
  readonly tell: (text: string) => void
  /** Of the terminal, less the indent. */
  readonly width: number
  readonly warnings: string[]
  /** What is wrong with the set-up of an end, with the way out. */
  readonly findings: Finding[]
  /** What was tried last could not log in: a password that was typed is to be typed again. */
  loginRefused?: boolean
  /** The source, once it was opened. */
  source?: OpenedSource | undefined
}

export const settingOf = (desk: Desk, key: SettingKey): unknown => desk.existing.setting(key)?.value

export const textOf = (desk: Desk, key: SettingKey): string | undefined => {
  const value = settingOf(desk, key)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

export const listOf = (desk: Desk, key: SettingKey): readonly string[] | undefined => settingOf(desk, key) as readonly string[] | undefined

/** The secret itself, for trying it out; kept out of everything that is shown. `about` names it in errors. */
export async function revealed(desk: Desk, secret: Secret, about: string): Promise<string | undefined> {
  if (secret.kind === 'none') return undefined
  const context = { variable: (name: string) => desk.existing.variable(name), source: () => undefined, signal: desk.session.interrupt.signal }
  const value = secret.kind === 'reference' ? await resolveReference(secret.reference, about, desk.cwd, context) : secret.value
  if (value !== '') desk.session.secrets.add(value)
  return value
}

export const isSecret = ({ kind }: OptionSpec): boolean => kind === 'secret'

export const missing = (lines: readonly string[]): SyncError =>
  new SyncError('INIT_MISSING' satisfies CliCode, `These answers are missing, and nobody is there to ask:\n${lines.map((line) => `  ${line}`).join('\n')}`, {
    kind: 'config',
    hint: 'Give them as flags, or run dbsync init in a terminal without --yes and --json.',
  })

/** What did not work, while there is somebody who can put it right. */
export function tellError({ code, message, hint }: SyncError, desk: Desk): void {
  const { tell } = desk
  desk.loginRefused = code.endsWith('_LOGIN')
  tell(`✗ ${printableLines(message)}`)
  if (hint !== undefined) tell(`  Next: ${printableLines(hint)}`)
}
