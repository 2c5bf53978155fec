import { SyncError } from '@dbsync/core/plugin'
import type { CliCode } from './codes.ts'

export type StopSignal = 'SIGINT' | 'SIGTERM'

export interface Interrupt extends Disposable {
  readonly signal: AbortSignal
  received(): StopSignal | undefined
  /** Called once, at the first signal. */
  onStop(listener: () => void): void
}

export const stopExitCode = (signal: StopSignal): number => (signal === 'SIGINT' ? 130 : 143)

// Ctrl-C reaches the whole process group, and a package manager in front of us passes its own copy on.
const SAME_KEYPRESS_MS = 500

/**
 * The first SIGINT or SIGTERM aborts `signal`, so that work stops at its next safe point; a second one ends the process at once,
 * which is safe too: whatever is not committed is put right by the next run.
 */
export function interruptible(exit: (code: number) => void = endNow): Interrupt {
  const controller = new AbortController()
  const listeners: (() => void)[] = []
  let first: { readonly signal: StopSignal; readonly at: number } | undefined

  const stop = (signal: StopSignal): void => {
    if (first !== undefined) {
      if (performance.now() - first.at > SAME_KEYPRESS_MS) exit(stopExitCode(signal))
      return
    }
    first = { signal, at: performance.now() }
    controller.abort(
      new SyncError('CANCELLED' satisfies CliCode, `Stopped by ${signal}.`, { kind: 'cancelled', hint: 'Run it again: it goes on from where it is.' }),
    )
    for (const listener of listeners) listener()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)

  return {
    signal: controller.signal,
    received: () => first?.signal,
    onStop: (listener) => void listeners.push(listener),
    [Symbol.dispose]() {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
    },
  }
}

const SHOW_CURSOR = '\u001b[?25h'

function endNow(code: number): void {
  if (process.stderr.isTTY) process.stderr.write(`${SHOW_CURSOR}\n`)
  process.exit(code)
}
