import { createServer, request as dial, type IncomingMessage, type RequestOptions, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What happens to one request. */
export type BigQueryFault =
  /** Refused in BigQuery's form; it does not reach the server. 403 `rateLimitExceeded`, 403 `quotaExceeded`, 500 `internalError`, 503 `backendError`, … */
  | { readonly type: 'refuse'; readonly status: number; readonly reason: string; readonly message?: string }
  /** A TCP reset; the request does not reach the server. */
  | { readonly type: 'reset' }
  /** The server does what it was asked, and the client sees a TCP reset instead of the answer. */
  | { readonly type: 'lose-answer' }
  /** A TCP reset; the request has got stuck somewhere, and reaches the server so much later. */
  | { readonly type: 'late'; readonly milliseconds: number }
  /** The server does what it was asked; its answer waits this long. */
  | { readonly type: 'slow'; readonly milliseconds: number }

export type ProxiedRequest = {
  readonly method: string
  /** With what follows the `?`. */
  readonly path: string
  /** The beginning of it, as text. */
  readonly body: string
}

export type FaultRule = {
  readonly fault: BigQueryFault
  /** Which requests; every one without it. */
  readonly when?: (request: ProxiedRequest) => boolean
  /** How many of them pass first. 0 without it. */
  readonly skip?: number
  /** How often it strikes. 1 without it. */
  readonly times?: number
}

export interface BigQueryFaultProxy extends AsyncDisposable {
  /** In place of the server's: `http://127.0.0.1:20002`. */
  readonly endpoint: string
  /** Every request so far, with what happened to it. */
  readonly requests: readonly (ProxiedRequest & { readonly fault?: BigQueryFault })[]
  /** From now on; of the rules that apply to a request the one added first strikes. */
  add(...rules: readonly FaultRule[]): void
  /** Forgets all rules. */
  heal(): void
}

/** Answers of the server that the client should not see yet are kept whole, so this is for tests only. */
const BODY_KEPT = 64 * 1024

/** An HTTP proxy in front of an emulator, on a port of its own, that can misbehave. */
export async function startBigQueryFaultProxy(server: { readonly endpoint: string }): Promise<BigQueryFaultProxy> {
  const upstream = new URL(server.endpoint)
  const requests: (ProxiedRequest & { readonly fault?: BigQueryFault })[] = []
  const closing = new AbortController()
  let rules: { readonly rule: FaultRule; skip: number; times: number }[] = []

  function strike(request: ProxiedRequest): BigQueryFault | undefined {
    for (const each of rules) {
      if (each.rule.when?.(request) === false || each.times === 0) continue
      if (each.skip > 0) {
        each.skip--
        continue
      }
      each.times--
      return each.rule.fault
    }
    return undefined
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    try {
      const body = await whole(incoming)
      const request = { method: incoming.method ?? '', path: incoming.url ?? '', body: body.subarray(0, BODY_KEPT).toString() }
      const fault = strike(request)
      requests.push(fault === undefined ? request : { ...request, fault })
      if (fault?.type === 'refuse') {
        outgoing.writeHead(fault.status, { 'content-type': 'application/json' }).end(refusal(fault))
        return
      }
      if (fault?.type === 'reset') {
        incoming.socket.resetAndDestroy()
        return
      }
      if (fault?.type === 'late') {
        incoming.socket.resetAndDestroy()
        await sleep(fault.milliseconds, undefined, { signal: closing.signal })
      }
      const answer = await forward(
        {
          host: upstream.hostname,
          port: upstream.port,
          method: request.method,
          path: request.path,
          headers: { ...incoming.headers, host: upstream.host, connection: 'close' },
        },
        body,
      )
      if (fault?.type === 'late') return
      if (fault?.type === 'lose-answer') {
        incoming.socket.resetAndDestroy()
        return
      }
      if (fault?.type === 'slow') await sleep(fault.milliseconds, undefined, { signal: closing.signal })
      const { connection: _, 'transfer-encoding': __, ...headers } = answer.message.headers
      outgoing.writeHead(answer.message.statusCode ?? 502, { ...headers, 'content-length': answer.body.length }).end(answer.body)
    } catch {
      // The server or the client has gone, or we are closing: the other side sees that too.
      incoming.socket.destroy()
    }
  }

  const listener = createServer((incoming, outgoing) => void serve(incoming, outgoing))
  const open = new Set<Socket>()
  listener.on('connection', (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  await new Promise<void>((resolve, reject) => listener.once('error', reject).listen(0, '127.0.0.1', resolve))

  return {
    endpoint: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    requests,
    add(...added) {
      rules.push(...added.map((rule) => ({ rule, skip: rule.skip ?? 0, times: rule.times ?? 1 })))
    },
    heal() {
      rules = []
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      const closed = new Promise((resolve) => listener.close(resolve))
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

async function forward(options: RequestOptions, body: Buffer): Promise<{ readonly message: IncomingMessage; readonly body: Buffer }> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    dial(options, resolve).once('error', reject).end(body)
  })
  return { message, body: await whole(message) }
}

async function whole(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of message as AsyncIterable<Buffer>) pieces.push(piece)
  return Buffer.concat(pieces)
}

function refusal({ status, reason, message = `Refused by the fault proxy: ${reason}` }: Extract<BigQueryFault, { readonly type: 'refuse' }>): string {
  return JSON.stringify({ error: { code: status, message, errors: [{ message, domain: 'global', reason }] } })
}
