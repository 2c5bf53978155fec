import { cancelled, type MysqlConnection } from './connection.ts'
import type { Lease } from './reader.ts'

export interface ConnectionPool extends AsyncDisposable {
  readonly size: number
  /** Waits for a free connection, first come first served. `release` runs before it goes to the next one. */
  lease(signal: AbortSignal): Promise<Lease>
  traffic(): { readonly received: number; readonly sent: number }
}

/**
 * Shares a fixed set of connections. A lost one is left out while others live: it would be back at once each time, and fail everybody in turn.
 * When all are lost, whoever leases one is told so, never handed a fresh one in silence.
 */
export function connectionPool(
  connections: readonly MysqlConnection[],
  release: (connection: MysqlConnection) => Promise<void> = async () => {},
): ConnectionPool {
  const free = [...connections]
  const waiting: { resolve(connection: MysqlConnection): void }[] = []

  function take(signal: AbortSignal): Promise<MysqlConnection> {
    if (signal.aborted) return Promise.reject(cancelled(signal))
    const living = connections.some((connection) => connection.alive)
    const at = living ? free.findIndex((connection) => connection.alive) : 0
    const [connection] = at < 0 ? [] : free.splice(at, 1)
    if (connection !== undefined) return Promise.resolve(connection)
    const { promise, resolve, reject } = Promise.withResolvers<MysqlConnection>()
    const waiter = { resolve }
    const abort = () => {
      waiting.splice(waiting.indexOf(waiter), 1)
      reject(cancelled(signal))
    }
    waiter.resolve = (handed) => {
      signal.removeEventListener('abort', abort)
      resolve(handed)
    }
    signal.addEventListener('abort', abort, { once: true })
    waiting.push(waiter)
    return promise
  }

  function give(connection: MysqlConnection): void {
    if (!connection.alive && connections.some((other) => other.alive)) return
    const next = waiting.shift()
    if (next === undefined) free.push(connection)
    else next.resolve(connection)
  }

  return {
    size: connections.length,
    async lease(signal) {
      const connection = await take(signal)
      return {
        connection,
        async [Symbol.asyncDispose]() {
          try {
            if (connection.alive) await release(connection)
          } catch (error) {
            // Lost on the way back: the next one to lease it is told so, and an error that is under way is not covered up.
            if (connection.alive) throw error
          } finally {
            give(connection)
          }
        },
      }
    },
    traffic() {
      const each = connections.map((connection) => connection.traffic())
      return { received: each.reduce((sum, one) => sum + one.received, 0), sent: each.reduce((sum, one) => sum + one.sent, 0) }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(connections.map((connection) => connection[Symbol.asyncDispose]()))
    },
  }
}
