import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Target } from '@dbsync/core/plugin'
import { DuckDBInstance } from '@duckdb/node-api'
import { openTarget } from './target.ts'

/** A file of its own, in a folder that goes with it. */
export interface TestFile extends AsyncDisposable {
  readonly directory: string
  readonly path: string
  open(more?: Readonly<Record<string, unknown>>, warn?: (message: string) => void): Promise<Target>
  /** The rows of a query as DuckDB itself gives them, as text. No target may have the file open. */
  query(sql: string): Promise<readonly (readonly unknown[])[]>
}

export async function testFile(name = 'warehouse.duckdb'): Promise<TestFile> {
  const directory = await mkdtemp(join(tmpdir(), 'dbsync-duckdb-'))
  const path = join(directory, name)
  const never = new AbortController().signal
  return {
    directory,
    path,
    open: (more = {}, warn = () => {}) =>
      openTarget({ path, ...more }, { directory, signal: never, limits: { connections: 4, batchRows: 1_000, compress: false }, warn }),
    async query(sql) {
      const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' })
      const connection = await instance.connect()
      try {
        return (await connection.runAndReadAll(sql)).getRowsJson()
      } finally {
        connection.closeSync()
        instance.closeSync()
      }
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}
