import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TableSchema } from '@dbsync/core/plugin'
import { OPERATION, ROW_HASH, SEQUENCE, warehouseColumns } from '@dbsync/warehouse'
import type { DuckDBConnection } from '@duckdb/node-api'
import { DUCKDB, quoteName, quoteText } from './dialect.ts'
import { execute } from './queries.ts'

/** The rows of a writer until its commit. Each connection has temporary tables of its own, and they go with it. */
export const STAGING = 'temp.main._dbsync_stg'

type StagedColumn = { readonly name: string; readonly type: string; readonly base64: boolean }

function stagedColumns(schema: TableSchema): readonly StagedColumn[] {
  const own = (name: string, type: string): StagedColumn => ({ name, type, base64: false })
  return [
    ...warehouseColumns(DUCKDB, schema).map(({ name, type, typeName }) => ({ name, type: typeName, base64: type === 'BYTES' })),
    ...(schema.key.length > 0 ? [] : [own(ROW_HASH, 'VARCHAR')]),
    own(SEQUENCE, 'BIGINT'),
    own(OPERATION, 'VARCHAR'),
  ]
}

export const createStaging = (schema: TableSchema): string =>
  `CREATE OR REPLACE TEMP TABLE ${STAGING.replace('temp.main.', '')} (${stagedColumns(schema)
    .map(({ name, type }) => `${quoteName(name)} ${type}`)
    .join(', ')})`

/** Reads a file of JSON lines, none longer than `longest` bytes, into the staging table. The types are given: nothing is guessed. */
function loadStatement(schema: TableSchema, path: string, longest: number): string {
  const columns = stagedColumns(schema)
  const types = columns.map(({ name, type, base64 }) => `${quoteText(name)}: ${quoteText(base64 ? 'VARCHAR' : type)}`)
  const values = columns.map(({ name, base64 }) => (base64 ? `from_base64(${quoteName(name)})` : quoteName(name)))
  const options = [
    `columns = {${types.join(', ')}}`,
    "format = 'newline_delimited'",
    "compression = 'uncompressed'",
    `maximum_object_size = ${Math.max(longest, 1 << 22)}`,
  ]
  return `INSERT INTO ${STAGING} SELECT ${values.join(', ')} FROM read_json(${quoteText(path)}, ${options.join(', ')})`
}

/**
 * Lines on their way to DuckDB: a file that grows piece by piece and is then read as a whole. DuckDB reads it in threads of its own, while an appender would be
 * called for every value; and a few large files cost it half of what many small ones do.
 */
export class LinesFile {
  bytes = 0
  readonly #path: string
  readonly #handle: FileHandle
  #longest = 0

  private constructor(path: string, handle: FileHandle) {
    this.#path = path
    this.#handle = handle
  }

  static async create(scratch: string): Promise<LinesFile> {
    await mkdir(scratch, { recursive: true, mode: 0o700 })
    const path = join(scratch, `rows-${randomBytes(6).toString('hex')}.json`)
    return new LinesFile(path, await open(path, 'wx', 0o600))
  }

  /** The memory of `lines` is free again when this resolves. */
  async append(lines: Buffer): Promise<void> {
    await this.#handle.writeFile(lines)
    this.bytes += lines.length
    this.#longest = Math.max(this.#longest, longestLine(lines))
  }

  /** Into the staging table. The file is gone afterwards, whatever comes of it. */
  async load(connection: DuckDBConnection, schema: TableSchema, signal: AbortSignal): Promise<void> {
    try {
      await execute(connection, loadStatement(schema, this.#path, this.#longest), signal)
    } finally {
      await this.remove()
    }
  }

  async remove(): Promise<void> {
    await this.#handle.close()
    await rm(this.#path, { force: true })
  }
}

/** DuckDB takes twice this in memory, for each thread. */
function longestLine(lines: Buffer): number {
  let longest = 0
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf(0x0a, start) + 1
    longest = Math.max(longest, end - start)
    start = end
  }
  return longest
}
