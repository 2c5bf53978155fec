#!/usr/bin/env node
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { makeWide } from './data.ts'
import { measure } from './measure.ts'
import { rounds, rows, say } from './options.ts'
import { benchPair, DBSYNC } from './pair.ts'
import { hasPythonTools, pythonProgram } from './python.ts'
import { board, race, type Way } from './race.ts'

/*
 * The wide table in full into a new DuckDB file, beside dlt with its two quick backends, in random order, and every copy compared with the source by a checksum of its
 * own. dlt comes from PyPI into tmp/bench-python at the first run (`requirements.txt`); without it dbsync runs alone. Sling and ingestr fetch their programs from GitHub
 * and are not run. Run it after `pnpm build`, on a machine that does nothing else. Options: --rows (the wide table has half as many), --rounds.
 */
const HERE = import.meta.dirname
const count = rows / 2

const FILE = 'copy.duckdb'
await using pair = await benchPair({ into: { type: 'duckdb', path: FILE } })
const { source, folder } = pair
const file = join(folder, FILE)
process.env['DBSYNC_DATA_DIR'] = join(folder, 'plugins')
await makeWide(source, 'wide', count)
await measure(DBSYNC, ['plugins', 'link', '--no-install', join(HERE, '..', 'packages', 'plugin-duckdb-target')])

const before = async () => {
  for (const left of [file, `${file}.wal`, `${file}.dlt`]) await rm(left, { recursive: true, force: true })
}
const ways: Way[] = [{ name: 'dbsync run --full', before, run: () => pair.dbsync(['wide'], 'run', '--full'), check: () => same('main.orders') }]
if (hasPythonTools()) {
  const { host, port, user, password } = source
  const url = `mysql+pymysql://${user}:${password}@${host}:${port}/wide`
  for (const backend of ['connectorx', 'pyarrow']) {
    const run = () => measure(pythonProgram('python'), [join(HERE, 'dlt-copy.py'), url, 'wide', 'orders', file, backend])
    ways.push({ name: `dlt, ${backend}`, before, run, check: () => same('shop.orders') })
  }
}
say(`\n${count} wide rows into DuckDB, ${rounds} rounds`)
say(board(await race(ways, rounds, pair)))

/** Numbers, texts, times and bytes of every row. */
async function same(table: string): Promise<void> {
  const cells = 'id, customer_id, qty, price, tax, sku, name, email, country, notes, attrs, kind, born'
  const [there] = await source.query(
    `SELECT CONCAT(COUNT(*), ' ', SUM(CAST(CONV(LEFT(MD5(CONCAT_WS('|', ${cells}, HEX(hash), DATE_FORMAT(created_at, '%Y-%m-%d %H:%i:%s.%f'))), 12), 16, 10) AS UNSIGNED))) AS sum FROM wide.orders`,
  )
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' })
  const connection = await instance.connect()
  const here = await connection.runAndReadAll(
    `SELECT concat(count(*), ' ', sum(('0x' || left(md5(concat_ws('|', ${cells}, hex(hash), strftime(created_at, '%Y-%m-%d %H:%M:%S.%f'))), 12))::UBIGINT)) FROM ${table}`,
  )
  const [[sum] = []] = here.getRowsJson()
  connection.closeSync()
  instance.closeSync()
  if (sum !== there?.['sum']) throw new Error(`the copy differs: ${JSON.stringify(there?.['sum'])} at the source, ${JSON.stringify(sum)} in ${table}`)
}
