import { constants, copyFile, link, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SyncError } from '@dbsync/core/plugin'
import type { CliCode } from '../codes.ts'
import { printable } from '../printable.ts'

export type FileDraft = {
  /** Absolute. */
  readonly path: string
  /** As people say it. */
  readonly name: string
  /** What was there when the questions began; `undefined`: nothing. */
  readonly before: string | undefined
  readonly text: string
  /** Only its owner may read it. */
  readonly secret: boolean
}

type Staged = FileDraft & { readonly at: string; readonly staged: string; readonly kept: string | undefined }

/**
 * Writes all of them or none. First everything is on disk under other names, then the names change, one after the other: a kill in between
 * leaves the first ones, so the file without which the others mean nothing comes last. Throws `INIT_CHANGED`, `INIT_WRITE`: everything is as it was then.
 */
export async function writeFiles(drafts: readonly FileDraft[], signal: AbortSignal): Promise<void> {
  const staged: Staged[] = []
  const done: Staged[] = []
  try {
    for (const [index, draft] of drafts.entries()) staged.push(await stage(draft, `.dbsync-init-${process.pid}-${index}`))
    signal.throwIfAborted()
    for (const file of staged) await unchanged(file)
    // From here on a signal comes too late.
    for (const file of staged) {
      await settle(file)
      done.push(file)
    }
  } catch (error) {
    for (const file of done.toReversed()) await (file.kept === undefined ? rm(file.at, { force: true }) : rename(file.kept, file.at))
    throw SyncError.is(error) ? error : failed(error)
  } finally {
    for (const { staged: name, kept } of staged) for (const left of [name, kept]) if (left !== undefined) await rm(left, { force: true })
  }
}

async function stage(draft: FileDraft, suffix: string): Promise<Staged> {
  // A link stays one: what it points to changes.
  const at = draft.before === undefined ? draft.path : await realpath(draft.path)
  const folder = dirname(at)
  await mkdir(folder, { recursive: true })
  const staged = join(folder, suffix)
  await rm(staged, { force: true })
  const mode = draft.secret ? 0o600 : draft.before === undefined ? 0o644 : (await stat(at)).mode & 0o777
  await using file = await open(staged, 'wx', mode)
  try {
    await file.writeFile(draft.text)
    if (draft.secret || draft.before !== undefined) await file.chmod(mode)
    await file.sync()
  } catch (error) {
    await rm(staged, { force: true })
    throw error
  }
  const kept = draft.before === undefined ? undefined : `${staged}-kept`
  if (kept !== undefined) {
    await rm(kept, { force: true })
    await linkOrCopy(at, kept)
  }
  return { ...draft, at, staged, kept }
}

async function unchanged({ at, name, before }: Staged): Promise<void> {
  const now = await readFile(at, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (now !== before) throw changed(name)
}

/** A new file takes only a name that is free. */
async function settle({ at, staged, name, before }: Staged): Promise<void> {
  if (before !== undefined) return rename(staged, at)
  try {
    await linkOrCopy(staged, at)
  } catch (error) {
    throw error instanceof Error && 'code' in error && error.code === 'EEXIST' ? changed(name) : error
  }
}

/** Under a name that is free. Not every file system has links. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(String(error.code)))) throw error
    await copyFile(from, to, constants.COPYFILE_EXCL)
  }
}

const changed = (name: string): SyncError =>
  new SyncError('INIT_CHANGED' satisfies CliCode, `${printable(name)} was changed while the questions were answered. Nothing was written.`, {
    kind: 'config',
    hint: 'Run dbsync init again: it begins with what is there.',
  })

function failed(cause: unknown): unknown {
  if (!(cause instanceof Error) || !('code' in cause)) return cause
  return new SyncError('INIT_WRITE' satisfies CliCode, `The files cannot be written: ${printable(cause.message)}. Everything is as it was.`, {
    kind: 'config',
    hint: 'Check that this user may write to the folder, and that the disk is not full.',
    cause,
  })
}
