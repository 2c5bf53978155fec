import { createHash, randomBytes } from 'node:crypto'

/*
 * A journal is one file that only ever grows: `MAGIC`, 16 random bytes, then frames. A frame is the length of its body, its kind, its
 * segment, its number, how many frames were certain to be on disk when it was written, the body, and a checksum of all that and of the
 * random bytes: a frame of another journal, or one in another place, is none.
 */

const MAGIC = Buffer.from('dbsyncJ1', 'latin1')
const SALT_BYTES = 16
const HEAD_BYTES = 17
const SUM_BYTES = 16

export const START_BYTES = MAGIC.length + SALT_BYTES
/** Larger bodies go in parts. */
export const BODY_BYTES = 1 << 20

/** In the order of their numbers, which are part of the format. */
const KINDS = ['header', 'open', 'part', 'rows', 'keys', 'ready', 'after', 'void', 'end', 'undone'] as const
/**
 * `header`: what the point is of. `open`: a segment begins; `rows` and `keys` fill it; `ready`: it is whole, and on disk before anything
 * else happens; `after`: what the rows are about to be, once committed; `void`: there was no commit. `end`: the run is over.
 * `undone`: these tables were rolled back. A `part` belongs to the next frame of its segment.
 */
export type FrameKind = (typeof KINDS)[number]

export type Frame = {
  readonly kind: FrameKind
  /** 0: the whole journal. */
  readonly segment: number
  readonly number: number
  readonly synced: number
  readonly body: Buffer
}

export const newSalt = (): Buffer => randomBytes(SALT_BYTES)
export const startOf = (salt: Uint8Array): Buffer => Buffer.concat([MAGIC, salt])
/** The random bytes of a file that begins so; `undefined`: no journal, or of another version. */
export const saltOf = (start: Buffer): Buffer | undefined =>
  start.length >= START_BYTES && start.subarray(0, MAGIC.length).equals(MAGIC) ? start.subarray(MAGIC.length, START_BYTES) : undefined

export function encodeFrame({ kind, segment, number, synced, body }: Frame, salt: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + body.length + SUM_BYTES)
  frame.writeUInt32LE(body.length, 0)
  frame.writeUInt8(KINDS.indexOf(kind), 4)
  frame.writeUInt32LE(segment, 5)
  frame.writeUInt32LE(number, 9)
  frame.writeUInt32LE(synced, 13)
  body.copy(frame, HEAD_BYTES)
  checksum(frame.subarray(0, HEAD_BYTES + body.length), salt).copy(frame, HEAD_BYTES + body.length)
  return frame
}

/** The size of the frame that begins with these bytes, or `undefined` where none does. */
export function frameSize(head: Buffer): number | undefined {
  if (head.length < HEAD_BYTES) return undefined
  const length = head.readUInt32LE(0)
  return length <= BODY_BYTES && head.readUInt8(4) < KINDS.length ? HEAD_BYTES + length + SUM_BYTES : undefined
}

/** The frame that these bytes begin with, or `undefined` where a byte of it is missing or another one. */
export function decodeFrame(bytes: Buffer, salt: Uint8Array): Frame | undefined {
  const size = frameSize(bytes)
  const kind = KINDS[bytes[4] ?? KINDS.length]
  if (size === undefined || kind === undefined || bytes.length < size) return undefined
  const end = size - SUM_BYTES
  if (!checksum(bytes.subarray(0, end), salt).equals(bytes.subarray(end, size))) return undefined
  return { kind, segment: bytes.readUInt32LE(5), number: bytes.readUInt32LE(9), synced: bytes.readUInt32LE(13), body: bytes.subarray(HEAD_BYTES, end) }
}

/** No frame is larger. */
export const MAX_FRAME_BYTES = HEAD_BYTES + BODY_BYTES + SUM_BYTES

const checksum = (bytes: Uint8Array, salt: Uint8Array): Buffer => createHash('sha256').update(salt).update(bytes).digest().subarray(0, SUM_BYTES)
