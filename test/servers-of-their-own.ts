import { pairAddress, type ServerClient, type ServerOptions, serverClient, startServer, type TestServer } from '@dbsync/testkit'
import { afterAll, beforeAll } from 'vitest'

export interface OwnTarget {
  /** The shared source with this file's own target. */
  pair(): Promise<{ readonly source: ServerClient; readonly target: TestServer }>
  /** Moves with every write, whoever does it. */
  binlogPosition(): Promise<string>
}

/** A target server for the tests of one file alone: its logs hold nothing of other tests. Call it at the top of the file. */
export function ownTarget(options: ServerOptions = {}): OwnTarget {
  let target: TestServer
  let source: ServerClient
  beforeAll(async () => {
    ;[target, source] = await Promise.all([
      startServer({ timeZone: '+09:00', binlog: true, ...options }),
      pairAddress().then((pair) => serverClient(pair.source)),
    ])
  })
  afterAll(async () => {
    await source.close()
    await target[Symbol.asyncDispose]()
  })
  return {
    pair: async () => ({ source, target }),
    async binlogPosition() {
      const [row] = await target.query('SHOW MASTER STATUS')
      return JSON.stringify([row?.File, row?.Position])
    },
  }
}
