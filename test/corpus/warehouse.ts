import { quote, type TestServer } from '@dbsync/testkit'
import { expect } from 'vitest'
import { dbsync, said } from '../dbsync.ts'
import { type Project, project, type Report } from '../project.ts'
import { change, createCase, LENIENT } from './churn.ts'
import type { Figures } from './figures.ts'
import { ANNOUNCED, columnsAt, expectedText, foundText, type Kind, kindOf, lossesOf, type SourceColumn, sourceText } from './mapped.ts'
import { become, type Cell, reported } from './matrix.ts'
import type { Chance } from './random.ts'
import type { TableCase } from './tables.ts'

/** A table of a warehouse, found by what its description says of the source. */
export type Found = {
  readonly name: string
  /** By the names that they have at the source. */
  readonly columns: ReadonlyMap<string, { readonly name: string; readonly type: string }>
}

/** One kind of warehouse, asked by its own means. */
export interface Engine {
  readonly target: (work: Project) => Readonly<Record<string, unknown>>
  /** Before the first run. */
  prepare?(work: Project): Promise<void>
  /** The type that a column has to get. */
  typeOf(column: SourceColumn): string
  /** SQL of a value as text, as `foundText` takes it. `name` is quoted already. */
  text(column: SourceColumn, name: string): string
  /** What it answers, as `foundText` takes it; left out: as it is. */
  told?(kind: Kind, text: string): string
  tables(work: Project): Promise<ReadonlyMap<string, Found>>
  rows(work: Project, table: Found, texts: readonly string[]): Promise<readonly (readonly (string | null)[])[]>
  quote(name: string): string
  /** Tables that it cannot have beside each other, in the order in which they come: only one of each list arrives. */
  clashes?(names: readonly string[]): readonly (readonly string[])[]
}

type Warehouse = { readonly engine: Engine; readonly source: TestServer; readonly figures: Figures; readonly luck: Chance }

/** First run, changes by chance, run: each time every value is the mapped one, and what has no place was announced and counted. */
export async function expectArrived({ engine, source, figures, luck }: Warehouse, cell: Cell, tables: readonly TableCase[]): Promise<void> {
  await become(source, cell.zone.server, cell.mode)
  const rules = cell.strategy === 'keyless' ? {} : { '*': { mode: cell.strategy } }
  await using work = await project({ servers: { source, target: source }, config: { table_settings: { tables: rules } } })
  await work.write('params.json', { ...work.params, targets: { there: engine.target(work) } })
  await engine.prepare?.(work)
  await work.at.query(LENIENT)
  for (const table of tables) await createCase(work.at, table, luck)
  await work.at.query(`SET time_zone = '${cell.zone.server}'`)
  for (const table of tables)
    if (table.body.includes(' updated_at DATETIME')) await work.at.query(`UPDATE ${quote(table.name)} SET updated_at = NOW(6) - INTERVAL 3 HOUR`)

  await expectAnnounced(work, figures)
  const first = await run(work, cell)
  expectCounted(first, await expectMapped(work, engine, first, figures), figures)
  for (const table of tables) await change(work.at, table, luck, cell.strategy === 'time' ? 'shown by time' : 'all')
  const second = await run(work, cell, '--allow', 'deletes')
  const sound = tables.filter(({ body }) => !/ CHARACTER SET (?!utf8|latin1)/.test(body)).map(({ name }) => name)
  expect(second.tables.filter((table) => sound.includes(nameIn(table.id)) && isUnequal({ tables: [table] }))).toEqual([])
  let last = second
  // Where the copy has two keys that read alike and the source has one of them by now, both go, and then that one comes.
  for (let more = 0; more < 3 && isUnequal(last); more++) last = await run(work, cell, '--allow', 'deletes')
  await expectMapped(work, engine, last, figures)
  // What failed at first is copied in full once it can be.
  const before = new Set(first.tables.filter(({ error }) => error === undefined).map(({ id }) => id))
  const moved = second.tables.filter(({ id, outcome }) => outcome === 'synced' && before.has(id))
  expect(moved.filter(({ strategy }) => strategy !== reported(cell.strategy)).map(({ id, strategy }) => [nameIn(id), strategy])).toEqual([])
}

async function run(work: Project, { zone }: Cell, ...args: readonly string[]): Promise<Report> {
  const outcome = await dbsync(['run', '--json', ...args], { cwd: work.directory, env: { TZ: zone.program } })
  const { report, warnings } = (outcome.json ?? {}) as { readonly report?: Report; readonly warnings?: readonly string[] }
  if (report === undefined) throw new Error(said(outcome))
  const failed = report.tables.flatMap(({ id, error }) => (error === undefined ? [] : [`${nameIn(id)}: ${JSON.stringify(error)}`]))
  const unequal = failed.some((text) => text.includes(NOT_EQUAL))
  expect(failed.length === 0 ? [0] : unequal ? [1, 5] : [1], failed.join('\n')).toContain(outcome.code)
  return { ...report, warnings: warnings ?? [] }
}

/** How a run says that a copy cannot hold what the source has. */
const NOT_EQUAL = '"code":"NOT_EQUAL"'

const isUnequal = ({ tables }: Pick<Report, 'tables'>): boolean => tables.some((table) => JSON.stringify(table).includes(NOT_EQUAL))

const nameIn = (id: string): string => id.slice(id.indexOf('.') + 1)

/** A dry run names every column of which something is lost, with what, and no other. */
async function expectAnnounced(work: Project, figures: Figures): Promise<void> {
  const dry = await work.dbsync('run', '--dry-run', '--json')
  expect(dry.code, said(dry)).toBe(0)
  const { plan } = dry.json as { readonly plan: { readonly targets: readonly { readonly databases: readonly { readonly tables: readonly Planned[] }[] }[] } }
  const planned = plan.targets.flatMap(({ databases }) => databases.flatMap(({ tables }) => tables))
  for (const [table, columns] of await columnsAt(work.at)) {
    const warnings = planned.find(({ id }) => nameIn(id) === table)?.warnings ?? []
    const said = warnings.flatMap((warning) => /^narrower there: (.*)$/s.exec(warning)?.[1]?.split('; ') ?? [])
    const announced = said.flatMap((part) => {
      const [, what = '', names = ''] = /^(.*) \(([^()]*)\)$/s.exec(part) ?? []
      const loss = Object.keys(ANNOUNCED).find((word) => ANNOUNCED[word]?.test(what)) ?? what
      return names.split(', ').map((name) => `${name}: ${loss}`)
    })
    const lost = columns.flatMap((column) => lossesOf(column).map((loss) => `${column.name}: ${loss}`))
    expect(announced.toSorted(), table).toEqual(lost.toSorted())
    figures.announce(lost.length)
  }
}

type Planned = { readonly id: string; readonly warnings: readonly string[] }

/** How many values of a column have no place: by table and column. */
type Losses = ReadonlyMap<string, number>

/** Throws unless the warehouse holds exactly the mapped values of every table; answers with what has no place there. */
async function expectMapped(work: Project, engine: Engine, report: Report, figures: Figures): Promise<Losses> {
  const losses = new Map<string, number>()
  const there = await engine.tables(work)
  const columns = await columnsAt(work.at)
  const session = await work.source.server.connect({ database: work.database, rowsAsArray: true })
  const refused = new Map(report.tables.flatMap(({ id, error }) => (error === undefined ? [] : [[nameIn(id), JSON.stringify(error)] as const])))
  const clashing = (engine.clashes?.([...columns.keys()]) ?? []).map((names) => names.filter((name) => refused.has(name)))
  for (const names of clashing) for (const name of names) expect(refused.get(name)).toMatch(/SCHEMA_CONFLICT.*Rename that table, or exclude this one/)
  try {
    await session.query("SET time_zone = '+00:00', sql_mode = ''")
    for (const [table, all] of columns) {
      if (clashing.flat().includes(table)) continue
      const kept = all.filter(({ computed }) => !computed)
      const [rows] = await session.query(`SELECT ${kept.map(sourceText).join(', ')} FROM ${quote(table)}`)
      const texts = rows as unknown as (string | null)[][]
      const wanted = texts.map((row) => row.map((text, i) => expectedText(kindOf(kept[i] as SourceColumn), text)))
      const lost = kept.map((_, i) => texts.filter((row, n) => row[i] !== null && wanted[n]?.[i] === null).length)
      const inKey = await keyOf(work, table)
      const impossible = kept.filter(({ name }, i) => inKey.includes(name) && (lost[i] ?? 0) > 0)
      if (impossible.length > 0) {
        const said = impossible.map(({ name }) => refused.get(table)?.includes(`the key column ${name} holds`))
        expect(said, `${table} has a key without a place there: ${refused.get(table) ?? 'not refused'}`).toContain(true)
        continue
      }
      const keys = wanted.map((row) => JSON.stringify(row.filter((_, i) => inKey.includes(kept[i]?.name ?? ''))))
      // Two keys that Unicode has not may read alike: a copy that goes by them holds both, or the run says that it does not.
      if (inKey.length > 0 && new Set(keys).size < keys.length && refused.get(table)?.includes(NOT_EQUAL)) continue
      expect(refused.get(table), table).toBeUndefined()
      const copy = there.get(table)
      const found = kept.map(({ name }) => copy?.columns.get(name))
      expect(
        found.map((column) => column?.type),
        `types of ${table}`,
      ).toEqual(kept.map((column) => engine.typeOf(column)))
      const read = kept.map((column, i) => engine.text(column, engine.quote(found[i]?.name ?? '')))
      const told = (text: string | null, i: number): string | null => {
        const kind = kindOf(kept[i] as SourceColumn)
        return foundText(kind, text === null ? null : (engine.told?.(kind, text) ?? text))
      }
      const values = (await engine.rows(work, copy as Found, read)).map((row) => row.map(told))
      expectSameRows(table, wanted, values)
      for (const [i, { name }] of kept.entries()) if (lost[i] !== 0) losses.set(`${table}.${name}`, lost[i] as number)
      figures.add(1, wanted.length * kept.length)
    }
  } finally {
    session.destroy()
  }
  return losses
}

/** The first rows that differ say more than all of them. */
function expectSameRows(table: string, wanted: readonly (readonly (string | null)[])[], found: readonly (readonly (string | null)[])[]): void {
  const [left, right] = [wanted, found].map((rows) => rows.map((row) => JSON.stringify(row)).toSorted()) as [string[], string[]]
  const at = left.findIndex((row, i) => row !== right[i])
  expect([right.length, right[at]], `rows of ${table}`).toEqual([left.length, left[at]])
}

/** The report counts each value that has no place, once. */
function expectCounted(report: Report, losses: Losses, figures: Figures): void {
  const counted = report.warnings.flatMap((warning): (readonly [string, number])[] => {
    const [, table = '', count = '', column = ''] = /^(.*): (\d+) values? of column (.*) became NULL: a zero or impossible date$/s.exec(warning) ?? []
    return column === '' ? [] : [[`${nameIn(table)}.${column}`, Number(count)]]
  })
  const failed = report.tables.filter(({ error }) => error !== undefined).map(({ id }) => `${nameIn(id)}.`)
  const kept = counted.filter(([name]) => !failed.some((start) => name.startsWith(start)))
  expect(new Map(kept)).toEqual(losses)
  figures.lose([...losses.values()].reduce((sum, count) => sum + count, 0))
}

/** Of the primary key; none where it has a prefix or a float, by which no row is found again. */
async function keyOf({ source: { server, database } }: Project, table: string): Promise<readonly string[]> {
  const rows = await server.query(
    "SELECT column_name AS name, sub_part AS prefix, data_type AS type FROM information_schema.statistics JOIN information_schema.columns USING (table_schema, table_name, column_name) WHERE table_schema = ? AND table_name = ? AND index_name = 'PRIMARY'",
    [database, table],
  )
  return rows.some(({ prefix, type }) => prefix !== null || type === 'float' || type === 'double') ? [] : rows.map(({ name }) => String(name))
}
