import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { type BigQueryFault, startBigQueryFaultProxy } from './fault-proxy.ts'

test('passes everything while no rule strikes', async () => {
  await using echo = await startEcho()
  await using proxy = await startBigQueryFaultProxy(echo)
  proxy.add({ fault: { type: 'reset' }, when: ({ path }) => path.startsWith('/other') })
  expect(await talk(proxy.endpoint, '/jobs?a=1', 'x'.repeat(1_000_000))).toBe('201 POST /jobs?a=1 1000000')
  expect(echo.served).toEqual(['/jobs?a=1'])
})

const FAULTS: readonly [BigQueryFault, string, readonly string[]][] = [
  [{ type: 'refuse', status: 403, reason: 'rateLimitExceeded' }, '403 rateLimitExceeded', []],
  [{ type: 'refuse', status: 503, reason: 'backendError' }, '503 backendError', []],
  [{ type: 'reset' }, 'ECONNRESET', []],
  [{ type: 'lose-answer' }, 'ECONNRESET', ['/jobs']],
  [{ type: 'slow', milliseconds: 60 }, '201 POST /jobs 4', ['/jobs']],
]

test.each(FAULTS)('%o', async (fault, seen, served) => {
  await using echo = await startEcho()
  await using proxy = await startBigQueryFaultProxy(echo)
  proxy.add({ fault })
  const started = Date.now()
  expect(await talk(proxy.endpoint, '/jobs', 'body')).toBe(seen)
  expect(Date.now() - started).toBeGreaterThanOrEqual(fault.type === 'slow' ? 58 : 0)
  expect(echo.served).toEqual(served)
  expect(proxy.requests).toEqual([{ method: 'POST', path: '/jobs', body: 'body', fault }])
  expect(await talk(proxy.endpoint, '/jobs', 'body')).toBe('201 POST /jobs 4')
})

test('strikes after so many, so often, and not after it is healed', async () => {
  await using echo = await startEcho()
  await using proxy = await startBigQueryFaultProxy(echo)
  proxy.add({ fault: { type: 'refuse', status: 500, reason: 'internalError' }, when: ({ body }) => body.includes('load'), skip: 1, times: 2 })
  const seen: string[] = []
  for (const body of ['load', 'read', 'load', 'load', 'load']) seen.push((await talk(proxy.endpoint, '/', body)).slice(0, 3))
  expect(seen).toEqual(['201', '201', '500', '500', '201'])
  proxy.add({ fault: { type: 'reset' }, times: Number.POSITIVE_INFINITY })
  proxy.heal()
  expect(await talk(proxy.endpoint, '/', '')).toBe('201 POST / 0')
})

test('ends while an answer is kept back', async () => {
  await using echo = await startEcho()
  const proxy = await startBigQueryFaultProxy(echo)
  proxy.add({ fault: { type: 'slow', milliseconds: 60_000 } })
  const answer = talk(proxy.endpoint, '/', '')
  while (echo.served.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  await proxy[Symbol.asyncDispose]()
  expect(await answer).toMatch(/ECONNRESET|UND_ERR_SOCKET/)
})

async function startEcho(): Promise<AsyncDisposable & { readonly endpoint: string; readonly served: readonly string[] }> {
  const served: string[] = []
  const server = createServer((request, response) => {
    let length = 0
    request.on('data', (piece: Buffer) => {
      length += piece.length
    })
    request.on('end', () => {
      served.push(request.url ?? '')
      response.writeHead(201).end(`${request.method} ${request.url} ${length}`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    served,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The status with the text or the reason of the refusal, or the code of the network's error. */
async function talk(endpoint: string, path: string, body: string): Promise<string> {
  try {
    const answer = await fetch(endpoint + path, { method: 'POST', body })
    const text = await answer.text()
    return `${answer.status} ${answer.ok ? text : JSON.parse(text).error.errors[0].reason}`
  } catch (error) {
    return String(((error as Error).cause as NodeJS.ErrnoException).code)
  }
}
