import type { ServerClient } from '@dbsync/testkit'
import { COLUMN_TABLES, NAMED_TABLES } from './names.ts'
import type { Chance } from './random.ts'
import { SHAPES } from './shapes.ts'
import { pools, type TableCase, TYPE_TABLES } from './tables.ts'
import { ZONES, type Zone } from './zones.ts'

export type Strategy = 'full' | 'time' | 'digest' | 'keyless'
export type Way = 'BULK' | 'LOAD DATA' | 'INSERT'
export type Mode = 'strict' | 'loose'

/** One way in which the corpus can come to its copy. */
export type Cell = {
  readonly strategy: Strategy
  readonly way: Way
  /** Of the source and of who writes there; the target is in the next one. */
  readonly zone: Zone
  /** Of the target; the source is the other. */
  readonly mode: Mode
}

const STRATEGIES: readonly Strategy[] = ['full', 'time', 'digest', 'keyless']
const WAYS: readonly Way[] = ['LOAD DATA', 'INSERT', 'BULK']
const MODES: readonly Mode[] = ['strict', 'loose']

export const CELLS: readonly Cell[] = STRATEGIES.flatMap((strategy) =>
  WAYS.flatMap((way) => ZONES.flatMap((zone) => MODES.map((mode): Cell => ({ strategy, way, zone, mode })))),
)

/** A warehouse is written in one way and has no mode. Of the source each zone has both in turn. */
export const WAREHOUSE_CELLS: readonly Cell[] = CELLS.filter(
  ({ way, strategy, zone, mode }) => way === 'LOAD DATA' && MODES[(STRATEGIES.indexOf(strategy) + ZONES.indexOf(zone)) % MODES.length] === mode,
)

export const titleOf = ({ strategy, zone, mode }: Cell): string => `${strategy}, from a ${mode} server at ${zone.server}`

/** DBSYNC_CORPUS: `all` is every cell with every table, `cells` every cell with a part of them; else it is a few cells with a part of them. */
export const ALL = process.env['DBSYNC_CORPUS'] === 'all'
export const EVERY_CELL = ALL || process.env['DBSYNC_CORPUS'] === 'cells'

const SQL_MODES: Readonly<Record<Mode, string>> = {
  strict: 'TRADITIONAL,STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,SIMULTANEOUS_ASSIGNMENT',
  loose: '',
}

/** For every session from now on. */
export async function become(server: ServerClient, zone: string, mode: Mode): Promise<void> {
  await server.query(`SET GLOBAL time_zone = '${zone}', GLOBAL sql_mode = '${SQL_MODES[mode]}', GLOBAL innodb_strict_mode = ${mode === 'strict' ? 1 : 0}`)
  await server.close()
}

/** One cell for each strategy, by chance: every zone is in one of them, every way in one or two, every mode in two. */
export function someCells(luck: Chance): readonly Cell[] {
  const zones = shuffled(ZONES, luck)
  const ways = shuffled([...WAYS, luck.pick(WAYS)], luck)
  const modes = shuffled([...MODES, ...MODES], luck)
  return STRATEGIES.map((strategy, i) => ({ strategy, way: ways[i] as Way, zone: zones[i] as Zone, mode: modes[i] as Mode }))
}

export function shuffled<T>(items: readonly T[], luck: Chance): T[] {
  const rest = [...items]
  return items.map(() => rest.splice(luck.below(rest.length), 1)[0] as T)
}

export const nextZone = (zone: Zone): Zone => ZONES[(ZONES.indexOf(zone) + 1) % ZONES.length] as Zone

/** A cell of more than 16 MiB, beyond which a row is no longer one packet; every byte of it has to be escaped. */
const HUGE: TableCase = {
  name: 'huge',
  body: '(id INT PRIMARY KEY, v LONGBLOB, t LONGTEXT)',
  pools: pools({ id: ['1', '2'], v: ["REPEAT(x'5c000a', 5700000)", "''"], t: ["REPEAT('\\\\', 17000000)", "''"] }),
  id: 'id',
}

const isLoose = ({ name }: TableCase): boolean => /^loose_|_loose$/.test(name) && name !== 'children_loose'
const isTimed = ({ body }: TableCase): boolean => body.includes(' updated_at ') && !body.includes('FOREIGN KEY')

/** The tables that can go that way. */
export function tablesFor(strategy: Strategy): readonly TableCase[] {
  const all = [...TYPE_TABLES, ...SHAPES, ...COLUMN_TABLES]
  if (strategy === 'time') return all.filter(isTimed)
  if (strategy === 'keyless') return all.filter(isLoose)
  if (strategy === 'digest') return [...all.filter((table) => !isLoose(table) && !table.name.startsWith('timed_')), ...NAMED_TABLES]
  return [...all.filter((table) => !table.name.startsWith('timed_')), ...NAMED_TABLES, HUGE]
}

/** The settings of the target that lead to it. */
export const settingsFor = (way: Way): Readonly<Record<string, boolean>> => ({ bulkInsert: way === 'BULK', localInfile: way !== 'INSERT' })

/** What the report calls it. */
export const reported = (strategy: Strategy): string => (strategy === 'keyless' ? 'digest' : strategy)

/** By chance a part of the tables, some at least, with those that they refer to. */
export function someTables(tables: readonly TableCase[], share: number, luck: Chance): readonly TableCase[] {
  return withParents(tables, shuffled(tables, luck).slice(0, Math.max(5, Math.ceil(tables.length * share))))
}

/** Deals out the tables: each goes to one cell, by chance, of those for which it is possible. */
export function deal(cells: readonly Cell[], possible: (cell: Cell) => readonly TableCase[], luck: Chance): ReadonlyMap<Cell, readonly TableCase[]> {
  const all = new Set(cells.flatMap(possible))
  const dealt = Map.groupBy(all, (table) => luck.pick(cells.filter((cell) => possible(cell).includes(table))))
  return new Map(cells.map((cell) => [cell, withParents(possible(cell), dealt.get(cell) ?? [])]))
}

function withParents(tables: readonly TableCase[], some: readonly TableCase[]): readonly TableCase[] {
  const chosen = new Set(some)
  const children = some.some(({ body }) => body.includes('REFERENCES parents'))
  return tables.filter((table) => chosen.has(table) || table === HUGE || (children && table.name === 'parents'))
}
