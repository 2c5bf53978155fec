import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { ServerAddress } from './client.ts'
import { startServer, type TestServer } from './server.ts'

/** Where test processes ask for the pair, as the path of a Unix socket. */
const ENV = 'DBSYNC_TEST_SERVERS'

export type PairAddress = { readonly source: ServerAddress; readonly target: ServerAddress }

/**
 * Offers one pair of servers to all test processes that are started from here on. They start when the first test asks for them:
 * a run of unit tests pays nothing. Neither is on UTC, both write a binary log, and `general_log` can be switched on.
 */
export async function offerPair(): Promise<AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'dbsync-pair-'))
  const path = join(folder, 'socket')
  let pair: Promise<readonly [TestServer, TestServer]> | undefined
  const desk = createServer((client) => {
    client.on('error', () => client.destroy())
    pair ??= Promise.all([startServer({ timeZone: '-05:00', binlog: true }), startServer({ timeZone: '+09:00', binlog: true })])
    pair.then(
      ([source, target]) => client.end(JSON.stringify({ source: address(source), target: address(target) })),
      (error: unknown) => client.end(JSON.stringify({ error: String(error) })),
    )
  })
  await new Promise<void>((resolve, reject) => desk.once('error', reject).listen(path, resolve))
  process.env[ENV] = path
  return {
    async [Symbol.asyncDispose]() {
      desk.close()
      const servers = await pair?.catch(() => [])
      for (const server of servers ?? []) await server[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

let asked: Promise<PairAddress> | undefined

/** The pair that `offerPair` offers. */
export function pairAddress(): Promise<PairAddress> {
  asked ??= ask()
  return asked
}

async function ask(): Promise<PairAddress> {
  const path = process.env[ENV]
  if (path === undefined) throw new Error(`${ENV} is not set: run the tests with vitest from the root of the project, whose set-up offers the servers`)
  const answer = JSON.parse(await text(connect(path))) as PairAddress | { readonly error: string }
  if ('error' in answer) throw new Error(answer.error)
  return answer
}

const address = ({ host, port, socket, user, password, directory }: ServerAddress): ServerAddress => ({ host, port, socket, user, password, directory })
