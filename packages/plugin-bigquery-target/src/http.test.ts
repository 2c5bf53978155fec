import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { askHttp, bodyOf } from './http.ts'

const never = new AbortController().signal

async function serving(answer: RequestListener): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

it('sends all parts as one body, and reads an answer that is compressed', async () => {
  const parts = [Buffer.from('head'), Buffer.alloc(1_000_000, 'é'), Buffer.from('tail')]
  await using server = await serving((request, response) => {
    const { method, headers } = request
    const answer = (body: Buffer) => gzipSync(JSON.stringify([method, headers['content-length'], headers['x'], body.equals(Buffer.concat(parts)), 'é😀']))
    void buffer(request).then((body) => response.writeHead(201, { 'content-encoding': 'gzip' }).end(answer(body)))
  })
  expect(await askHttp(server.url, { method: 'POST', headers: { x: 'y' }, body: bodyOf(parts), signal: never })).toEqual({
    status: 201,
    text: '["POST","1000008","y",true,"é😀"]',
  })
})

it('reads an answer that comes before all was sent', async () => {
  await using server = await serving((_, response) => response.writeHead(403, { connection: 'close' }).end('no'))
  const body = bodyOf([Buffer.alloc(64_000_000)])
  expect(await askHttp(server.url, { method: 'POST', headers: {}, body, signal: never })).toEqual({ status: 403, text: 'no' })
})

it.each([
  ['is reset', (response: Parameters<RequestListener>[1]) => response.destroy(), /socket hang up|ECONNRESET/],
  [
    'ends in the middle of the answer',
    (response: Parameters<RequestListener>[1]) => {
      response.writeHead(200, { 'content-length': 10 }).write('half')
      setTimeout(() => response.destroy(), 20)
    },
    /aborted/,
  ],
  [
    'ends in the middle of a compressed answer',
    (response: Parameters<RequestListener>[1]) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).write(gzipSync('whole').subarray(0, 12))
      setTimeout(() => response.destroy(), 20)
    },
    /aborted|unexpected end/,
  ],
])('throws where the connection %s', async (_, answer, message) => {
  await using server = await serving((_request, response) => answer(response))
  await expect(askHttp(server.url, { method: 'GET', headers: {}, signal: never })).rejects.toThrow(message)
})

it('stops with its signal, and throws the reason', async () => {
  await using server = await serving(() => {})
  const stop = new AbortController()
  const asked = askHttp(server.url, { method: 'GET', headers: {}, signal: stop.signal })
  setTimeout(() => stop.abort(new Error('enough')), 20)
  await expect(asked).rejects.toThrow('enough')
})
