import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, readdir, realpath, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SyncError } from '@dbsync/core/plugin'

/** Windows has no such flags; there the file system has no such files either. */
const NOFOLLOW = constants.O_NOFOLLOW ?? 0
const NONBLOCK = constants.O_NONBLOCK ?? 0
export const CREATE_NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NOFOLLOW

const TEMPORARY = /^\.dbsync-[0-9a-f]{24}\.tmp$/

/** The bytes of a file, or `undefined` where there is none. A symbolic link, a pipe or a folder is refused. */
export async function readBytes(path: string): Promise<Buffer | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | NOFOLLOW | NONBLOCK)
    if ((await file.stat()).isFile()) return await file.readFile()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    if (codeOf(error) === 'ELOOP' || codeOf(error) === 'EMLINK') throw await symlinkError(path)
    throw unreadable(path, `cannot be read (${codeOf(error)})`, 'Give the user that runs dbsync the right to read it.', error)
  }
  throw unreadable(path, 'is not a file', 'Move it away, or set another folder for the state.')
}

/** Replaces a file so that at any moment, a power cut included, there is the old text or the new one. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const folder = dirname(path)
  const temporary = join(folder, `.dbsync-${randomBytes(12).toString('hex')}.tmp`)
  try {
    await writeNew(temporary, text)
    await rename(temporary, path)
  } catch (error) {
    await removeFile(temporary)
    throw unwritable(path, error)
  }
  await syncFolder(folder)
}

async function writeNew(path: string, text: string): Promise<void> {
  await using file = await open(path, CREATE_NEW, 0o600)
  await file.writeFile(text, 'utf8')
  await file.sync()
}

/** Removes a file for good; that it is gone already is fine. */
export async function deleteFile(path: string): Promise<void> {
  try {
    await removeFile(path)
    await syncFolder(dirname(path))
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw unwritable(path, error)
  }
}

export async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error
  })
}

/** Removes what a killed write left. Call it under the folder's lock, or it takes the file of a living one. */
export async function removeTemporaries(folder: string): Promise<void> {
  for (const name of await temporariesIn(folder)) await removeFile(join(folder, name))
}

export const temporariesIn = async (folder: string): Promise<readonly string[]> => (await namesIn(folder)).filter((name) => TEMPORARY.test(name))

/** The names in a folder; none where there is no folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  if (!(await isFolder(folder))) return []
  try {
    return await readdir(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw unreadable(folder, `cannot be read (${codeOf(error)})`, 'Give the user that runs dbsync the right to read this folder.', error)
  }
}

/** False where there is nothing. A symbolic link is refused: whoever can set one decides where the state goes. */
export async function isFolder(path: string): Promise<boolean> {
  let stats: Awaited<ReturnType<typeof lstat>>
  try {
    stats = await lstat(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw unreadable(path, `cannot be reached (${codeOf(error)})`, 'Check the path and the rights on its folders.', error)
  }
  if (stats.isSymbolicLink()) throw await symlinkError(path)
  if (!stats.isDirectory()) throw unreadable(path, 'is not a folder', 'Move it away, or set another folder for the state.')
  return true
}

/** Makes a folder that only its owner can enter, with the folders above it. */
export async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return
  try {
    const topmost = await mkdir(path, { recursive: true, mode: 0o700 })
    if (topmost !== undefined) await syncFolder(dirname(topmost))
    await syncFolder(dirname(path))
  } catch (error) {
    throw unwritable(path, error)
  }
  await isFolder(path)
}

export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return // folders cannot be opened there
  let folder: FileHandle
  try {
    folder = await open(path, constants.O_RDONLY)
  } catch (error) {
    // A folder above ours may be closed to us for reading: nothing to be done about its durability then.
    if (codeOf(error) === 'EACCES') return
    throw error
  }
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

export const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')

const PUT_BACK = 'Put the last good copy back, or move the file away: the next run then compares or copies every table in full.'

export function unreadable(path: string, what: string, hint = PUT_BACK, cause?: unknown): SyncError {
  return new SyncError('STATE_UNREADABLE', `The state in ${path} ${what}.`, { kind: 'config', hint, cause })
}

/** What kept a file from being written, in words; the old file is as it was. What is no matter of the file system passes through. */
export function unwritable(path: string, error: unknown): unknown {
  const code = codeOf(error)
  if (SyncError.is(error) || code === '') return error
  const [what, hint] = TROUBLE[code] ?? [`failed (${code})`, `Check the disk and the rights on ${dirname(path)}.`]
  return new SyncError('STATE_UNWRITABLE', `Writing the state to ${path} ${what}; what was there is unchanged.`, { kind: 'config', hint, cause: error })
}

const RIGHTS = 'Give the user that runs dbsync the right to write to this folder, or set another one.'
const TROUBLE: Readonly<Record<string, readonly [string, string]>> = {
  ENOSPC: ['failed: the disk is full', 'Free some space there and run again.'],
  EDQUOT: ['failed: the quota of this user is used up', 'Free some space there and run again.'],
  EFBIG: ['failed: files of this size are not allowed', 'Raise the limit on file sizes (ulimit -f) and run again.'],
  EROFS: ['failed: the disk is read-only', 'Mount it writable, or set another folder for the state.'],
  EACCES: ['is not allowed', RIGHTS],
  EPERM: ['is not allowed', RIGHTS],
}

async function symlinkError(path: string): Promise<SyncError> {
  const end = await realpath(path).catch(() => undefined)
  return new SyncError('STATE_SYMLINK', `${path} is a symbolic link, which is not followed for state.`, {
    kind: 'config',
    hint: end === undefined ? 'It points nowhere: remove it.' : `Name the place itself in the settings (${end}), or put it where the link is.`,
  })
}
