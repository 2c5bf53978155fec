import { DatabaseSync } from 'node:sqlite'
import { BUSY, guarded, syncError } from './errors.js'

/** A file of its own for each lock, held by an open transaction: the system lets go of it with the process, however that ends. */
export function takeLock(file, what) {
  const lock = guarded(file, () => new DatabaseSync(file))
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (error.errcode !== BUSY) throw error
    throw syncError('RUN_LOCKED', 'locked', `Another run holds ${what}.`, 'Wait for it to end.')
  }
  return {
    held: () => lock.isOpen,
    async [Symbol.asyncDispose]() {
      if (lock.isOpen) lock.close()
    },
  }
}
