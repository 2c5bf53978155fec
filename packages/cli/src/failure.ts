import { stripVTControlCharacters } from 'node:util'
import type { ErrorJson, ErrorKind, RunReport, VerifyReport } from '@dbsync/core'
import { errorJson, firstError, SyncError, tableName } from '@dbsync/core/plugin'
import type { CliCode } from './codes.ts'
import { printable, printableLines } from './printable.ts'
import { type StopSignal, stopExitCode } from './signals.ts'

/** 0, what a report says, and what ends a command are all there is: documented in `dbsync help run`. */
const EXIT_CODES: Readonly<Record<Exclude<ErrorKind, 'cancelled'>, number>> = {
  config: 2,
  connection: 3,
  privilege: 3,
  transient: 3,
  locked: 4,
  data: 1,
  refused: 1,
  bug: 70,
}

export const STALE_EXIT_CODE = 6

export type FailureContext = {
  readonly redact: (text: string) => string
  readonly received: StopSignal | undefined
  /** Where the log of this command is, when it could be written. */
  readonly logPath?: string | undefined
}

export type Failure = {
  readonly exit: number
  readonly json: ErrorJson & { readonly table?: string; readonly exit: number }
  /** For stderr, without colours, secrets or control characters. */
  readonly text: string
}

/** What is said of anything thrown. Never holds a stack, a secret, or the command line's own configuration. */
export function describeFailure(thrown: unknown, context: FailureContext): Failure {
  const error = firstError(thrown)
  const { code, kind, message, hint } = stopped(error, context.received) ?? usage(error) ?? errorJson(error)
  const exit = exitCodeOf(kind, context.received)
  const fullHint = kind === 'bug' && context.logPath !== undefined ? `${hint ?? ''} The log is ${context.logPath}.`.trimStart() : hint
  const table = SyncError.is(error) && error.table !== undefined ? tableName(error.table) : undefined
  const shown = {
    code,
    kind,
    message: context.redact(message),
    ...(fullHint === undefined ? {} : { hint: context.redact(fullHint) }),
    ...(table === undefined ? {} : { table }),
    exit,
  }
  // Without a log the stack is all that a report of the fault could hold.
  const stack = kind === 'bug' && context.logPath === undefined && error instanceof Error ? `\n${printableLines(context.redact(error.stack ?? ''))}` : ''
  return { exit, json: shown, text: `${failureText(shown)}${stack}` }
}

function exitCodeOf(kind: ErrorKind, received: StopSignal | undefined): number {
  return kind === 'cancelled' ? stopExitCode(received ?? 'SIGINT') : EXIT_CODES[kind]
}

const DIFFERENT_EXIT_CODE = 5

export function exitCodeOfReport(report: RunReport, received: StopSignal | undefined): number {
  if (report.status === 'cancelled') return exitCodeOf('cancelled', received)
  if (report.tables.some(({ verified }) => verified?.equal === false)) return DIFFERENT_EXIT_CODE
  return report.status === 'ok' ? 0 : 1
}

export function exitCodeOfVerification({ status }: VerifyReport, received: StopSignal | undefined): number {
  if (status === 'cancelled') return exitCodeOf('cancelled', received)
  return status === 'equal' ? 0 : status === 'different' ? DIFFERENT_EXIT_CODE : 1
}

function failureText(error: ErrorJson): string {
  const lines = [`Error: ${printableLines(error.message)}`]
  if (error.hint !== undefined) lines.push(`  Next: ${printableLines(error.hint, '        ')}`)
  return [...lines, `  Code: ${printable(error.code)}`].join('\n')
}

/** A driver that is interrupted throws errors of its own; they say nothing that the signal does not. */
function stopped(error: unknown, received: StopSignal | undefined): ErrorJson | undefined {
  if (received === undefined || !(error instanceof Error) || error.name !== 'AbortError') return undefined
  return { code: 'CANCELLED' satisfies CliCode, kind: 'cancelled', message: `Stopped by ${received}.` }
}

/** A wrong flag or argument: oclif's errors carry the parser and with it the whole configuration, so only the message is taken. */
function usage(error: unknown): ErrorJson | undefined {
  if (!isOclifError(error)) return undefined
  return {
    code: 'USAGE' satisfies CliCode,
    kind: 'config',
    message: stripVTControlCharacters(error.message).replace(/\s*See more help with --help$/, ''),
    hint: 'See the same command with --help.',
  }
}

/** An error that oclif made itself: it prints and exits for these. */
export const isOclifError = (error: unknown): error is Error => error instanceof Error && 'oclif' in error && !SyncError.is(error)
