import { startServer, type TestServer } from '@dbsync/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dbsync, said } from '../dbsync.ts'
import { type Project, project, type Report } from '../project.ts'
import { change, createCase, LENIENT } from './churn.ts'
import { Figures, progress } from './figures.ts'
import { ALL, become, CELLS, type Cell, EVERY_CELL, nextZone, reported, settingsFor, someCells, someTables, tablesFor, type Way } from './matrix.ts'
import { chance, SEED } from './random.ts'
import { teachNewYork, ZONES } from './zones.ts'

const SHARE = EVERY_CELL ? 0.1 : 0.2

const luck = chance(SEED)
const cells = EVERY_CELL ? CELLS : someCells(luck)
const figures = new Figures()
let source: TestServer
let target: TestServer

beforeAll(async () => {
  // A comparison writes a cell in hexadecimal digits.
  const settings = { max_allowed_packet: '128M', innodb_log_file_size: '256M' }
  ;[source, target] = await Promise.all([startServer({ settings }), startServer({ settings })])
  for (const server of [source, target]) await teachNewYork(server)
})

afterAll(async () => {
  process.stdout.write(`${figures.line('Corpus', CELLS.length, SEED)}\n`)
  await source[Symbol.asyncDispose]()
  await target[Symbol.asyncDispose]()
})

test.each(cells.map((cell) => [title(cell), cell] as const))(`%s (seed ${SEED})`, { timeout: 600_000 }, async (_, cell) => {
  await become(source, cell.zone.server, cell.mode === 'strict' ? 'loose' : 'strict')
  await become(target, nextZone(cell.zone).server, cell.mode)
  // Each way takes the huge cells at least once.
  const withHuge = ALL || !EVERY_CELL || (cell.zone === ZONES[0] && cell.mode === 'strict')
  const possible = tablesFor(cell.strategy).filter(({ name }) => withHuge || name !== 'huge')
  const tables = ALL ? possible : someTables(possible, SHARE, luck)
  const rules = cell.strategy === 'keyless' ? {} : { '*': { mode: cell.strategy } }
  await using work = await project({ servers: { source, target }, config: { table_settings: { tables: rules } } })
  const { copy } = work.params['targets'] as { readonly copy: object }
  await work.write('params.json', { ...work.params, targets: { copy: { ...copy, ...settingsFor(cell.way) } } })
  // Definitions, which are compared too, go by the session.
  for (const server of [source, target]) await server.query("SET time_zone = '+00:00', sql_mode = ''")

  await work.at.query(LENIENT)
  for (const table of tables) await createCase(work.at, table, luck)
  // From here on everybody at the source has the clock of the source.
  await work.at.query(`SET time_zone = '${cell.zone.server}'`)
  for (const table of tables)
    if (table.body.includes(' updated_at DATETIME')) await work.at.query(`UPDATE \`${table.name}\` SET updated_at = NOW(6) - INTERVAL 3 HOUR`)

  const before = await statementsAt(target)
  const run = (...args: readonly string[]) => sync(work, cell, args)
  expect((await run()).tables).toHaveLength(tables.length)
  await work.same()
  for (const table of tables) await change(work.at, table, luck, cell.strategy === 'time' ? 'shown by time' : 'all')
  const second = await run('--allow', 'deletes')
  await work.same()

  const moved = second.tables.filter(({ outcome }) => outcome !== 'unchanged')
  expect(moved.length).toBeGreaterThan(tables.length / 2)
  const otherwise = moved.filter(({ strategy }) => strategy !== reported(cell.strategy)).map(({ id }) => id.slice(id.indexOf('.') + 1))
  // What has no transactions is replaced as a whole.
  const replaced = tables.filter(({ body }) => /ENGINE=(?!Inno)/.test(body)).map(({ name }) => name)
  expect(otherwise.filter((name) => !replaced.includes(name))).toEqual([])
  expect(wayOf(before, await statementsAt(target))).toBe(cell.way)
  expect(cell.strategy === 'keyless' ? await keysOf(work) : []).toEqual([])
  await figures.count(work.source)
  figures.finish()
  if (EVERY_CELL) progress(figures, title(cell))
})

function title({ strategy, way, zone, mode }: Cell): string {
  return `${strategy}, by ${way}, from a server at ${zone.server} to a ${mode} one at ${nextZone(zone).server}`
}

async function sync({ directory }: Project, { zone }: Cell, args: readonly string[]): Promise<Report> {
  const outcome = await dbsync(['run', '--json', ...args], { cwd: directory, env: { TZ: zone.program } })
  expect(outcome.code, said(outcome)).toBe(0)
  return (outcome.json as { readonly report: Report }).report
}

type Statements = ReadonlyMap<string, number>

/** How often the server has run some kinds of statements. */
async function statementsAt(server: TestServer): Promise<Statements> {
  const rows = await server.query("SHOW GLOBAL STATUS WHERE variable_name IN ('Com_load', 'Com_stmt_execute')")
  return new Map(rows.map((row) => [String(row['Variable_name']), Number(row['Value'])]))
}

/** How the rows came, as the server itself has seen it. */
function wayOf(before: Statements, after: Statements): Way {
  const grew = (name: string) => (after.get(name) ?? 0) > (before.get(name) ?? 0)
  // What is too large for one goes the other way.
  if (grew('Com_stmt_execute')) return 'BULK'
  return grew('Com_load') ? 'LOAD DATA' : 'INSERT'
}

/** The tables that have a key after all. */
const keysOf = async ({ source: { server, database } }: Project): Promise<readonly unknown[]> =>
  await server.query(
    "SELECT table_name, index_name FROM information_schema.statistics WHERE table_schema = ? AND non_unique = 0 GROUP BY 1, 2 HAVING SUM(nullable = 'YES') = 0",
    [database],
  )
