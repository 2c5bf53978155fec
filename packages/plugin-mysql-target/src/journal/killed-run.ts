import { once } from 'node:events'
import { FINGERPRINT_COLUMNS, type Journal, packRows, type RowBatch, type TableSchema, type Target } from '@dbsync/core/plugin'
import { connect, type MysqlOptions, quoteTable, rowHash } from '@dbsync/mysql'
import { openTarget } from '../target.ts'

/*
 * A journalled run in a process of its own, for tests that kill it: `node killed-run.ts <settings>`. It waits for a line before its first
 * change, says `committed` after each commit, and how the run ended. Every commit of every seed changes, adds and deletes rows.
 */
export type KilledRun = { readonly options: MysqlOptions; readonly database: string; readonly folder: string; readonly seed: number; readonly rounds: number }

/** The tables of such a run. */
export const TABLES: readonly string[] = [
  'CREATE TABLE plain (id INT AUTO_INCREMENT PRIMARY KEY, v INT, t VARCHAR(50))',
  'CREATE TABLE swap (id INT PRIMARY KEY, u INT UNIQUE)',
  'CREATE TABLE letters (k VARCHAR(9) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT)',
  'CREATE TABLE bare (a INT, b INT)',
]
export const ROWS: readonly string[] = [
  "INSERT INTO plain SELECT seq, seq, REPEAT('x', seq % 50) FROM seq_1_to_1000",
  'INSERT INTO swap SELECT seq, seq FROM seq_0_to_299',
  "INSERT INTO letters SELECT CONCAT('key', seq), 0 FROM seq_0_to_199",
  'INSERT INTO bare SELECT seq % 20, seq % 3 FROM seq_1_to_400',
]

type Change = { readonly upserts?: RowBatch; readonly deletes?: RowBatch }
const never = new AbortController().signal
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

/** What one commit does to a table; `n` is another number for each. */
async function changeOf(schema: TableSchema, n: number, run: KilledRun): Promise<Change> {
  const { columns } = schema
  const rows = (cells: readonly (readonly (string | null)[])[]) => packRows(columns, cells)
  const keys = (cells: readonly string[]) =>
    packRows(
      columns.slice(0, 1),
      cells.map((cell) => [cell]),
    )
  switch (schema.table.name) {
    case 'plain':
      return {
        upserts: rows(numbers(100).map((i) => [String(1 + ((i * 13 + n) % 1500)), String(n), i % 2 ? null : `changed ${n}`])),
        deletes: keys(numbers(20).map((i) => String(1 + ((i * 37 + n * 3) % 1500)))),
      }
    case 'swap':
      return { upserts: rows(numbers(300).map((i) => [String(i), String((i + n) % 301)])) }
    case 'letters':
      return {
        upserts: rows(numbers(50).map((i) => [n % 2 ? `KEY${i * 3}` : `Key${i * 3}`, String(n)])),
        deletes: keys(numbers(60).map((i) => `kEy${i + (n % 5)}`)),
      }
    default: {
      await using connection = await connect(run.options, 'target', never)
      const found = await connection.query(`SELECT DISTINCT ${rowHash(schema)} FROM ${quoteTable(schema.table)} WHERE a % 5 = ${n % 5}`)
      return {
        upserts: rows(numbers(9).map((i) => [String(i % 3), String(n % 7)])),
        deletes: packRows(
          FINGERPRINT_COLUMNS.slice(0, 1),
          found.map(([hash]) => [hash ?? null]),
        ),
      }
    }
  }
}

async function change(target: Target, journal: Journal, run: KilledRun, n: number): Promise<void> {
  for (const schema of await target.describe(run.database)) {
    const { upserts, deletes } = await changeOf(schema, n, run)
    await using writer = await target.open({ disposition: 'merge', schema, existing: schema }, never, journal)
    await writer.write({ table: schema.table, ...(deletes === undefined ? {} : { deletes }), ...(upserts === undefined ? {} : { upserts }) })
    await writer.commit()
    process.stdout.write('committed\n')
  }
}

async function main(run: KilledRun): Promise<void> {
  const { host, port, user, password } = run.options
  const limits = { connections: 2, batchRows: 1000, compress: false }
  await using target = await openTarget({ host, port, user, password }, { directory: '/', signal: never, limits, warn: () => {} })
  const backups = target.backups?.(run.folder)
  if (backups === undefined) throw new Error('no backup points')
  // The first connection loads the driver.
  await target.identity()
  process.stdout.write('ready\n')
  await once(process.stdin, 'data')
  await using journal = await backups.journal(
    { at: new Date(Date.UTC(2026, 0, 1) + run.seed * 1000), run: 'killed', target: 'copy', tables: [], state: null },
    never,
  )
  for (let round = 0; round < run.rounds; round++) await change(target, journal, run, run.seed * run.rounds + round + 1)
  await journal.finish()
}

const [, script = '', settings] = process.argv
if (script.endsWith('killed-run.ts') && settings !== undefined) {
  await main(JSON.parse(settings) as KilledRun).then(
    () => process.stdout.write('done\n'),
    (error: unknown) => process.stdout.write(`${error instanceof Error && 'code' in error ? String(error.code) : String(error)}\n`),
  )
  process.stdin.destroy()
}
