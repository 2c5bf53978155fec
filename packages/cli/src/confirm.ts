import { createInterface } from 'node:readline/promises'

/** Asks on the terminal; anything but yes is no. */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    // On a terminal of its own readline takes Ctrl-C for itself.
    terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim())
  } finally {
    terminal.close()
  }
}
