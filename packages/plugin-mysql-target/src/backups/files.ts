import { constants, type Stats } from 'node:fs'
import { type FileHandle, link, lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SyncError } from '@dbsync/core/plugin'

/** Windows has no such flags; there the file system has no such files either. */
export const NOFOLLOW = constants.O_NOFOLLOW ?? 0
export const NONBLOCK = constants.O_NONBLOCK ?? 0
const CREATE_NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NOFOLLOW

/** A new file that only its owner can read. Throws where anything, a link too, has the name. */
export const createNew = (path: string): Promise<FileHandle> => open(path, CREATE_NEW, 0o600)

/** Makes a folder that only its owner can enter, with the folders above it. */
export async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return
  const topmost = await mkdir(path, { recursive: true, mode: 0o700 })
  if (topmost !== undefined) await syncFolder(dirname(topmost))
  await syncFolder(dirname(path))
  await isFolder(path)
}

/** The names in a folder; none where there is no folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await isFolder(folder)) ? await readdir(folder) : []
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw troubled(folder, error)
  }
}

/** False where there is nothing. A symbolic link is refused: whoever can set one would decide where backups go. */
async function isFolder(path: string): Promise<boolean> {
  const stats = await statsOf(path)
  if (stats === undefined) return false
  if (stats.isDirectory()) return true
  throw new SyncError('BACKUP_UNWRITABLE', `${path} is ${stats.isSymbolicLink() ? 'a symbolic link' : 'no folder'}: no backup points can be kept there.`, {
    kind: 'refused',
    hint: 'Name the folder itself in backup_settings.directory.',
  })
}

/** Of the file itself, not of what it may point to; `undefined` where there is none. */
export async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw troubled(path, error)
  }
}

/** Gives a finished file its name, unless the name is taken: false then. */
export async function publish(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    // Not every file system has links.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error))) throw error
    if ((await statsOf(path)) !== undefined) return false
    await rename(temporary, path)
    return true
  }
  await removeFile(temporary)
  return true
}

/** Puts a finished file in the place of another. */
export async function replace(temporary: string, path: string): Promise<void> {
  try {
    await rename(temporary, path)
  } catch (error) {
    await removeFile(temporary)
    throw error
  }
}

/** That it is gone already is fine. */
export async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error
  })
}

/** What was renamed, linked or removed in a folder is so after a power cut too. */
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
  await using _ = folder
  await folder.sync()
}

export const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error && !SyncError.is(error) ? String(error.code) : '')

const RIGHTS = 'Give the user that runs dbsync the right to write to this folder, or name another one in backup_settings.directory.'
const TROUBLE: Readonly<Record<string, readonly [string, string]>> = {
  ENOSPC: ['the disk is full', 'Free some space there, or name another folder in backup_settings.directory, and run again.'],
  EDQUOT: ['the quota of this user is used up', 'Free some space there, or name another folder in backup_settings.directory, and run again.'],
  EFBIG: ['files of this size are not allowed', 'Raise the limit on file sizes (ulimit -f) and run again.'],
  EROFS: ['the disk is read-only', 'Name another folder in backup_settings.directory.'],
  EACCES: ['that is not allowed', RIGHTS],
  EPERM: ['that is not allowed', RIGHTS],
  ENOTDIR: ['a part of the path is no folder', 'Name another folder in backup_settings.directory.'],
}

/** What the file system said, in words. What is none of its errors passes through. */
export function troubled(path: string, error: unknown): unknown {
  const code = codeOf(error)
  if (error === null || typeof error !== 'object' || !('syscall' in error)) return error
  const [what, hint] = TROUBLE[code] ?? [code, `Check the disk and the rights on ${dirname(path)}.`]
  return new SyncError('BACKUP_UNWRITABLE', `No backup point could be written to ${path}: ${what}.`, { kind: 'refused', hint, cause: error })
}
