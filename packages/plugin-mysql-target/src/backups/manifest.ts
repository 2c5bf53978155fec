import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackupManifest } from '@dbsync/core/plugin'
import { codeOf, createNew, NOFOLLOW, NONBLOCK, replace, syncFolder } from './files.ts'
import { MANIFEST_SUFFIX, temporaryName } from './point-names.ts'

/** No manifest comes near it: whatever is larger is something else. */
const LARGEST = 1 << 28

export const manifestPath = (folder: string, stem: string): string => join(folder, stem + MANIFEST_SUFFIX)

/** `undefined` where there is none; `damaged` where there is one that says nothing to us. */
export async function readManifest(folder: string, stem: string): Promise<BackupManifest | 'damaged' | undefined> {
  try {
    await using file = await open(manifestPath(folder, stem), constants.O_RDONLY | NOFOLLOW | NONBLOCK)
    const stats = await file.stat()
    if (!stats.isFile() || stats.size > LARGEST) return 'damaged'
    const value: unknown = JSON.parse(await file.readFile('utf8'))
    return isManifest(value) ? value : 'damaged'
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    if (error instanceof SyntaxError || codeOf(error) !== '') return 'damaged'
    throw error
  }
}

/** Writes it under a name that nobody looks at, on disk for good. */
export async function writeManifest(folder: string, stem: string, manifest: BackupManifest): Promise<string> {
  const temporary = join(folder, temporaryName(stem))
  await using file = await createNew(temporary)
  await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`, 'utf8')
  await file.sync()
  return temporary
}

/** Puts another one in its place: at any moment there is the old one or the new one. */
export async function replaceManifest(folder: string, stem: string, manifest: BackupManifest): Promise<void> {
  await replace(await writeManifest(folder, stem, manifest), manifestPath(folder, stem))
  await syncFolder(folder)
}

function isManifest(value: unknown): value is BackupManifest {
  if (!isRecord(value) || value['version'] !== 1) return false
  const { run, target, server, consistency, sha256, tables, restoredAt } = value
  return (
    (run === null || typeof run === 'string') &&
    typeof target === 'string' &&
    isRecord(server) &&
    typeof server['label'] === 'string' &&
    isRecord(consistency) &&
    typeof consistency['detail'] === 'string' &&
    typeof sha256 === 'string' &&
    (restoredAt === null || typeof restoredAt === 'string') &&
    'state' in value &&
    Array.isArray(tables) &&
    tables.every(isTable)
  )
}

const isTable = (value: unknown): boolean =>
  isRecord(value) &&
  typeof value['database'] === 'string' &&
  typeof value['name'] === 'string' &&
  Number.isSafeInteger(value['rows']) &&
  (value['digest'] === null || typeof value['digest'] === 'string')

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
