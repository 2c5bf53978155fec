import { type Digest, type DigestReader, FINGERPRINT_COLUMNS, type ReadRequest, type RowRange, type TableReader } from '../contract/reader.ts'
import { packRows, type RowBatch, RowPacker } from '../model/rows.ts'
import { type Column, keyColumns, storedColumns, type TableSchema } from '../model/schema.ts'
import { type Cell, type Fault, type MemoryDatabase, project, type Row, tableOf } from './database.ts'
import { bytesOf, compareCells, compareKeys, fromHex, hashOf, identityOf, keyIndexes, toHex, unpack } from './rows.ts'

const HASHES = 2n ** 64n
const FINGERPRINTS_PER_BATCH = 1_000

/** Reads the tables of a memory database as they are at the moment of each call. */
export function memoryReader(db: MemoryDatabase, fault: Fault = () => {}): DigestReader & Required<Pick<TableReader, 'checksum' | 'evenRanges'>> {
  return {
    async describe(database, names) {
      const tables = [...(db.databases.get(database)?.values() ?? [])]
      return tables.map((table) => table.schema).filter((schema) => names === undefined || names.includes(schema.table.name))
    },
    async count(schema, signal) {
      signal.throwIfAborted()
      return tableOf(db, schema.table).rows.length
    },
    async newest(schema, atMost, signal) {
      signal.throwIfAborted()
      return Object.fromEntries(Object.entries(atMost).map(([name, bound]) => [name, newestOf(db, schema, name, bound)]))
    },
    read: (request) => read(db, fault, request),
    async ranges(schema, rowsPerRange, signal, within) {
      signal.throwIfAborted()
      const view = viewOf(db, schema)
      if (schema.key.length === 0) return hashRanges(view, rowsPerRange, within?.by === 'hash' ? within : undefined)
      return keyRanges(view, rowsPerRange, within?.by === 'key' ? within : { by: 'key' })
    },
    async evenRanges(schema, rowsPerRange, signal) {
      signal.throwIfAborted()
      const [column, ...others] = keyColumns(schema)
      return column?.type.kind === 'int' && others.length === 0 ? keyRanges(viewOf(db, schema), rowsPerRange, { by: 'key' }) : undefined
    },
    async digest(schema, ranges, signal) {
      await fault('digest')
      signal.throwIfAborted()
      const view = viewOf(db, schema)
      return ranges.map((range) => digestOf(rowsIn(view, range)))
    },
    async checksum(schema, signal) {
      signal.throwIfAborted()
      const { rows, sum } = digestOf(viewOf(db, schema).rows)
      return { rows, sum: String(BigInt.asUintN(32, BigInt(sum))) }
    },
    fingerprints: (schema, ranges, signal) => fingerprints(db, schema, ranges, signal),
  }
}

/** Rows of a table with what is derived from them, in the order of the key; without one, as they lie. */
type View = { readonly key: readonly Column[]; readonly rows: readonly ViewRow[] }
type ViewRow = { readonly cells: Row; readonly key: Row; readonly hash: () => bigint }

function viewOf(db: MemoryDatabase, schema: TableSchema): View {
  const columns = storedColumns(schema)
  const indexes = keyIndexes(schema, columns)
  const key = keyColumns(schema)
  const rows = project(tableOf(db, schema.table), columns).map((cells): ViewRow => {
    let hash: bigint | undefined
    return { cells, key: indexes.map((index) => cells[index] ?? null), hash: () => (hash ??= hashOf(cells)) }
  })
  return { key, rows: key.length === 0 ? rows : rows.sort((a, b) => compareKeys(key, a.key, b.key)) }
}

function rowsIn({ key, rows }: View, range: RowRange): readonly ViewRow[] {
  if (range.by === 'key') {
    const to = range.to === undefined ? rows.length : firstFrom(rows, key, range.to)
    return rows.slice(range.from === undefined ? 0 : firstFrom(rows, key, range.from), to)
  }
  const [from, to] = [BigInt(range.from), BigInt(range.to)]
  return rows.filter(({ hash }) => hash() >= from && hash() < to)
}

/** The place of the first row that does not come before the bound. */
function firstFrom(rows: readonly ViewRow[], columns: readonly Column[], bound: readonly string[]): number {
  const key = fromHex(bound)
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareKeys(columns, rows[middle]?.key ?? [], key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

async function* read(db: MemoryDatabase, fault: Fault, request: ReadRequest): AsyncGenerator<RowBatch> {
  const { schema, range, keys, since, limit, batchRows, batchBytes, signal } = request
  await fault('read')
  signal.throwIfAborted()
  const view = viewOf(db, schema)
  const columns = storedColumns(schema)
  let rows = range === undefined ? view.rows : rowsIn(view, range)
  if (since !== undefined) rows = rows.filter((row) => isSince(columns, row.cells, since))
  if (keys !== undefined) rows = withKeys(rows, keys, schema.key.length > 0)
  const packer = new RowPacker()
  for (const { cells } of rows.slice(0, limit)) {
    for (const cell of cells) packer.cell(cell)
    packer.endRow()
    if (packer.rowCount < batchRows && packer.byteLength < batchBytes) continue
    yield packer.take(columns)
    await fault('read')
    signal.throwIfAborted()
  }
  if (packer.rowCount > 0) yield packer.take(columns)
}

function isSince(columns: readonly Column[], cells: Row, since: Readonly<Record<string, string>>): boolean {
  return columns.some((column, i) => {
    if (!Object.hasOwn(since, column.name)) return false
    const cell = cells[i] ?? null
    return cell === null || compareCells(column.type, cell, since[column.name] ?? '') >= 0
  })
}

/** The rows with these keys; without a key one row for each hash. */
function withKeys(rows: readonly ViewRow[], keys: RowBatch, keyed: boolean): readonly ViewRow[] {
  const wanted = unpack(keys)
  if (keyed) {
    const identities = new Set(wanted.map(identityOf))
    return rows.filter((row) => identities.has(identityOf(row.key)))
  }
  const hashes = new Set(wanted.map(([hash]) => bytesOf(hash ?? '').toString('latin1')))
  return rows.filter((row) => hashes.delete(row.hash().toString()))
}

function newestOf(db: MemoryDatabase, schema: TableSchema, name: string, bound: string): string | null {
  const column = storedColumns(schema).find((candidate) => candidate.name === name)
  if (column === undefined) throw new Error(`no column ${name}`)
  let newest: Cell = null
  for (const [cell = null] of project(tableOf(db, schema.table), [column])) {
    if (cell === null || compareCells(column.type, cell, bound) > 0) continue
    if (newest === null || compareCells(column.type, cell, newest) > 0) newest = cell
  }
  return newest === null ? null : bytesOf(newest).toString('latin1')
}

function keyRanges(view: View, rowsPerRange: number, within: RowRange & { readonly by: 'key' }): readonly RowRange[] {
  const rows = rowsIn(view, within)
  const starts = Array.from({ length: Math.max(1, Math.ceil(rows.length / rowsPerRange)) }, (_, i) => i * rowsPerRange)
  const boundAt = (index: number) => toHex(rows[index]?.key ?? [])
  return starts.map((start, i): RowRange => {
    const next = starts[i + 1]
    const from = i === 0 ? within.from : boundAt(start)
    const to = next === undefined ? within.to : boundAt(next)
    return { by: 'key', ...(from && { from }), ...(to && { to }), rows: Math.min(rowsPerRange, rows.length - start) }
  })
}

/** Equal parts of the hashes: rows spread over them by themselves. */
function hashRanges(
  view: View,
  rowsPerRange: number,
  within: { readonly from: string; readonly to: string } = { from: '0', to: String(HASHES) },
): readonly RowRange[] {
  const [first, end] = [BigInt(within.from), BigInt(within.to)]
  const width = end - first
  const rows = rowsIn(view, { by: 'hash', ...within }).length
  const wanted = BigInt(Math.max(1, Math.ceil(rows / rowsPerRange)))
  const parts = wanted < width ? wanted : width
  return Array.from({ length: Number(parts) }, (_, i): RowRange => {
    const from = first + (width * BigInt(i)) / parts
    const to = first + (width * BigInt(i + 1)) / parts
    return { by: 'hash', from: String(from), to: String(to) }
  })
}

const digestOf = (rows: readonly ViewRow[]): Digest => ({ rows: rows.length, sum: String(rows.reduce((sum, row) => sum + row.hash(), 0n)), exact: true })

async function* fingerprints(db: MemoryDatabase, schema: TableSchema, ranges: readonly RowRange[], signal: AbortSignal): AsyncGenerator<RowBatch> {
  const view = viewOf(db, schema)
  const rows = ranges.flatMap((range) => rowsIn(view, range))
  const lines = view.key.length > 0 ? rows.map((row): Row => [...row.key, String(row.hash()), '1']) : countedHashes(rows)
  for (let start = 0; start < lines.length; start += FINGERPRINTS_PER_BATCH) {
    signal.throwIfAborted()
    yield packRows([...view.key, ...FINGERPRINT_COLUMNS], lines.slice(start, start + FINGERPRINTS_PER_BATCH))
  }
}

function countedHashes(rows: readonly ViewRow[]): readonly Row[] {
  const counts = new Map<string, number>()
  for (const row of rows) {
    const hash = String(row.hash())
    counts.set(hash, (counts.get(hash) ?? 0) + 1)
  }
  return [...counts].map(([hash, count]) => [hash, String(count)])
}
