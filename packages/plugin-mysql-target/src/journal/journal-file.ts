import { createHash, type Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { gzip, constants as zlib } from 'node:zlib'
import { type JsonValue, SyncError } from '@dbsync/core/plugin'
import { codeOf, createNew, publish, removeFile, syncFolder } from '../backups/files.ts'
import { BODY_BYTES, encodeFrame, type FrameKind, newSalt, startOf } from './frames.ts'

const gzipped = promisify(gzip)
const compress = (raw: Uint8Array): Promise<Buffer> => gzipped(raw, { level: zlib.Z_BEST_SPEED })

export const packJson = (value: JsonValue): Promise<Buffer> => compress(Buffer.from(JSON.stringify(value)))

/**
 * The file of a journal while it grows. Tables are written side by side, so appending is done in turn. After a write that failed the
 * file is cut back to its last whole frame; where that fails too, or a flush did, nothing more is taken: what is in the file is not known then.
 */
export class JournalFile implements AsyncDisposable {
  readonly #salt: Buffer
  readonly #handle: FileHandle
  #path: string
  #size: number
  #frames = 0
  #synced = 0
  #turn: Promise<unknown> = Promise.resolve()
  #broken: SyncError | undefined
  readonly #hash: Hash = createHash('sha256')

  private constructor(path: string, handle: FileHandle, salt: Buffer, size: number) {
    this.#path = path
    this.#handle = handle
    this.#salt = salt
    this.#size = size
  }

  /** Throws `EEXIST` where there is such a file. */
  static async create(path: string): Promise<JournalFile> {
    const handle = await createNew(path)
    const salt = newSalt()
    const file = new JournalFile(path, handle, salt, 0)
    try {
      await file.#inTurn(() => file.#write(startOf(salt)))
      await syncFolder(dirname(path))
      return file
    } catch (error) {
      await handle.close()
      await removeFile(path)
      throw error
    }
  }

  get bytes(): number {
    return this.#size
  }

  /** Of everything that was written so far. */
  get sha256(): string {
    return this.#hash.copy().digest('hex')
  }

  /** Resolves when the system has the frame, behind those of earlier calls; a power cut may still lose it. */
  async append(kind: FrameKind, segment: number, content: JsonValue | Uint8Array): Promise<void> {
    const packing = content instanceof Uint8Array ? compress(content) : packJson(content)
    // Heard of in its turn.
    packing.catch(() => {})
    await this.#inTurn(async () => {
      const body = await packing
      let at = 0
      for (; body.length - at > BODY_BYTES; at += BODY_BYTES) await this.#frame('part', segment, body.subarray(at, at + BODY_BYTES))
      await this.#frame(kind, segment, body.subarray(at))
    })
  }

  /** Resolves when every frame that was appended before the call will outlast a power cut. */
  async sync(): Promise<void> {
    await this.#inTurn(async () => {
      const frames = this.#frames
      try {
        await this.#handle.datasync()
      } catch (error) {
        // The system may have thrown the pages away, and says so only once.
        throw this.#breakOff(error)
      }
      this.#synced = frames
    })
  }

  /** Gives the file its final name, for good; false where that is taken. */
  async rename(path: string): Promise<boolean> {
    const done = await publish(this.#path, path)
    if (done) this.#path = path
    await syncFolder(dirname(path))
    return done
  }

  async remove(): Promise<void> {
    await removeFile(this.#path)
    await syncFolder(dirname(this.#path))
  }

  async close(): Promise<void> {
    await this.#turn
    await this.#handle.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #frame(kind: FrameKind, segment: number, body: Buffer): Promise<void> {
    await this.#write(encodeFrame({ kind, segment, number: this.#frames, synced: this.#synced, body }, this.#salt))
    this.#frames++
  }

  async #write(bytes: Buffer): Promise<void> {
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, this.#size + done)
        done += bytesWritten
      }
    } catch (error) {
      await this.#handle.truncate(this.#size).catch(() => this.#breakOff(error))
      throw this.#failure(error)
    }
    this.#size += bytes.length
    this.#hash.update(bytes)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(() => {
      if (this.#broken !== undefined) throw this.#broken
      return work()
    })
    this.#turn = result.catch(() => {})
    return result
  }

  #breakOff(error: unknown): SyncError {
    this.#broken ??= this.#failure(error)
    return this.#broken
  }

  #failure(error: unknown): SyncError {
    const reason = codeOf(error) || String(error)
    return new SyncError('JOURNAL_WRITE', `${this.#path} could not be written (${reason}): what would undo the changes is not on disk, so they were not made`, {
      kind: 'refused',
      cause: error,
      hint: 'Make room on that disk, or set another folder for backup points, and run again.',
    })
  }
}
