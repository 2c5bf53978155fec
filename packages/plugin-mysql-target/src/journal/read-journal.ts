import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { type Column, type RowBatch, rowBatch } from '@dbsync/core/plugin'
import { codeOf, NOFOLLOW, NONBLOCK } from '../backups/files.ts'
import type { JournalEnd, JournalHeader, SegmentHead } from './content.ts'
import { decodeFrame, type Frame, frameSize, MAX_FRAME_BYTES, START_BYTES, saltOf } from './frames.ts'
import { type DataPlace, damaged, decompress, IndexBuilder, type JournalIndex, type Segment } from './journal-index.ts'

/** Reads and proves the whole file. Throws `JOURNAL_DAMAGED` where a byte that was certain to be on disk is missing or another one; a `finished` journal has its end. */
export async function readJournal(path: string, { finished }: { readonly finished: boolean }): Promise<JournalIndex> {
  await using file = await openRead(path)
  const { size: bytes } = await file.stat()
  const salt = saltOf(await readAt(file, 0, START_BYTES))
  if (salt === undefined) throw damaged(path, 'it does not begin as a journal does')
  const building = new IndexBuilder(path)
  const torn = await eachFrame(file, { path, bytes, salt, complete: () => finished && !building.ended }, (frame, at, size) => building.add(frame, at, size))
  return building.index(bytes, torn, finished)
}

/** The header alone: for lists. */
export async function readHeader(path: string): Promise<JournalHeader> {
  await using file = await openRead(path)
  const salt = saltOf(await readAt(file, 0, START_BYTES))
  if (salt === undefined) throw damaged(path, 'it does not begin as a journal does')
  const building = new IndexBuilder(path)
  for (let at = START_BYTES; building.header === undefined; ) {
    const bytes = await readAt(file, at, MAX_FRAME_BYTES)
    const frame = decodeFrame(bytes, salt)
    if (frame === undefined) throw damaged(path, 'its header cannot be read')
    await building.add(frame, at, frameSize(bytes) ?? 0)
    at += frameSize(bytes) ?? 0
  }
  return building.header
}

/** The end of a finished journal without the rest of it; `undefined` where that takes reading the whole file. */
export async function readTail(path: string): Promise<JournalEnd | undefined> {
  await using file = await openRead(path)
  const { size } = await file.stat()
  const salt = saltOf(await readAt(file, 0, START_BYTES))
  const from = Math.max(START_BYTES, size - MAX_FRAME_BYTES)
  const tail = await readAt(file, from, size - from)
  if (salt === undefined) return undefined
  for (let at = tail.length; at >= 0; at--) {
    // The last frame ends where the file does.
    if (frameSize(tail.subarray(at)) !== tail.length - at) continue
    const frame = decodeFrame(tail.subarray(at), salt)
    if (frame?.kind === 'end') return JSON.parse((await decompress(frame.body)).toString('utf8')) as JournalEnd
    if (frame !== undefined) return undefined
  }
  return undefined
}

/** The rows, or the keys, of one segment; each frame is proved again. */
export async function* segmentRows(journal: JournalIndex, segment: Segment, kind: 'rows' | 'keys'): AsyncGenerator<RowBatch> {
  const columns = columnsOf(segment.head, kind)
  if (columns === undefined) return
  await using file = await openRead(journal.path)
  const salt = saltOf(await readAt(file, 0, START_BYTES))
  if (salt === undefined) throw damaged(journal.path, 'it does not begin as a journal does')
  for (const place of segment.data) {
    if (place.kind === kind) yield await readBatch(file, journal.path, salt, place, columns)
  }
}

const columnsOf = (head: SegmentHead, kind: 'rows' | 'keys'): readonly Column[] | undefined => {
  if (head.holds === 'absent') return undefined
  if (kind === 'rows') return head.columns
  return head.holds === 'rows' ? head.keyColumns : undefined
}

/** A batch lies in the file as the number of its rows and then their packed bytes, compressed. */
export const BATCH_HEAD_BYTES = 4

async function readBatch(file: FileHandle, path: string, salt: Buffer, place: DataPlace, columns: readonly Column[]): Promise<RowBatch> {
  const bytes = await readAt(file, place.at, place.size)
  const bodies: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const frame = decodeFrame(bytes.subarray(at), salt)
    if (frame === undefined) throw damaged(path, `bytes from ${place.at + at} on are not what was written`)
    bodies.push(frame.body)
    at += frameSize(bytes.subarray(at)) ?? 0
  }
  const raw = await decompress(Buffer.concat(bodies))
  return rowBatch(columns, raw.subarray(BATCH_HEAD_BYTES), raw.readUInt32LE(0))
}

/** `complete`: there must be more. */
type Scan = { readonly path: string; readonly bytes: number; readonly salt: Buffer; readonly complete: () => boolean }

/** Visits every frame. Answers how many bytes at the end belong to none: a write that was cut short, of which nothing depends. */
async function eachFrame(file: FileHandle, scan: Scan, visit: (frame: Frame, at: number, size: number) => Promise<void>): Promise<number> {
  let number = 0
  let at = START_BYTES
  for (let window: Buffer = Buffer.alloc(0), from = at; at < scan.bytes; number++) {
    if (at - from + MAX_FRAME_BYTES > window.length && from + window.length < scan.bytes) {
      from = at
      window = await readAt(file, at, Math.min(MAX_FRAME_BYTES * 4, scan.bytes - at))
    }
    const bytes = window.subarray(at - from)
    const frame = decodeFrame(bytes, scan.salt)
    if (frame === undefined || frame.number !== number) {
      if (scan.complete() || (await wasWhole(file, scan, at, number))) throw damaged(scan.path, `bytes from ${at} on are not what was written`)
      return scan.bytes - at
    }
    const size = frameSize(bytes) ?? 0
    await visit(frame, at, size)
    at += size
  }
  return 0
}

/** Whether the frame `number`, which cannot be read, was on disk once: a later frame says how many were. */
async function wasWhole(file: FileHandle, scan: Scan, from: number, number: number): Promise<boolean> {
  for (let at = from; at < scan.bytes; ) {
    const window = await readAt(file, at, Math.min(MAX_FRAME_BYTES * 4, scan.bytes - at))
    const last = at + window.length >= scan.bytes
    const upTo = last ? window.length : window.length - MAX_FRAME_BYTES
    for (let offset = 0; offset < upTo; offset++) {
      // Cheap first: most offsets are no beginning.
      if (window.length - offset < 17 || window.readUInt32LE(offset + 9) <= number || window.readUInt32LE(offset + 13) <= number) continue
      if (decodeFrame(window.subarray(offset), scan.salt) !== undefined) return true
    }
    at += upTo
  }
  return false
}

async function openRead(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | NOFOLLOW | NONBLOCK).catch((error: unknown) => {
    throw damaged(path, codeOf(error) === 'ELOOP' ? 'it is a symbolic link' : `it cannot be read (${codeOf(error)})`, error)
  })
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw damaged(path, 'it is no file')
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await file.read(buffer, done, length - done, at + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return buffer.subarray(0, done)
}
