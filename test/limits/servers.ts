import { type ServerOptions, startServer, type TestServer } from '@dbsync/testkit'
import { afterAll, beforeAll } from 'vitest'
import { ALL, PATIENCE } from './size.ts'

export type Servers = { readonly source: TestServer; readonly target: TestServer }

/** Two servers of one file alone, since what they are sent is counted: on a disk at full size. Call it at the top of the file. */
export function ownServers(settings: Readonly<Record<string, string>>): () => Servers {
  let servers: Servers | undefined
  const options: ServerOptions = { onDisk: ALL, settings: ALL ? { ...LARGE, ...settings } : settings }
  beforeAll(async () => {
    const [source, target] = await Promise.all([startServer({ ...options, binlog: true }), startServer(options)])
    servers = { source, target }
  }, PATIENCE)
  afterAll(async () => {
    await servers?.source[Symbol.asyncDispose]()
    await servers?.target[Symbol.asyncDispose]()
  }, PATIENCE)
  return () => {
    if (servers === undefined) throw new Error('the servers are not up yet')
    return servers
  }
}

/** As servers of this size have it. */
const LARGE = {
  innodb_buffer_pool_size: '1G',
  innodb_log_file_size: '512M',
  table_open_cache: '4000',
  table_definition_cache: '12000',
  open_files_limit: '20000',
}
