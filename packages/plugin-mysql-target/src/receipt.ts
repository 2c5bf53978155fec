import type { CommitReceipt } from '@dbsync/core/plugin'
import type { StatementResult } from '@dbsync/mysql'
import type { Step } from './steps.ts'

/** Counts what the statements of one transaction did. */
export class Tally {
  #deleted = 0
  #changed = 0
  #inserted = 0

  add(does: Step['does'], result: StatementResult): void {
    switch (does) {
      case 'delete':
        this.#deleted += result.affectedRows
        break
      case 'change':
        this.#changed += result.affectedRows
        break
      case 'insert':
        this.#inserted += result.affectedRows
        break
      case 'upsert': {
        // A new row counts once and a changed one twice; the sentence, in any language, has the changed ones as its second number.
        const changed = Number(/^\D*\d+\D+(\d+)/.exec(result.info)?.[1] ?? 0)
        this.#changed += changed
        this.#inserted += result.affectedRows - changed
        break
      }
      case undefined:
        break
    }
  }

  /** `sent` rows were staged. */
  receipt(sent: number): CommitReceipt {
    // What was taken away to be changed is among the inserted.
    const inserted = this.#inserted - this.#changed
    return { inserted, updated: this.#changed, deleted: this.#deleted, unchanged: Math.max(0, sent - this.#inserted) }
  }
}
