import type { Log } from './log.ts'
import type { Interrupt } from './signals.ts'

/** What one command holds while it runs, and what its errors are shown with. */
export type Session = {
  readonly interrupt: Interrupt
  /** Secrets that the configuration resolved to: nothing is printed or logged before they are taken out. */
  readonly secrets: Set<string>
  log?: Log
}
