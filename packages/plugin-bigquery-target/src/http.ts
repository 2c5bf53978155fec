import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

/** A body that is sent as it lies in memory, piece by piece: encrypted in one go it would be there twice. */
export type Body = { readonly length: number; readonly pieces: () => Iterable<Uint8Array> }

export type HttpRequest = {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Body | undefined
  readonly signal: AbortSignal
}

export type HttpAnswer = { readonly status: number; readonly text: string }

/** BigQuery answers within seconds, also where a job takes longer. */
const SILENCE_MS = 300_000
const PIECE_BYTES = 256 * 1024

/**
 * One request, and its whole answer whatever the status. Throws what the system said where none came, and the reason of `signal`. Not by `fetch`: that
 * takes 20 MB of memory, most of it to compile its parser. The pool of connections and what is said of proxies in the environment are Node's own.
 */
export async function askHttp(url: string, { method, headers, body, signal }: HttpRequest): Promise<HttpAnswer> {
  const { request } = await (url.startsWith('https:') ? import('node:https') : import('node:http'))
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>()
  const length = body === undefined ? {} : { 'content-length': body.length }
  // Google compresses for those who say it twice.
  const sent = request(url, { method, headers: { 'accept-encoding': 'gzip', 'user-agent': 'dbsync (gzip)', ...headers, ...length }, signal })
  sent.on('error', (error) => reject(signal.aborted ? signal.reason : error))
  sent.setTimeout(SILENCE_MS, () => sent.destroy(new Error(`silence for ${SILENCE_MS / 1000} s`)))
  sent.on('response', (response) => {
    const { statusCode = 0 } = response
    unpacked(response, response.headers['content-encoding'])
      .then(text)
      .then((content) => resolve({ status: statusCode, text: content }))
      .catch((error: unknown) => reject(signal.aborted ? signal.reason : error))
      // An answer that came before all was sent: the rest is for nobody.
      .finally(() => sent.writableFinished || sent.destroy())
  })
  if (body === undefined) sent.end()
  else Readable.from(body.pieces()).pipe(sent)
  return await promise
}

async function unpacked(response: Readable, encoding: string | undefined): Promise<Readable> {
  if (encoding !== 'gzip') return response
  const { createGunzip } = await import('node:zlib')
  const gunzip = createGunzip()
  response.on('error', (error) => gunzip.destroy(error))
  return response.pipe(gunzip)
}

export const bodyOf = (parts: readonly Uint8Array[]): Body => ({
  length: parts.reduce((sum, { length }) => sum + length, 0),
  *pieces() {
    for (const part of parts) {
      for (let at = 0; at < part.length; at += PIECE_BYTES) yield part.subarray(at, at + PIECE_BYTES)
    }
  },
})
