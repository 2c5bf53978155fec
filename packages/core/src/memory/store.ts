import type { StateEntry, StateStore } from '../contract/state-store.ts'
import { SyncError } from '../errors/sync-error.ts'
import type { JsonValue } from '../model/json.ts'
import type { Fault } from './database.ts'

/** State that lives as long as this object: what a run saved is there for the next run that gets the same store. */
export function memoryStore({ fault = () => {} }: { readonly fault?: Fault } = {}): StateStore {
  /** As text, so that no caller shares an object with another. */
  const documents = new Map<string, { readonly text: string; readonly revision: string }>()
  const locks = new Map<string, symbol>()
  let writes = 0
  const entryOf = (key: string): StateEntry | undefined => {
    const found = documents.get(key)
    return found && { key, value: JSON.parse(found.text) as JsonValue, revision: found.revision }
  }
  return {
    read: async (key) => entryOf(key),
    async write(key, value, expected) {
      await fault('save')
      if (documents.get(key)?.revision !== expected) {
        throw new SyncError('STATE_CONFLICT', `The state ${key} was changed by another process meanwhile.`, { kind: 'locked', hint: 'Run again.' })
      }
      const document = { text: JSON.stringify(value), revision: String(++writes) }
      documents.set(key, document)
      await fault('saved')
      return { key, value: JSON.parse(document.text) as JsonValue, revision: document.revision }
    },
    async list(prefix) {
      const keys = [...documents.keys()].filter((key) => key.startsWith(prefix)).sort()
      return keys.map(entryOf).filter((entry) => entry !== undefined)
    },
    async delete(key) {
      documents.delete(key)
    },
    async lock(name) {
      if (locks.has(name)) throw new SyncError('RUN_LOCKED', `Another run holds ${name}.`, { kind: 'locked', hint: 'Wait for it to end.' })
      const token = Symbol(name)
      locks.set(name, token)
      return {
        async [Symbol.asyncDispose]() {
          if (locks.get(name) === token) locks.delete(name)
        },
      }
    },
    async [Symbol.asyncDispose]() {},
  }
}
