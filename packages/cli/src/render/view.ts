import type { Listener } from '@dbsync/core'

/**
 * Something that draws a run while it goes on, on stderr. The engine knows nothing of it. Disposing it leaves the terminal as it
 * should stay, whatever has or has not happened by then.
 */
export interface View extends AsyncDisposable {
  readonly listener: Listener
  /** One line that must be seen at once. */
  notice(text: string): void
}

export const quietView: View = { listener: () => {}, notice: () => {}, [Symbol.asyncDispose]: async () => {} }
