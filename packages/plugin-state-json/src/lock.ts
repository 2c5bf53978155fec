import { randomBytes } from 'node:crypto'
import { type FileHandle, lstat, open, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SyncError } from '@dbsync/core/plugin'
import { CREATE_NEW, codeOf, readBytes, removeFile, unwritable } from './files.ts'
import { isAlive, type Owner, parseOwner, thisProcess } from './owner.ts'

/** The owner rewrites its file this often. Without that for `STALE_MS`, an owner that cannot be looked at is taken for dead. */
const HEARTBEAT_MS = 5_000
export const STALE_MS = 60_000
/** A file without a readable owner is one that is just being written, for this long. */
const UNFINISHED_MS = 5_000
const BUSY_MS = 90_000

export interface HeldLock extends AsyncDisposable {
  readonly held: true
}

type Occupied = { readonly held: false; readonly owner: Owner | undefined }

/** Takes the lock of a run. Throws `RUN_LOCKED` where a living owner has it; a dead one's is taken over. */
export async function takeLock(path: string, name: string): Promise<AsyncDisposable> {
  const lock = await tryLock(path)
  if (lock.held) return lock
  const { owner } = lock
  const who = owner === undefined ? 'a process that is just starting' : `process ${owner.pid} on ${owner.host}, since ${owner.since}`
  throw new SyncError('RUN_LOCKED', `Another run holds ${name}: ${who}.`, {
    kind: 'locked',
    hint: `Wait for it to end. A lock whose process is gone is taken over by itself, after a minute where it ran on another host or in another container. The lock is ${path}.`,
  })
}

/** By path, the end of the last one who waits in this process. */
const turns = new Map<string, Promise<unknown>>()

/**
 * Does something while nobody else writes below a folder, waiting for the others. Within this process it goes by turns: hundreds of tenants that all
 * looked for the file again and again would leave none of them the time to write.
 */
export async function whileLocked<T>(path: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const before = turns.get(path)
  const done = (async () => {
    await before
    return await locked(path, signal, work)
  })()
  const turn = done.then(
    () => {},
    () => {},
  )
  turns.set(path, turn)
  try {
    return await done
  } finally {
    if (turns.get(path) === turn) turns.delete(path)
  }
}

async function locked<T>(path: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const start = performance.now()
  for (;;) {
    signal.throwIfAborted()
    const lock = await tryLock(path)
    if (lock.held) {
      await using _ = lock
      return await work()
    }
    if (performance.now() - start > BUSY_MS) {
      throw new SyncError('STATE_BUSY', `The state is locked by process ${lock.owner?.pid ?? '?'} on ${lock.owner?.host ?? '?'} for too long.`, {
        kind: 'locked',
        hint: `If that process is not dbsync, or hangs, end it or delete ${path}.`,
      })
    }
    await sleep(2 + Math.random() * 15, undefined, { signal })
  }
}

async function tryLock(path: string): Promise<HeldLock | Occupied> {
  for (let looks = 0; ; looks++) {
    const mine = await create(path)
    if (mine !== undefined) return mine
    const found = await inspect(path)
    if (found === undefined) continue
    if (!found.alive) await removeDead(path)
    else if (found.owner !== undefined || looks >= 20) return { held: false, owner: found.owner }
    else await sleep(20)
  }
}

/** Creating is what decides: of all that try, the system lets one succeed. */
async function create(path: string): Promise<HeldLock | undefined> {
  const token = randomBytes(16).toString('hex')
  const content = Buffer.from(`${JSON.stringify({ ...(await thisProcess()), token }, null, 2)}\n`)
  let file: FileHandle
  try {
    file = await open(path, CREATE_NEW, 0o600)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined
    throw unwritable(path, error)
  }
  try {
    await file.write(content, 0, content.length, 0)
  } catch (error) {
    await file.close()
    await removeFile(path)
    throw unwritable(path, error)
  }
  // A process that was stopped for long between opening and writing has lost the file to a taker by now.
  if (await isOurs(path, token)) return hold(path, file, content, token)
  await file.close()
  return undefined
}

function hold(path: string, file: FileHandle, content: Buffer, token: string): HeldLock {
  let beat: Promise<unknown> = Promise.resolve()
  // Through the open file, so that it never touches a successor's. By writing, so that the time is that of the disk's own
  // clock. A beat that fails is made up for by the next; when all fail, others may take the lock, as they should.
  const timer = setInterval(() => {
    beat = file.write(content, 0, content.length, 0).catch(() => {})
  }, HEARTBEAT_MS).unref()
  let release: Promise<void> | undefined
  const letGo = async () => {
    clearInterval(timer)
    await beat
    await file.close()
    if (await isOurs(path, token)) await removeFile(path)
  }
  return { held: true, [Symbol.asyncDispose]: () => (release ??= letGo()) }
}

async function isOurs(path: string, token: string): Promise<boolean> {
  const bytes = await readBytes(path)
  return bytes !== undefined && parseOwner(bytes)?.token === token
}

type Found = { readonly owner: Owner | undefined; readonly alive: boolean }

async function inspect(path: string): Promise<Found | undefined> {
  const bytes = await readBytes(path)
  if (bytes === undefined) return undefined
  const owner = parseOwner(bytes)
  const known = owner === undefined ? undefined : await isAlive(owner)
  if (known !== undefined) return { owner, alive: known }
  const silent = await silentFor(path)
  return silent === undefined ? undefined : { owner, alive: silent < (owner === undefined ? UNFINISHED_MS : STALE_MS) }
}

/** How long ago the file was last written, told by the clock of the disk: clocks of hosts differ. */
async function silentFor(path: string): Promise<number | undefined> {
  const probe = join(dirname(path), `.dbsync-${randomBytes(12).toString('hex')}.tmp`)
  try {
    await using file = await open(probe, CREATE_NEW, 0o600)
    return (await file.stat()).mtimeMs - (await lstat(path)).mtimeMs
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw unwritable(path, error)
  } finally {
    await removeFile(probe)
  }
}

/**
 * Removes a dead owner's file. Between looking and removing another process may have done the same and taken the lock, so
 * whoever removes holds a lock on doing so, and looks again under it. That lock may be a dead one's as well: the same applies to it.
 */
async function removeDead(path: string): Promise<void> {
  const right = await tryLock(`${path}.takeover`)
  if (!right.held) {
    await sleep(5)
    return
  }
  await using _ = right
  const found = await inspect(path)
  if (found !== undefined && !found.alive) await unlink(path)
}
