import { type JsonValue, type StateEntry, type StateStore, SyncError } from '@dbsync/core/plugin'
import { documentText, isForeignFile, readDocument, revisionOf } from './document.ts'
import { examineStore } from './examine.ts'
import { codeOf, deleteFile, isFolder, makeFolder, removeTemporaries, replaceFile, temporariesIn } from './files.ts'
import { existingFolders, type Folders, folderLock, keepName, lockPlace, nameFileOf, type Place, placeOf, placesUnder } from './layout.ts'
import { legacyFiles } from './legacy.ts'
import { takeLock, whileLocked } from './lock.ts'

/** Documents as JSON files. Nothing is written before the first write: whoever may only read can open it too. */
export async function openStore(folders: Folders, signal: AbortSignal, readOnly = false): Promise<StateStore> {
  if (!readOnly) await tidy(folders, signal)
  return {
    read: (key) => read(folders, key),
    write: (key, value, expected) => write(folders, signal, key, value, expected),
    list: (prefix) => list(folders, prefix),
    delete: (key) => remove(folders, signal, key),
    examine: (looking) => examineStore(folders, looking),
    lock: (name) => lock(folders, name),
    legacy: legacyFiles(folders, signal),
    async [Symbol.asyncDispose]() {},
  }
}

async function read(folders: Folders, key: string): Promise<StateEntry | undefined> {
  const place = await placeOf(folders, key)
  if (!(await exists(place))) return undefined
  const found = await readDocument(place)
  return found && { key, ...found }
}

async function write(folders: Folders, signal: AbortSignal, key: string, value: JsonValue, expected: string | undefined): Promise<StateEntry> {
  await makeFolders(await placeOf(folders, key))
  return await guarded(folders, signal, key, async (place) => {
    const text = documentText(place, value)
    const found = await readDocument(place)
    if (found?.revision !== expected) throw conflict(place)
    await keepName(place)
    await replaceFile(place.file, text)
    return { key, value: JSON.parse(text) as JsonValue, revision: revisionOf(Buffer.from(text)) }
  })
}

async function list(folders: Folders, prefix: string): Promise<readonly StateEntry[]> {
  const entries: StateEntry[] = []
  for (const place of await placesUnder(folders, prefix)) {
    if (await isForeignFile(place)) continue
    const found = await readDocument(place)
    if (found !== undefined) entries.push({ key: place.key, ...found })
  }
  return entries
}

async function remove(folders: Folders, signal: AbortSignal, key: string): Promise<void> {
  if (!(await exists(await placeOf(folders, key)))) return
  await guarded(folders, signal, key, async (place) => {
    if (await isForeignFile(place)) await readDocument(place) // throws: it is not ours to delete
    await deleteFile(place.file)
    const name = nameFileOf(place)
    if (name !== undefined) await deleteFile(name)
  })
}

async function lock(folders: Folders, name: string): Promise<AsyncDisposable> {
  const place = lockPlace(folders, name)
  await makeFolders(place)
  return await takeLock(place.file, name)
}

/** The place is looked up anew under the lock: another process may have created a file that differs only in case. */
async function guarded<T>(folders: Folders, signal: AbortSignal, key: string, work: (place: Place) => Promise<T>): Promise<T> {
  return await whileLocked(folderLock((await placeOf(folders, key)).folders[0]), signal, async () => work(await placeOf(folders, key)))
}

async function makeFolders(place: { readonly folders: readonly string[] }): Promise<void> {
  for (const folder of place.folders) await makeFolder(folder)
}

/** Whether all folders of a place are there, none of them a symbolic link. */
async function exists(place: Place): Promise<boolean> {
  for (const folder of place.folders) if (!(await isFolder(folder))) return false
  return true
}

/** Removes what a killed write left. */
async function tidy(folders: Folders, signal: AbortSignal): Promise<void> {
  for (const { top, folder } of await existingFolders(folders)) {
    if ((await temporariesIn(folder)).length === 0) continue
    try {
      await whileLocked(folderLock(top), signal, () => removeTemporaries(folder))
    } catch (error) {
      // They do no harm, and whoever may only read can remove nothing.
      const code = SyncError.is(error) ? codeOf(error.cause) : codeOf(error)
      if (!['EACCES', 'EPERM', 'EROFS'].includes(code)) throw error
    }
  }
}

function conflict(place: Place): SyncError {
  return new SyncError('STATE_CONFLICT', `The state in ${place.file} was changed by another process meanwhile.`, {
    kind: 'locked',
    hint: 'See that no other run, import or editor writes to it, and run again.',
  })
}
