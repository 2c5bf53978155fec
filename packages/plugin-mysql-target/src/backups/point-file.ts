import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { SyncError } from '@dbsync/core/plugin'
import { codeOf, NOFOLLOW, NONBLOCK } from './files.ts'
import { StatementSplitter } from './splitter.ts'

const PIECE = 1 << 18

/** What is wrong with the bytes of a point, as a sentence. */
export class Damaged extends Error {}

/** A point's file, open: it can be read more than once, and nobody can put another one in its place meanwhile. */
export class PointFile implements AsyncDisposable {
  readonly bytes: number
  readonly #handle: FileHandle

  static async open(path: string): Promise<PointFile> {
    try {
      const handle = await open(path, constants.O_RDONLY | NOFOLLOW | NONBLOCK)
      const stats = await handle.stat()
      if (stats.isFile()) return new PointFile(handle, stats.size)
      await handle.close()
    } catch (error) {
      if (codeOf(error) === '') throw error
      throw unreadable(path, `cannot be read (${codeOf(error)})`, error)
    }
    throw unreadable(path, 'is not a file')
  }

  private constructor(handle: FileHandle, bytes: number) {
    this.#handle = handle
    this.bytes = bytes
  }

  async *raw(): AsyncGenerator<Buffer> {
    for (let at = 0; at < this.bytes; ) {
      const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafe(PIECE), 0, PIECE, at)
      if (bytesRead === 0) throw new Damaged('the file became shorter while it was read')
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  /** The text, and `Damaged` in the end unless every byte of the file belongs to it: the decompressor says nothing of zeros that follow. */
  async *text(each: (raw: Buffer) => void = () => {}): AsyncGenerator<Buffer> {
    const gunzip = createGunzip({ chunkSize: PIECE })
    const raw = this.raw()
    async function* tapped() {
      for await (const piece of raw) {
        each(piece)
        yield piece
      }
    }
    // What goes wrong comes out of `gunzip` as well.
    const fed = pipeline(tapped(), gunzip).catch(() => {})
    try {
      for await (const piece of gunzip) yield piece as Buffer
    } catch (error) {
      throw codeOf(error).startsWith('Z_') ? new Damaged(`it cannot be decompressed to its end (${(error as Error).message})`) : error
    } finally {
      gunzip.destroy()
      await fed
    }
    if (gunzip.bytesWritten !== this.bytes) throw new Damaged('something follows after the end of the compressed text')
  }

  /** The statements, and `Damaged` in the end where the last one is cut. */
  async *statements(each?: (raw: Buffer) => void, tail: (text: Buffer) => void = () => {}): AsyncGenerator<Buffer> {
    const splitter = new StatementSplitter()
    for await (const piece of this.text(each)) {
      tail(piece)
      yield* splitter.push(piece)
    }
    const { statements, open: unfinished } = splitter.end()
    yield* statements
    if (unfinished) throw new Damaged('the text ends in the middle of a statement')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close()
  }
}

const unreadable = (path: string, what: string, cause?: unknown): SyncError =>
  new SyncError('BACKUP_UNREADABLE', `The backup point ${path} ${what}.`, {
    kind: 'config',
    cause,
    hint: 'Check the path and the rights on it; a symbolic link is not followed.',
  })
