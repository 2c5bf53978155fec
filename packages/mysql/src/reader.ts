import {
  type Column,
  FINGERPRINT_COLUMNS,
  isSplitByHash,
  keyColumns,
  pickColumns,
  type ReadRequest,
  type RowBatch,
  type RowRange,
  storedColumns,
  type TableReader,
  type TableSchema,
} from '@dbsync/core/plugin'
import { refuseAmbiguous } from './ambiguous.ts'
import { tableChecksum } from './checksum.ts'
import { keysCondition, literal, rangeCondition, sinceCondition, unindexedCondition } from './conditions.ts'
import type { MysqlConnection } from './connection.ts'
import { rowHash, selectList, splitHash } from './digest.ts'
import { digestRanges } from './digests.ts'
import { distinctByLastCell } from './distinct.ts'
import { mysqlError } from './errors.ts'
import { hashCondition } from './hash-ranges.ts'
import { quoteId, quoteTable } from './identifiers.ts'
import { describeTables } from './introspect.ts'
import { replicationLag } from './lag.ts'
import { isQuick, quickHash } from './quick-hash.ts'
import { evenRanges, tableRanges } from './ranges.ts'

/** A connection for as long as one reading takes. */
export type Lease = AsyncDisposable & { readonly connection: MysqlConnection }

export type ReaderTuning = {
  /** Reads inside one snapshot: a table that has vanished there was changed, which is worth another try. */
  readonly snapshot?: boolean
  /** Runs on the same connection after the last row of a table, before the reading counts as complete. */
  readonly afterRead?: (connection: MysqlConnection, schema: TableSchema, signal: AbortSignal) => Promise<void>
  readonly traffic?: () => { readonly received: number; readonly sent: number }
}

/** All of one size, so that the memory of one serves the next. */
const FINGERPRINT_BATCH = { batchRows: 20_000, batchBytes: 1 << 16, transient: true as const }

/** The reading half of both ends. Each call leases one connection and gives it back when it is done. */
export function mysqlReader(lease: (signal: AbortSignal) => Promise<Lease>, tuning: ReaderTuning = {}): TableReader {
  const never = new AbortController().signal

  async function on<T>(doing: string, schema: TableSchema, signal: AbortSignal, work: (connection: MysqlConnection) => Promise<T>): Promise<T> {
    await using leased = await lease(signal)
    try {
      return await work(leased.connection)
    } catch (error) {
      throw translate(error, doing, schema, leased.connection)
    }
  }

  async function* stream(doing: string, schema: TableSchema, signal: AbortSignal, work: (connection: MysqlConnection) => AsyncIterable<RowBatch>) {
    await using leased = await lease(signal)
    try {
      yield* work(leased.connection)
    } catch (error) {
      throw translate(error, doing, schema, leased.connection)
    }
  }

  const translate = (error: unknown, doing: string, schema: TableSchema, connection: MysqlConnection): Error =>
    mysqlError(error, { doing, table: schema.table, label: connection.server.label, user: connection.user, snapshot: tuning.snapshot })

  async function* rows(connection: MysqlConnection, request: ReadRequest): AsyncGenerator<RowBatch> {
    for (const statement of readStatements(request)) {
      let found = 0
      for await (const batch of selected(connection, request, statement)) {
        found += batch.rowCount
        yield batch
      }
      const { unindexed } = statement
      if (unindexed !== undefined && found < unindexed.keys) yield* selected(connection, request, unindexed)
    }
    await tuning.afterRead?.(connection, request.schema, request.signal)
  }

  async function* selected(connection: MysqlConnection, request: ReadRequest, statement: ReadStatement): AsyncGenerator<RowBatch> {
    if (tuning.snapshot) await refuseAmbiguous(connection, request.schema, storedColumns(request.schema), statement.condition, request.signal)
    const batches = connection.select(statement.sql, statement.columns, request)
    yield* statement.distinct ? distinctByLastCell(batches, storedColumns(request.schema)) : batches
  }

  return {
    async describe(database, names, unreadable) {
      await using leased = await lease(never)
      return await describeTables(leased.connection, database, names, unreadable)
    },
    count: (schema, signal) =>
      on('counting', schema, signal, async (connection) => {
        const [[rows] = []] = await connection.query(`SELECT COUNT(*) FROM ${quoteTable(schema.table)}`, signal)
        return Number(rows)
      }),
    newest: (schema, atMost, signal) => on('reading', schema, signal, (connection) => newestValues(connection, schema, atMost, signal)),
    read: (request) => stream('reading', request.schema, request.signal, (connection) => rows(connection, request)),
    ranges: (schema, rowsPerRange, signal, within) =>
      on('splitting', schema, signal, (connection) => tableRanges(connection, schema, rowsPerRange, signal, within)),
    evenRanges: (schema, rowsPerRange, signal) => on('splitting', schema, signal, (connection) => evenRanges(connection, schema, rowsPerRange, signal)),
    digest: (schema, ranges, signal) => on('comparing', schema, signal, (connection) => digestRanges(connection, schema, ranges, signal)),
    checksum: (schema, signal) => on('comparing', schema, signal, (connection) => tableChecksum(connection, schema, signal)),
    fingerprints: (schema, ranges, signal) => stream('comparing', schema, signal, (connection) => fingerprintRows(connection, schema, ranges, signal)),
    async lag(signal) {
      await using leased = await lease(signal)
      return await replicationLag(leased.connection, signal)
    },
    ...(tuning.traffic === undefined ? {} : { traffic: tuning.traffic }),
  }
}

type ReadStatement = {
  readonly sql: string
  readonly columns: readonly Column[]
  /** Which rows it reads; empty: all of them. */
  readonly condition: string
  readonly distinct?: boolean
  /** Reads what this one may have missed of so many keys, where it finds fewer rows. */
  readonly unindexed?: ReadStatement & { readonly keys: number }
}

/** Keys go into literals: so many in one statement that the optimizer still looks each one up. */
const KEYS_PER_STATEMENT = 500

function* readStatements(request: ReadRequest): Generator<ReadStatement> {
  const { schema, keys, since, limit, range } = request
  const columns = storedColumns(schema)
  const from = ` FROM ${quoteTable(schema.table)}`
  const select = `SELECT ${selectList(columns)}${from}`
  const conditions = [...(since === undefined ? [] : [sinceCondition(schema, since)]), ...(range === undefined ? [] : [rangesCondition(schema, [range])])]
  const tail = limit === undefined ? '' : ` LIMIT ${limit}`
  if (keys === undefined) {
    yield { sql: `${select}${where(conditions)}${tail}`, columns, condition: conditions.join(' AND ') }
  } else if (schema.key.length > 0) {
    const statement = (keyed: string): ReadStatement => {
      const some = [...conditions, `(${keyed})`]
      return { sql: `${select}${where(some)}`, columns, condition: some.join(' AND ') }
    }
    for (let start = 0; start < keys.rowCount; start += KEYS_PER_STATEMENT) {
      const end = Math.min(start + KEYS_PER_STATEMENT, keys.rowCount)
      const unindexed = unindexedCondition(schema, keys, start, end)
      yield {
        ...statement(keysCondition(schema, keys, start, end)),
        ...(unindexed === undefined ? {} : { unindexed: { ...statement(unindexed), keys: end - start } }),
      }
    }
  } else if (keys.rowCount > 0) {
    // Each statement reads the whole table: one for all. Equal rows have equal hashes, of which the first is kept.
    const hash = rowHash(schema)
    const hashes = Array.from({ length: keys.rowCount }, (_, row) => BigInt(Buffer.from(keys.cell(row, 0) ?? []).toString('latin1')))
    const some = [...conditions, `${hash} IN (${hashes.join(', ')})`]
    const sql = `SELECT ${selectList(columns)}, ${hash}${from}${where(some)}`
    yield { sql, columns: [...columns, ...FINGERPRINT_COLUMNS.slice(0, 1)], condition: some.join(' AND '), distinct: true }
  }
}

const where = (conditions: readonly string[]): string => (conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`)

/** The rows of any of these ranges. */
function rangesCondition(schema: TableSchema, ranges: readonly RowRange[]): string {
  const byHash = ranges.filter((range) => range.by === 'hash')
  const tests = ranges.filter((range) => range.by === 'key').map((range) => `(${rangeCondition(schema, range)})`)
  if (byHash.length > 0) tests.push(hashCondition(splitHash(schema), byHash))
  return `(${tests.join(' OR ') || 'FALSE'})`
}

/** Key ranges go by small groups, for the optimizer's sake; hash ranges all at once, since each statement reads the whole table. */
async function* fingerprintRows(connection: MysqlConnection, schema: TableSchema, ranges: readonly RowRange[], signal: AbortSignal) {
  const hash = rowHash(schema)
  const key = keyColumns(schema)
  const table = quoteTable(schema.table)
  const step = isSplitByHash(schema) ? ranges.length : 32
  for (let start = 0; start < ranges.length; start += step) {
    const test = rangesCondition(schema, ranges.slice(start, start + step))
    const sql =
      key.length === 0
        ? `SELECT ${hash}, COUNT(*) FROM ${table} WHERE ${test} GROUP BY 1`
        : `SELECT ${selectList(key)}, ${isQuick(schema) ? quickHash(schema) : hash}, 1 FROM ${table} WHERE ${test}`
    yield* connection.select(sql, [...key, ...FINGERPRINT_COLUMNS], { ...FINGERPRINT_BATCH, signal })
  }
}

async function newestValues(
  connection: MysqlConnection,
  schema: TableSchema,
  atMost: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string | null>>> {
  const names = Object.keys(atMost)
  if (names.length === 0) return {}
  const newest = pickColumns(schema.columns, names).map((column) => {
    const name = quoteId(column.name)
    return `(SELECT MAX(${name}) FROM ${quoteTable(schema.table)} WHERE ${name} <= ${literal(column, Buffer.from(atMost[column.name] ?? ''))})`
  })
  const [row = []] = await connection.query(`SELECT ${newest.join(', ')}`, signal)
  return Object.fromEntries(names.map((name, i) => [name, row[i] ?? null]))
}
