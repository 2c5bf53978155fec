import { lstat, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type LegacyFile, type LegacyFiles, type LegacyListing, SyncError } from '@dbsync/core/plugin'
import { documentOf, revisionOf } from './document.ts'
import { codeOf, makeFolder, namesIn, readBytes, syncFolder, unwritable } from './files.ts'
import { type Folders, folderLock, keyOfFile } from './layout.ts'
import { whileLocked } from './lock.ts'

const ASIDE = 'backup_single_table_files'
const ENDING = '.json'

/** The files that an older tool, one for each table, has left among ours. */
export function legacyFiles(folders: Folders, signal: AbortSignal): LegacyFiles {
  const aside = join(folders.status, ASIDE)
  return {
    aside,
    list: (wanted) => list(folders, wanted),
    setAside: (files) => whileLocked(folderLock(folders.status), signal, () => setAside(aside, folders.status, files)),
  }
}

async function list({ status }: Folders, wanted: (name: string) => boolean = () => true): Promise<LegacyListing> {
  const own: string[] = []
  const files: LegacyFile[] = []
  for (const entry of (await namesIn(status)).toSorted()) {
    const name = entry.slice(0, -ENDING.length)
    // Ours too, where both folders are one.
    if (!entry.endsWith(ENDING) || name === '' || name === 'sync-state' || !wanted(name)) continue
    const path = join(status, entry)
    const found = await look(path, name)
    if (typeof found === 'string') own.push(found)
    else if (found !== undefined) files.push({ path, name, ...found })
  }
  return { own, files }
}

type Found = Pick<LegacyFile, 'revision' | 'occupies' | 'content'>

/** The key of a document of ours; `undefined`: it has gone meanwhile. */
async function look(path: string, name: string): Promise<string | Found | undefined> {
  let revision = ''
  let occupies: string | undefined
  try {
    occupies = await keyOfFile(path, name)
    const bytes = await readBytes(path)
    if (bytes === undefined) return undefined
    revision = revisionOf(bytes)
    const value = documentOf(path, bytes)
    if (!Object.hasOwn(value, 'tables') && Object.hasOwn(value, 'table_name')) return { revision, occupies, content: { kind: 'table', value } }
    if (Object.hasOwn(value, 'tables') && occupies !== undefined) return occupies
    return { revision, occupies, content: { kind: 'foreign', reason: 'it is neither the state of a database nor that of a table' } }
  } catch (error) {
    if (!SyncError.is(error)) throw error
    return { revision, occupies, content: { kind: 'broken', reason: error.message } }
  }
}

/** Under the folder's lock, so that no other command takes the same name; and renamed, so that a file is here or there, whenever this is killed. */
async function setAside(aside: string, folder: string, files: readonly LegacyFile[]): Promise<readonly string[]> {
  await makeFolder(aside)
  const paths: string[] = []
  try {
    for (const file of files) paths.push(await moveOne(aside, file))
  } finally {
    await syncFolder(aside)
    await syncFolder(folder)
  }
  return paths
}

async function moveOne(aside: string, file: LegacyFile): Promise<string> {
  const bytes = await readBytes(file.path)
  if (bytes === undefined || revisionOf(bytes) !== file.revision) throw changed(file.path)
  for (let copy = 1; ; copy++) {
    const path = join(aside, `${file.name}${copy === 1 ? '' : `.${copy}`}${ENDING}`)
    if (await isThere(path)) continue
    try {
      await rename(file.path, path)
    } catch (error) {
      throw unwritable(path, error)
    }
    return path
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw unwritable(path, error)
  }
}

function changed(path: string): SyncError {
  return new SyncError('STATE_CONFLICT', `${path} was changed or taken away meanwhile.`, {
    kind: 'locked',
    hint: 'See that the older tool is not at work any more, and run the command again.',
  })
}
