import type { RunReport, VerifyReport } from '@dbsync/core'
import { type ErrorKind, SyncError } from '@dbsync/core/plugin'
import { CLIError } from '@oclif/core/errors'
import { expect, test } from 'vitest'
import { describeFailure, exitCodeOfReport, exitCodeOfVerification } from './failure.ts'

const context = { redact: (text: string) => text.replaceAll('hunter2', '***'), received: undefined }
const exitOf = (kind: ErrorKind) => describeFailure(new SyncError('X', 'm', { kind }), context).exit

test('every kind has its exit code', () => {
  const kinds: readonly ErrorKind[] = ['config', 'connection', 'privilege', 'transient', 'locked', 'data', 'refused', 'cancelled', 'bug']
  expect(kinds.map(exitOf)).toEqual([2, 3, 3, 3, 4, 1, 1, 130, 70])
})

test('what a report says is in the exit code', () => {
  const report = (status: RunReport['status'], verified?: boolean) =>
    ({ status, tables: verified === undefined ? [{}] : [{ verified: { equal: true } }, { verified: { equal: verified } }] }) as unknown as RunReport
  expect(exitCodeOfReport(report('ok'), undefined)).toBe(0)
  expect(exitCodeOfReport(report('ok', true), undefined)).toBe(0)
  expect(exitCodeOfReport(report('partial'), undefined)).toBe(1)
  expect(exitCodeOfReport(report('partial', false), undefined)).toBe(5)
  expect(exitCodeOfReport(report('cancelled', false), 'SIGTERM')).toBe(143)
  const verification = (status: VerifyReport['status']) => exitCodeOfVerification({ status } as VerifyReport, undefined)
  expect([verification('equal'), verification('different'), verification('incomplete'), verification('cancelled')]).toEqual([0, 5, 1, 130])
})

test('a stop ends with the code of its signal', () => {
  const error = new SyncError('CANCELLED', 'Stopped.', { kind: 'cancelled' })
  expect(describeFailure(error, { ...context, received: 'SIGTERM' }).exit).toBe(143)
})

test('a driver that a signal interrupted is a stop, too', () => {
  const error = new DOMException('aborted', 'AbortError')
  expect(describeFailure(error, { ...context, received: 'SIGINT' }).json).toMatchObject({ kind: 'cancelled', exit: 130 })
  expect(describeFailure(error, context).json).toMatchObject({ kind: 'bug', exit: 70 })
})

test('a secret is masked in a hint, too', () => {
  const error = new SyncError('X', 'no entry for hunter2', { kind: 'data', hint: 'Change hunter2.' })
  expect(describeFailure(error, context).json).toMatchObject({ message: 'no entry for ***', hint: 'Change ***.' })
})

test('message and hint, without secrets and escapes', () => {
  const error = new SyncError('CONNECT', 'cannot log in with hunter2 to \u001b[31mx', {
    kind: 'connection',
    hint: 'GRANT SELECT ON *.*',
    table: { database: 'a', name: 'b' },
  })
  const failure = describeFailure(error, context)
  expect(failure.text).toBe('Error: cannot log in with *** to \\u{1b}[31mx\n  Next: GRANT SELECT ON *.*\n  Code: CONNECT')
  expect(failure.json).toEqual({
    code: 'CONNECT',
    kind: 'connection',
    message: 'cannot log in with *** to \u001b[31mx',
    hint: 'GRANT SELECT ON *.*',
    table: 'a.b',
    exit: 3,
  })
})

test('a fault of ours names the log, or shows a stack where there is none', () => {
  const error = new TypeError('x of hunter2 is undefined')
  expect(describeFailure(error, { ...context, logPath: '/p/logs/x.log' }).text).toContain('report it with the log file. The log is /p/logs/x.log.')
  const { text } = describeFailure(error, context)
  expect(text).toContain('failure.test.ts')
  expect(text).not.toContain('hunter2')
})

test('what failed first is told, not what failed while closing', () => {
  const first = new SyncError('FIRST', 'first', { kind: 'connection' })
  expect(describeFailure(new SuppressedError(new Error('second'), first), context).json.code).toBe('FIRST')
})

test('a wrong flag is a usage error without the parser that found it', () => {
  const error = Object.assign(new CLIError('Nonexistent flag: --x\nSee more help with --help'), { parse: { input: { context: { config: 'everything' } } } })
  expect(describeFailure(error, context).json).toEqual({
    code: 'USAGE',
    kind: 'config',
    message: 'Nonexistent flag: --x',
    hint: 'See the same command with --help.',
    exit: 2,
  })
})
