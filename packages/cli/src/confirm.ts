import { createInterface } from 'node:readline/promises'
import { SyncError } from '@dbsync/core/plugin'
import type { CliCode } from './codes.ts'
import type { Session } from './session.ts'

/** Asks on the terminal; anything but yes is no. */
async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    // On a terminal of its own readline takes Ctrl-C for itself.
    terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim())
  } finally {
    terminal.close()
  }
}

export type Question = {
  /** What would happen, as the beginning of a sentence. */
  readonly what: string
  /** What is to be seen before the answer; made only where somebody sees it. */
  readonly shown: () => string | Promise<string>
  readonly question: string
  /** The flag that shows it and changes nothing. */
  readonly look: '--dry-run' | '--preview'
}

/** Throws unless somebody says yes to it: `CONFIRMATION` where nobody is there to ask, `DECLINED` at any other answer. */
export async function ask({ what, shown, question, look }: Question, json: boolean, { interrupt }: Session): Promise<void> {
  if (json || !process.stdin.isTTY || !process.stderr.isTTY) {
    throw new SyncError('CONFIRMATION' satisfies CliCode, `${what}, and nobody is there to ask.`, {
      kind: 'config',
      hint: `Look at it with ${look}, and say --yes.`,
    })
  }
  process.stderr.write(`${await shown()}\n\n`)
  if (await confirm(question, interrupt.signal)) return
  throw new SyncError('DECLINED' satisfies CliCode, 'Nothing was changed.', { kind: 'refused' })
}
