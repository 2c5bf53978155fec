import { join } from 'node:path'
import { startServer, type TestServer } from '@dbsync/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { queryFile } from '../duckdb/warehouse.ts'
import type { Project } from '../project.ts'
import { Figures, progress } from './figures.ts'
import { kindOf } from './mapped.ts'
import { ALL, type Cell, EVERY_CELL, shuffled, someTables, tablesFor, titleOf, WAREHOUSE_CELLS } from './matrix.ts'
import { chance, SEED } from './random.ts'
import { type Engine, expectArrived, type Found } from './warehouse.ts'
import { teachNewYork } from './zones.ts'

const PLUGIN = join(import.meta.dirname, '..', '..', 'packages', 'plugin-duckdb-target')

const FILE = 'copies.duckdb'

const DUCKDB: Engine = {
  // DuckDB holds a block of 256 KiB for each column that is written: a thousand of them do not fit into what it is given usually.
  target: () => ({ type: 'duckdb', path: FILE, memory_limit: '2GB' }),
  async prepare(work) {
    const linked = await work.dbsync('plugins', 'link', '--no-install', PLUGIN)
    expect(linked.code, said(linked)).toBe(0)
  },
  typeOf(column) {
    const { dataType, columnType, precision, scale } = column
    switch (kindOf(column)) {
      case 'whole':
        return (dataType === 'bigint' && columnType.includes('unsigned')) || columnType === 'bit(64)' ? 'UBIGINT' : 'BIGINT'
      case 'bool':
        return 'BOOLEAN'
      case 'decimal':
        return precision > 38 ? 'VARCHAR' : `DECIMAL(${precision},${scale})`
      case 'double':
        return 'DOUBLE'
      case 'date':
        return 'DATE'
      case 'datetime':
        return 'TIMESTAMP'
      case 'timestamp':
        return 'TIMESTAMP WITH TIME ZONE'
      case 'text':
        return 'VARCHAR'
      case 'bytes':
        return 'BLOB'
    }
  },
  text(column, name) {
    switch (kindOf(column)) {
      case 'bool':
        return `CAST(CAST(${name} AS INTEGER) AS VARCHAR)`
      case 'double':
        return `printf('%.17g', ${name})`
      case 'datetime':
        return `strftime(${name}, '%Y-%m-%d %H:%M:%S.%f')`
      case 'timestamp':
        return `strftime(timezone('UTC', ${name}), '%Y-%m-%d %H:%M:%S.%f')`
      case 'text':
        return `hex(encode(${name}))`
      case 'bytes':
        return `hex(${name})`
      default:
        return `CAST(${name} AS VARCHAR)`
    }
  },
  async tables(work) {
    const found = await ask(
      work,
      'SELECT t.table_name, t.comment, c.column_name, c.comment, c.data_type FROM duckdb_columns() c JOIN duckdb_tables() t USING (table_oid) WHERE t.comment IS NOT NULL AND c.comment IS NOT NULL',
    )
    const tables = new Map<string, Found & { readonly columns: Map<string, { readonly name: string; readonly type: string }> }>()
    for (const [name, note, column, columnNote, type] of found as string[][]) {
      const source = (JSON.parse((note as string).slice('dbsync '.length)) as { readonly table: string }).table
      const table = tables.get(source) ?? { name: name as string, columns: new Map() }
      tables.set(source, table)
      const original = (JSON.parse((columnNote as string).slice('dbsync '.length)) as { readonly name: string }).name
      table.columns.set(original, { name: column as string, type: type as string })
    }
    return tables
  },
  rows: (work, table, texts) => ask(work, `SELECT ${texts.join(', ')} FROM ${DUCKDB.quote(table.name)} WHERE tenant_id = '${work.database}'`),
  quote: (name) => `"${name.replaceAll('"', '""')}"`,
  // There names are one whatever the case of their letters.
  clashes: (names) =>
    [
      ...Map.groupBy(
        names.filter((name) => /^\w+$/.test(name)),
        (name) => name.toLowerCase(),
      ).values(),
    ].filter((same) => same.length > 1),
}

const ask = async ({ directory }: Project, sql: string) => (await queryFile(join(directory, FILE), sql)) as readonly (readonly (string | null)[])[]

const SHARE = 0.06
/** `case` stands for `Case` and `CASE` too, which are one table in DuckDB. */
const possible = ({ strategy }: Cell) => tablesFor(strategy).filter(({ name }) => name !== 'Case' && name !== 'CASE')
const luck = chance(SEED)
const cells = EVERY_CELL ? WAREHOUSE_CELLS : shuffled(WAREHOUSE_CELLS, luck).slice(0, 2)
const figures = new Figures()
let source: TestServer

beforeAll(async () => {
  source = await startServer({ settings: { max_allowed_packet: '128M', innodb_log_file_size: '256M' } })
  await teachNewYork(source)
})

afterAll(async () => {
  process.stdout.write(`${figures.line('Corpus into DuckDB', WAREHOUSE_CELLS.length, SEED)}\n`)
  await source[Symbol.asyncDispose]()
})

test.each(cells.map((cell) => [titleOf(cell), cell] as const))(`into DuckDB, %s (seed ${SEED})`, { timeout: 600_000 }, async (_, cell) => {
  const tables = ALL ? possible(cell) : someTables(possible(cell), SHARE, luck).filter(({ name }) => name !== 'huge')
  await expectArrived({ engine: DUCKDB, source, figures, luck }, cell, tables)
  figures.finish()
  if (EVERY_CELL) progress(figures, titleOf(cell))
})
