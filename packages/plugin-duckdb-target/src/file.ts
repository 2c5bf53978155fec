import { existsSync, realpathSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { SyncError } from '@dbsync/core/plugin'
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { plainLiteral } from './dialect.ts'
import { duckdbError } from './failures.ts'

/** Under this name the file is known to SQL. */
export const CATALOG = 'warehouse'

/** Makes the file where it is not there. */
export const attachStatement = (path: string): string => `ATTACH IF NOT EXISTS ${plainLiteral(path)} AS ${CATALOG}`

/** A file that this process has open: once, whoever asks for it, because the operating system's lock does not keep a process from itself. */
export interface WarehouseFile extends AsyncDisposable {
  readonly path: string
  /** A folder beside the file, for what does not fit into memory and for rows on their way. It is this process' alone and goes with it. */
  readonly scratch: string
  /** Tenants that a run writes to. */
  readonly locks: Set<string>
  /** Whether the file is there. Opens it then. */
  exists(): Promise<boolean>
  /** Makes and opens the file. */
  create(): Promise<void>
  /** A connection of one's own. Close it. */
  connect(): Promise<DuckDBConnection>
  /** One at a time for each name. */
  alone<T>(name: string, work: () => Promise<T>): Promise<T>
}

type Open = { readonly file: Omit<WarehouseFile, typeof Symbol.asyncDispose>; readonly close: () => Promise<void>; users: number }

const MOST_THREADS = 4
const OPEN = new Map<string, Promise<Open>>()

export async function openFile(path: string, memoryLimit: string): Promise<WarehouseFile> {
  const name = realPath(path)
  const found = OPEN.get(name) ?? open(name, memoryLimit)
  OPEN.set(name, found)
  found.catch(() => OPEN.delete(name))
  const shared = await found
  shared.users++
  let disposed = false
  return {
    ...shared.file,
    async [Symbol.asyncDispose]() {
      if (disposed) return
      disposed = true
      if (--shared.users > 0) return
      OPEN.delete(name)
      await shared.close()
    },
  }
}

/** One name for one file, whatever links lead to it. */
function realPath(path: string): string {
  if (existsSync(path)) return realpathSync(path)
  return existsSync(dirname(path)) ? join(realpathSync(dirname(path)), basename(path)) : path
}

/** It is a library of the machine's own kind, which npm may have left out. */
async function library() {
  try {
    return await import('@duckdb/node-api')
  } catch (error) {
    const text = `DuckDB cannot be loaded on this machine (${process.platform}, ${process.arch}): ${error instanceof Error ? error.message.split('\n')[0] : ''}`
    const hint = 'Install the plugin again, with optional dependencies: dbsync plugins install @dbsync/plugin-duckdb-target'
    throw new SyncError('DUCKDB_LIBRARY', text, { kind: 'config', hint, cause: error })
  }
}

let users = 0
let usualMask = 0

/** DuckDB asks for files that everybody may read, its log of what is not in the file yet among them. Answers what undoes it. */
function onlyForOwner(): () => void {
  if (users++ === 0) usualMask = process.umask(0o077)
  return () => {
    if (--users === 0) process.umask(usualMask)
  }
}

async function open(path: string, memoryLimit: string): Promise<Open> {
  const { DuckDBInstance: Instance } = await library()
  const scratch = `${path}.tmp`
  const instance: DuckDBInstance = await Instance.create(':memory:', {
    memory_limit: memoryLimit,
    temp_directory: scratch,
    // Each one has memory of its own.
    threads: String(Math.min(availableParallelism(), MOST_THREADS)),
    // Nothing is fetched from anywhere: what is needed is inside.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // Rows come in any order, and keeping it takes memory.
    preserve_insertion_order: 'false',
  })
  const main = await instance.connect()
  await main.run("SET GLOBAL TimeZone = 'UTC'")
  const openUp = onlyForOwner()
  let attaching: Promise<void> | undefined

  const attach = (): Promise<void> => {
    attaching ??= attached().catch((error: unknown) => {
      attaching = undefined
      throw duckdbError(error, 'opening it', path)
    })
    return attaching
  }
  async function attached(): Promise<void> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await main.run(attachStatement(path))
    // Nobody else has the file: what is there, a killed run has left.
    await rm(scratch, { recursive: true, force: true })
  }
  const exists = async (): Promise<boolean> => {
    if (attaching === undefined && !existsSync(path)) return false
    await attach()
    return true
  }
  async function close(): Promise<void> {
    main.closeSync()
    instance.closeSync()
    openUp()
    if (attaching !== undefined) await rm(scratch, { recursive: true, force: true })
  }
  try {
    await exists()
  } catch (error) {
    await close()
    throw error
  }

  const tails = new Map<string, Promise<void>>()
  async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = tails.get(name)
    const { promise, resolve } = Promise.withResolvers<void>()
    tails.set(name, promise)
    await before
    try {
      return await work()
    } finally {
      resolve()
      if (tails.get(name) === promise) tails.delete(name)
    }
  }
  const file = { path, scratch, locks: new Set<string>(), exists, create: attach, connect: () => instance.connect(), alone }
  return { file, close, users: 0 }
}
