import { createHash, randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { syncError } from './errors.js'
import { takeLock } from './lock.js'

/** SQLite's own numbers: the file is damaged; it is no database. */
const [CORRUPT, NOT_A_DATABASE] = [11, 26]

/** The contract is `StateStore` of @dbsync/core/plugin. SQLite brings what is hard about it: durable writes, and locks that a dead process loses. */
export function openStore(path) {
  const db = guarded(path, () => {
    const opened = new DatabaseSync(path, { timeout: 10_000 })
    opened.exec('CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL, revision TEXT NOT NULL)')
    return opened
  })
  // JSON text as the key: a lone surrogate or a zero byte, which a table's name may hold, would not survive as plain text.
  const stored = (key) => JSON.stringify(key)
  const entry = ({ key, value, revision }) => ({ key: JSON.parse(key), value: JSON.parse(value), revision })

  return {
    async read(key) {
      const found = guarded(path, () => db.prepare('SELECT * FROM state WHERE key = ?').get(stored(key)))
      return found && entry(found)
    },
    async write(key, value, expected) {
      const [text, revision] = [JSON.stringify(value), randomUUID()]
      // One statement looks and writes: between two, another process could come in.
      const { changes } = guarded(path, () =>
        expected === undefined
          ? db.prepare('INSERT OR IGNORE INTO state VALUES (?, ?, ?)').run(stored(key), text, revision)
          : db.prepare('UPDATE state SET value = ?, revision = ? WHERE key = ? AND revision = ?').run(text, revision, stored(key), expected),
      )
      if (changes === 0) throw syncError('STATE_CONFLICT', 'locked', `The state in ${path} was changed by another process meanwhile.`, 'Run again.')
      return { key, value: JSON.parse(text), revision }
    },
    async list(prefix) {
      const all = guarded(path, () => db.prepare('SELECT * FROM state').all()).map(entry)
      return all.filter(({ key }) => key.startsWith(prefix)).sort((a, b) => (a.key < b.key ? -1 : 1))
    },
    async delete(key) {
      guarded(path, () => db.prepare('DELETE FROM state WHERE key = ?').run(stored(key)))
    },
    lock: async (name) => takeLock(`${path}.${createHash('sha256').update(JSON.stringify(name)).digest('hex').slice(0, 32)}.lock`, name),
    async [Symbol.asyncDispose]() {
      if (db.isOpen) db.close()
    },
  }
}

/** A state that is there and cannot be read must never look like "no state": dbsync would start from nothing. */
function guarded(path, action) {
  try {
    return action()
  } catch (cause) {
    if (![CORRUPT, NOT_A_DATABASE].includes(cause.errcode)) throw cause
    throw syncError('STATE_UNREADABLE', 'config', `The state in ${path} cannot be read: ${cause.message}.`, 'Put the last good copy back.', cause)
  }
}
