import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TableSchema } from '@dbsync/core/plugin'
import { OPERATION, ROW_HASH, SEQUENCE, warehouseColumns } from '@dbsync/warehouse'
import { DUCKDB, plainLiteral, quoteName } from './dialect.ts'

/** The rows of a writer until its commit: a view of its own of the file that they are in. */
export const STAGING = 'temp.main._dbsync_stg'

/** Makes the view. The file holds texts and bytes; types are given, nothing is guessed. */
export function stage(schema: TableSchema, path: string): string {
  const own = (name: string, typeName: string) => ({ name, typeName })
  const columns = [
    ...warehouseColumns(DUCKDB, schema),
    ...(schema.key.length > 0 ? [] : [own(ROW_HASH, 'VARCHAR')]),
    own(SEQUENCE, 'BIGINT'),
    own(OPERATION, 'VARCHAR'),
  ]
  const values = columns.map(({ name, typeName }) => `CAST(${quoteName(name)} AS ${typeName}) AS ${quoteName(name)}`)
  return `CREATE OR REPLACE TEMP VIEW ${STAGING.replace('temp.main.', '')} AS SELECT ${values.join(', ')} FROM read_parquet(${plainLiteral(path)}, hive_partitioning = false)`
}

/**
 * Rows on their way to DuckDB: a Parquet file that grows piece by piece, and that the statements of the commit read. DuckDB reads it in threads of its own, while an
 * appender would be called for every value.
 */
export class RowsFile {
  readonly path: string
  readonly #handle: FileHandle

  private constructor(path: string, handle: FileHandle) {
    this.path = path
    this.#handle = handle
  }

  static async create(scratch: string): Promise<RowsFile> {
    await mkdir(scratch, { recursive: true, mode: 0o700 })
    const path = join(scratch, `rows-${randomBytes(6).toString('hex')}.parquet`)
    return new RowsFile(path, await open(path, 'wx', 0o600))
  }

  /** The memory of `pieces` is free again when this resolves. */
  async append(pieces: readonly Uint8Array[]): Promise<void> {
    await this.#handle.writeFile(pieces)
  }

  async remove(): Promise<void> {
    await this.#handle.close()
    await rm(this.path, { force: true })
  }
}
