import type { Queries, TextRow } from '@dbsync/warehouse'
import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api'
import { duckdbError } from './failures.ts'
import type { WarehouseFile } from './file.ts'

/** Runs one statement to its end; says how many rows it changed. An abort interrupts it. */
export async function execute(connection: DuckDBConnection, sql: string, signal: AbortSignal): Promise<number> {
  return await interruptible(connection, signal, async () => (await connection.run(sql)).rowsChanged)
}

/** Throws the reason of the abort once it is aborted. */
async function interruptible<T>(connection: DuckDBConnection, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const stop = () => connection.interrupt()
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await work()
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** All of them, or none. */
export async function runAtOnce(connection: DuckDBConnection, statements: readonly string[], signal: AbortSignal): Promise<void> {
  await execute(connection, 'BEGIN', signal)
  try {
    for (const sql of statements) await execute(connection, sql, signal)
    await connection.run('COMMIT')
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => {})
    throw error
  }
}

/** The rows of a query, every cell of which is text. */
export async function* selected(connection: DuckDBConnection, sql: string, signal: AbortSignal): AsyncGenerator<readonly TextRow[]> {
  const { DuckDBBlobVector } = await import('@duckdb/node-api')
  const { default: bindings } = await import('@duckdb/node-bindings')
  // Text lies there as bytes do. Read as text it would lose a byte order mark at its start.
  const columnOf = ({ chunk, rowCount }: DuckDBDataChunk, column: number): readonly (string | null)[] => {
    const vector = DuckDBBlobVector.fromRawVector(bindings.data_chunk_get_vector(chunk, column), rowCount)
    return Array.from({ length: rowCount }, (_, row) => textOf(vector.getItemBytes(row)))
  }
  const result = await interruptible(connection, signal, () => connection.stream(sql))
  for (;;) {
    const chunk = await interruptible(connection, signal, () => result.fetchChunk())
    if (chunk === null || chunk.rowCount === 0) return
    const columns = Array.from({ length: result.columnCount }, (_, column) => columnOf(chunk, column))
    yield Array.from({ length: chunk.rowCount }, (_, row) => columns.map((cells) => cells[row] ?? null))
  }
}

const textOf = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')

/** Every query has a connection of its own. */
export function fileQueries(file: WarehouseFile): Queries {
  async function* select(doing: string, sql: string, signal: AbortSignal): AsyncGenerator<readonly TextRow[]> {
    const connection = await file.connect()
    try {
      yield* selected(connection, sql, signal)
    } catch (error) {
      throw duckdbError(error, doing, file.path)
    } finally {
      connection.closeSync()
    }
  }
  return { select, rows: async (doing, sql, signal) => (await Array.fromAsync(select(doing, sql, signal))).flat() }
}
