import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Fault, startProxy } from './proxy.ts'

test('passes everything while nothing is set', async () => {
  await using echo = await startEcho()
  await using proxy = await startProxy(echo)
  expect(await talk(proxy.port, 'x'.repeat(1_000_000))).toEqual({ received: 1_000_000, end: 'end' })
  expect([proxy.connections, proxy.faults]).toEqual([1, 0])
})

const FAULTS: readonly [Fault, number, string][] = [
  [{ type: 'cut', afterBytes: 1000 }, 1000, 'end'],
  [{ type: 'cut', afterBytes: 1000, of: 'requests' }, 0, 'end'],
  [{ type: 'half-close', afterBytes: 10 }, 10, 'end'],
  [{ type: 'black-hole', afterBytes: 1000 }, 1000, 'silence'],
]

test.each(FAULTS)('%o', async (fault, received, end) => {
  await using echo = await startEcho()
  await using proxy = await startProxy(echo)
  proxy.setFault(fault)
  const answer = await talk(proxy.port, 'x'.repeat(5000))
  expect(answer.end).toBe(end)
  expect(answer.received).toBe(received)
  expect(proxy.faults).toBe(1)
})

test('a reset is seen as one', async () => {
  await using echo = await startEcho()
  await using proxy = await startProxy(echo)
  proxy.setFault({ type: 'reset', afterBytes: 100 })
  expect((await talk(proxy.port, 'x'.repeat(5000))).end).toBe('ECONNRESET')
})

test('strikes as often as told', async () => {
  await using echo = await startEcho()
  await using proxy = await startProxy(echo)
  proxy.setFault({ type: 'reset', afterBytes: 0 }, 1)
  expect((await talk(proxy.port, 'xxx')).end).toBe('ECONNRESET')
  expect(await talk(proxy.port, 'xxx')).toEqual({ received: 3, end: 'end' })
})

test('delays', async () => {
  await using echo = await startEcho()
  await using proxy = await startProxy(echo)
  proxy.setFault({ type: 'delay', milliseconds: 60 })
  const started = Date.now()
  expect(await talk(proxy.port, 'xxx')).toEqual({ received: 3, end: 'end' })
  expect(Date.now() - started).toBeGreaterThanOrEqual(115)
})

test('lets all connections through a slow line together', async () => {
  await using echo = await startEcho()
  await using proxy = await startProxy(echo)
  proxy.setFault({ type: 'slow', bytesPerSecond: 100_000 })
  const started = Date.now()
  await Promise.all([talk(proxy.port, 'x'.repeat(10_000)), talk(proxy.port, 'x'.repeat(10_000))])
  expect(Date.now() - started).toBeGreaterThanOrEqual(195)
})

test('gives each connection a slow line of its own', async () => {
  await using echo = await startEcho()
  await using proxy = await startProxy(echo)
  const ends = async (each: boolean) => {
    proxy.setFault({ type: 'slow', bytesPerSecond: 25_000, ...(each ? { each } : {}) })
    return new Set((await Promise.all(Array.from({ length: 4 }, () => talk(proxy.port, 'x'.repeat(5_000))))).map(({ end }) => end))
  }
  // Together the last one would need 800 ms, and nobody talks for longer than 500.
  expect([await ends(true), await ends(false)]).toEqual([new Set(['end']), new Set(['end', 'silence'])])
})

async function startEcho(): Promise<AsyncDisposable & { host: string; port: number }> {
  const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as { port: number }
  return {
    host: '127.0.0.1',
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}

/** Sends a text, ends, and tells how much came back and how it ended. */
async function talk(port: number, text: string): Promise<{ received: number; end: string }> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  let received = 0
  socket.on('data', (data) => {
    received += data.length
  })
  const end = new Promise<string>((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
    socket.on('end', () => resolve('end'))
  })
  socket.end(text)
  const answer = await Promise.race([end, sleep(500, 'silence')])
  socket.destroy()
  return { received, end: answer }
}
