import { Readable } from 'node:stream'

const CHUNK = 1 << 20

/**
 * The body of a LOAD DATA LOCAL as the driver wants it: in pieces of at most 1 MiB and never empty, since an empty packet ends the
 * load. A body that throws must not look like one that ended, so `abandon` closes the connection before the driver notices.
 */
export function loadStream(body: AsyncIterable<Uint8Array>, abandon: (error: unknown) => void): Readable {
  async function* pieces(): AsyncGenerator<Buffer> {
    try {
      for await (const bytes of body) {
        for (let at = 0; at < bytes.length; at += CHUNK) yield Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(CHUNK, bytes.length - at))
      }
    } catch (error) {
      abandon(error)
      throw error
    }
  }
  const stream = Readable.from(pieces(), { objectMode: true, highWaterMark: 1 })
  // The driver listens while it reads; afterwards the statement has failed already.
  stream.on('error', () => {})
  return stream
}
