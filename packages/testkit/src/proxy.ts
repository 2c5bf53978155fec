import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What goes wrong on a connection. Bytes are counted from its beginning in one direction: answers unless `of` says requests. */
export type Fault =
  /** Both sides see an orderly end. */
  | { readonly type: 'cut'; readonly afterBytes: number; readonly of?: Direction }
  /** Both sides see a TCP reset. */
  | { readonly type: 'reset'; readonly afterBytes: number; readonly of?: Direction }
  /** Nothing arrives any more in either direction, and nothing says so. */
  | { readonly type: 'black-hole'; readonly afterBytes: number; readonly of?: Direction }
  /** This direction ends in order, the other one goes on. */
  | { readonly type: 'half-close'; readonly afterBytes: number; readonly of?: Direction }
  /** Every piece arrives this much later. */
  | { readonly type: 'delay'; readonly milliseconds: number }
  /** All connections together get so much through, each way; `each`: every one of them does. */
  | { readonly type: 'slow'; readonly bytesPerSecond: number; readonly each?: true }

export type Direction = 'requests' | 'answers'

export interface FaultProxy extends AsyncDisposable {
  readonly host: '127.0.0.1'
  readonly port: number
  /** How many connections there have been. */
  readonly connections: number
  /** How many faults have struck. */
  readonly faults: number
  /** The fault of every connection from now on, those that are open included; `undefined` heals what still can be. `times`: strike only so often. */
  setFault(fault: Fault | undefined, times?: number): void
}

/** A TCP proxy in front of a server, on a port of its own, that can misbehave. */
export async function startProxy(server: { readonly host: string; readonly port: number }): Promise<FaultProxy> {
  const open = new Set<Socket>()
  let fault: Fault | undefined
  let strikesLeft = Number.POSITIVE_INFINITY
  let connections = 0
  let faults = 0
  const shared: Line = { requests: 0, answers: 0 }

  const listener = createServer({ allowHalfOpen: true }, (client) => {
    connections++
    const upstream = connect({ ...server, allowHalfOpen: true })
    const pair: Pair = { sockets: [client, upstream], silent: false, own: { requests: 0, answers: 0 } }
    for (const socket of pair.sockets) {
      socket.setNoDelay(true)
      open.add(socket)
      socket.on('close', () => open.delete(socket))
      socket.on('error', () => {
        for (const each of pair.sockets) each.destroy()
      })
    }
    void forward(pair, client, upstream, 'requests')
    void forward(pair, upstream, client, 'answers')
  })

  async function forward(pair: Pair, from: Socket, to: Socket, direction: Direction): Promise<void> {
    let passed = 0
    const closed = new Promise((resolve) => to.once('close', resolve))
    try {
      for await (const piece of from as AsyncIterable<Buffer>) {
        if (pair.silent) continue
        const now = fault
        if (now?.type === 'delay') await sleep(now.milliseconds)
        if (now?.type === 'slow') {
          const line = now.each ? pair.own : shared
          line[direction] = Math.max(line[direction], performance.now()) + (1000 * piece.length) / now.bytesPerSecond
          await sleep(Math.max(0, line[direction] - performance.now()))
        }
        const strikes = now !== undefined && 'afterBytes' in now && (now.of ?? 'answers') === direction && strikesLeft > 0
        const limit = strikes ? now.afterBytes : Number.POSITIVE_INFINITY
        const room = Math.max(0, limit - passed)
        passed += piece.length
        const enough = piece.length < room
        if (!to.writable) continue
        const drained = to.write(enough ? piece : piece.subarray(0, room))
        if (!enough && strikes) strike(now, pair, to)
        else if (!drained) await Promise.race([once(to, 'drain'), closed])
      }
      if (!pair.silent) to.end()
    } catch {
      // Either side has gone: the error handlers of both sockets have closed the pair.
    }
  }

  function strike(now: Fault, pair: Pair, to: Socket): void {
    faults++
    strikesLeft--
    if (now.type === 'black-hole') pair.silent = true
    else if (now.type === 'half-close') to.end()
    else if (now.type === 'reset') for (const socket of pair.sockets) socket.resetAndDestroy()
    // What was written before the cut still arrives: `end` and not `destroy`.
    else if (now.type === 'cut') for (const socket of pair.sockets) socket.destroySoon()
  }

  await new Promise<void>((resolve, reject) => listener.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    host: '127.0.0.1',
    port: address.port,
    get connections() {
      return connections
    },
    get faults() {
      return faults
    },
    setFault(next, times = Number.POSITIVE_INFINITY) {
      fault = next
      strikesLeft = times
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => listener.close(resolve))
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

/** When a slow line is free again. */
type Line = Record<Direction, number>

type Pair = { readonly sockets: readonly [Socket, Socket]; readonly own: Line; silent: boolean }
