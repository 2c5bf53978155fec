import { memoryStore } from '@dbsync/core/memory'
import { type JsonValue, type StateEntry, type StateStore, SyncError } from '@dbsync/core/plugin'
import type { Wrong } from './wrong.ts'

/** `make` is asked for each handle; what is kept in `memory` belongs to all of them. */
export type WrongStore = Wrong<(right: StateStore, memory: Map<string, JsonValue>) => Partial<StateStore>>

const NOTHING = 'has nothing under a key that was never written'
const EXACT = 'returns values exactly as they were written, to every handle'
const REVISIONS = 'writes only over the revision that the writer has seen'
const SUCCESSOR = 'takes the revision of a document that was deleted for no revision of the next one under its key'
const UNREADABLE = 'fails for a document that is there and cannot be read, and does not write over it'
const EXAMINES = 'says what it finds where it is examined, and writes nothing'
const COMPETE = 'loses no increment of writers that compete'
const LISTS = 'lists by prefix, in the order of the keys, and nothing that was deleted'
const HOSTILE = ['database/', 'hostile/', ''].map((prefix) => `keeps hostile names under "${prefix}" apart and gives them back`)
const LAST_RUN = 'keeps the document of the last run'
const LOCK = 'gives a lock to one at a time, and each name its own'
const RUSH = 'gives a lock to one of many that ask at the same moment'

/** What a store of state can do wrong. */
export const WRONG_STORES: readonly WrongStore[] = [
  {
    does: 'has an empty document under every key',
    make: (right) => ({ read: async (key) => (await right.read(key)) ?? { key, value: {}, revision: '0' } }),
    fails: [NOTHING],
  },
  {
    does: 'fails where it is to delete what is not there',
    make: (right) => ({
      async delete(key) {
        if ((await right.read(key)) === undefined) throw new SyncError('STATE_UNREADABLE', 'There is no such file.', { kind: 'data' })
        await right.delete(key)
      },
    }),
    fails: [NOTHING],
  },
  {
    does: 'shows what it wrote to nobody but itself',
    make: () => memoryStore(),
    fails: [EXACT, REVISIONS, COMPETE],
  },
  {
    does: 'copies values key by key, so that `__proto__` is lost',
    make: (right) => writing(right, copied),
    fails: [EXACT],
  },
  {
    does: 'keeps the keys of an object in the order of the alphabet',
    make: (right) => writing(right, (value) => deep(value, inOrder)),
    fails: [EXACT],
  },
  {
    does: 'keeps half of a surrogate as a question mark',
    make: (right) => writing(right, (value) => deep(value, (part) => (typeof part === 'string' ? Buffer.from(part).toString() : part))),
    fails: [EXACT],
  },
  {
    does: 'keeps the object that it was given, and no copy',
    make: (right, memory) => ({
      async write(key, value, expected) {
        const entry = await right.write(key, value, expected)
        memory.set(`${key} ${entry.revision}`, value)
        return entry
      },
      async read(key) {
        const entry = await right.read(key)
        return entry && { ...entry, value: memory.get(`${key} ${entry.revision}`) ?? entry.value }
      },
    }),
    fails: ['keeps the value as it was when the caller changes its object afterwards'],
  },
  {
    does: 'writes over whatever is there',
    make: (right) => ({ write: async (key, value) => await right.write(key, value, (await right.read(key))?.revision) }),
    fails: [REVISIONS, COMPETE],
  },
  {
    does: 'writes what was deleted meanwhile',
    make: (right) => ({ write: async (key, value, expected) => await right.write(key, value, (await right.read(key)) === undefined ? undefined : expected) }),
    fails: [REVISIONS],
  },
  {
    does: 'gives each document one revision for good',
    make: (right) => revisions(right, (key) => key),
    fails: [REVISIONS],
  },
  {
    does: 'numbers the revisions of each document anew once it was deleted',
    make: (right, memory) => ({
      ...revisions(
        right,
        (key) => JSON.stringify(memory.get(key) ?? 0),
        (key) => memory.set(key, Number(memory.get(key) ?? 0) + 1),
      ),
      async delete(key) {
        memory.delete(key)
        await right.delete(key)
      },
    }),
    fails: [SUCCESSOR],
  },
  {
    does: 'compares the revision first and writes then',
    make: (right) => ({
      async write(key, value, expected) {
        if ((await right.read(key))?.revision !== expected) throw conflict()
        await new Promise((resolve) => setImmediate(resolve))
        return await right.write(key, value, (await right.read(key))?.revision)
      },
    }),
    fails: [COMPETE],
  },
  { does: 'lists in no order', make: (right) => ({ list: async (prefix) => (await right.list(prefix)).toReversed() }), fails: [LISTS] },
  { does: 'lists all documents, whatever the prefix', make: (right) => ({ list: () => right.list('') }), fails: [LISTS] },
  {
    does: 'lists what was deleted',
    make: (right) => {
      const deleted: StateEntry[] = []
      return {
        async delete(key) {
          const entry = await right.read(key)
          if (entry !== undefined) deleted.push(entry)
          await right.delete(key)
        },
        list: async (prefix) =>
          [...(await right.list(prefix)), ...deleted.filter(({ key }) => key.startsWith(prefix))].sort((a, b) => (a.key < b.key ? -1 : 1)),
      }
    },
    fails: [LISTS],
  },
  { does: 'tells no capital letters apart in names', make: (right) => naming(right, (key) => key.toLowerCase()), fails: HOSTILE },
  { does: 'tells no accents apart in names', make: (right) => naming(right, (key) => key.normalize('NFC')), fails: HOSTILE },
  { does: 'cuts names at 255 letters', make: (right) => naming(right, (key) => key.slice(0, 255)), fails: HOSTILE },
  {
    does: 'has no document of the last run',
    make: (right) => ({ list: async (prefix) => (await right.list(prefix)).filter(({ key }) => key.includes('/')) }),
    fails: [LAST_RUN],
  },
  { does: 'lets everybody in', make: () => ({ lock: async () => ({ async [Symbol.asyncDispose]() {} }) }), fails: [LOCK, RUSH] },
  { does: 'lets itself in twice', make: (right) => reentrant(right), fails: [LOCK] },
  { does: 'has one lock for all names', make: (right) => ({ lock: () => right.lock('all') }), fails: [LOCK] },
  {
    does: 'frees the lock of another when its own is disposed a second time',
    make: (_, memory) => locking(memory, async () => {}),
    fails: [LOCK],
  },
  {
    does: 'looks first and takes the lock then',
    make: (_, memory) => locking(memory, () => new Promise((resolve) => setImmediate(resolve))),
    fails: [RUSH],
  },
  {
    does: 'has nothing where a document cannot be read',
    make: (right) => ({ read: (key) => right.read(key).catch(() => undefined) }),
    fails: [UNREADABLE],
  },
  {
    does: 'writes over a document that cannot be read',
    make: (right) => ({
      write: (key, value, expected) =>
        right.write(key, value, expected).catch((error: unknown) => {
          if (SyncError.is(error) && error.code === 'STATE_UNREADABLE') return { key, value, revision: '' }
          throw error
        }),
    }),
    fails: [UNREADABLE],
  },
  {
    does: 'finds something and does not say what',
    make: () => ({ examine: async () => [{ level: 'failure', id: 'folder', message: '' }] }),
    fails: [EXAMINES],
  },
  {
    does: 'tries whether it can write where it is examined',
    make: (right) => ({
      async examine() {
        await right.write('probe', {}, (await right.read('probe'))?.revision)
        return []
      },
    }),
    fails: [EXAMINES],
  },
]

const conflict = () => new SyncError('STATE_CONFLICT', 'The document was changed by another process meanwhile.', { kind: 'locked' })

const writing = (right: StateStore, change: (value: JsonValue) => JsonValue): Partial<StateStore> => ({
  write: (key, value, expected) => right.write(key, change(value), expected),
})

type JsonObject = { readonly [key: string]: JsonValue }
const isObject = (value: JsonValue): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
const isList = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value)

/** Changes a value and all that is in it. */
function deep(value: JsonValue, change: (value: JsonValue) => JsonValue): JsonValue {
  if (isList(value)) return change(value.map((part) => deep(part, change)))
  if (isObject(value)) return change(Object.fromEntries(Object.entries(value).map(([key, part]) => [key, deep(part, change)])))
  return change(value)
}

const inOrder = (value: JsonValue): JsonValue => (isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value)

function copied(value: JsonValue): JsonValue {
  if (isList(value)) return value.map(copied)
  if (!isObject(value)) return value
  const copy: Record<string, JsonValue> = {}
  for (const key of Object.keys(value)) copy[key] = copied(value[key] ?? null)
  return copy
}

/** Shows other revisions, and compares by them. */
function revisions(right: StateStore, revisionOf: (key: string) => string, written: (key: string) => void = () => {}): Partial<StateStore> {
  const shown = (entry: StateEntry): StateEntry => ({ ...entry, revision: revisionOf(entry.key) })
  const read = async (key: string) => {
    const entry = await right.read(key)
    return entry && shown(entry)
  }
  return {
    read,
    list: async (prefix) => (await right.list(prefix)).map(shown),
    async write(key, value, expected) {
      if ((await read(key))?.revision !== expected) throw conflict()
      await right.write(key, value, (await right.read(key))?.revision)
      written(key)
      return { key, value, revision: revisionOf(key) }
    },
  }
}

/** Keeps documents under other names. */
const naming = (right: StateStore, nameOf: (key: string) => string): Partial<StateStore> => ({
  read: (key) => right.read(nameOf(key)),
  write: (key, value, expected) => right.write(nameOf(key), value, expected),
  delete: (key) => right.delete(nameOf(key)),
})

function reentrant(right: StateStore): Partial<StateStore> {
  const mine = new Set<string>()
  return {
    async lock(name) {
      if (mine.has(name)) return { async [Symbol.asyncDispose]() {} }
      const lock = await right.lock(name)
      mine.add(name)
      return {
        async [Symbol.asyncDispose]() {
          mine.delete(name)
          await lock[Symbol.asyncDispose]()
        },
      }
    },
  }
}

/** Locks that whoever has had one can free. */
const locking = (memory: Map<string, JsonValue>, wait: () => Promise<void>): Partial<StateStore> => ({
  async lock(name) {
    if (memory.has(`lock ${name}`)) throw new SyncError('RUN_LOCKED', `Another run holds ${name}.`, { kind: 'locked' })
    await wait()
    memory.set(`lock ${name}`, true)
    return {
      async [Symbol.asyncDispose]() {
        memory.delete(`lock ${name}`)
      },
    }
  },
})
