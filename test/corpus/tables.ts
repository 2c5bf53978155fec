import type { ColumnValues } from './values/column-values.ts'
import { VALUES } from './values.ts'

/** A table of the corpus and what its columns may hold. */
export type TableCase = {
  readonly name: string
  /** The parenthesis and what follows it. */
  readonly body: string
  /** SQL values by column; a column that is missing here is left to its default. */
  readonly pools: ReadonlyMap<string, readonly string[]>
  /** A number that identifies the row: two rows may swap it. */
  readonly id?: string
}

const NUMBERS = ['0', '1', '2', '3', 'NULL']
const IDS = Array.from({ length: 60 }, (_, i) => String(i))

/** Types that share a table, so that the corpus is synced in seconds. */
const GROUP = 6
const groups = Array.from({ length: Math.ceil(VALUES.length / GROUP) }, (_, i) => VALUES.slice(i * GROUP, (i + 1) * GROUP))

type Pool = readonly [column: string, values: readonly string[]]

const nullable = (type: string) => (/NULL$/.test(type) ? type : `${type} NULL`)
const number = (i: number) => String(i).padStart(2, '0')

function valueTables(group: readonly ColumnValues[], i: number): TableCase[] {
  const columns = group.map(({ type }, n) => `v${n} ${nullable(type)}`).join(', ')
  const values = group.map(({ values }, n): Pool => [`v${n}`, [...values, 'NULL']])
  const uniques = group.flatMap(({ type, indexing }, n) => (indexing === undefined ? [`u${n} ${nullable(type)} UNIQUE`] : []))
  const uniqueValues = group.flatMap(({ values, indexing }, n): Pool[] =>
    indexing === undefined ? [[`u${n}`, [...values, ...values.map(() => 'NULL')]] as const] : [],
  )
  return [
    { name: `loose_${number(i)}`, body: `(${columns})`, pools: new Map(values) },
    { name: `keyed_${number(i)}`, body: `(id INT PRIMARY KEY, ${columns})`, pools: new Map<string, readonly string[]>([['id', IDS], ...values]), id: 'id' },
    {
      name: `unique_${number(i)}`,
      body: `(${['id INT PRIMARY KEY', ...uniques].join(', ')})`,
      pools: new Map<string, readonly string[]>([['id', IDS], ...uniqueValues]),
      id: 'id',
    },
    // The time at which a row moved is what a run goes by.
    {
      name: `timed_${number(i)}`,
      body: `(id INT PRIMARY KEY, updated_at DATETIME(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6), ${columns})`,
      pools: new Map<string, readonly string[]>([['id', IDS], ...values]),
      id: 'id',
    },
  ]
}

function keyTables({ type, values, indexing = 'whole' }: ColumnValues, i: number): TableCase[] {
  if (indexing === 'none') return []
  const column = `${type.replace(/ NULL$/, '')} NOT NULL${/^TIMESTAMP/.test(type) ? " DEFAULT '2020-01-01'" : ''}`
  const comment = `COMMENT '${type.slice(0, 40).replaceAll(/['\\]/g, '')}'`
  const single = {
    name: `key_${number(i)}`,
    body: `(v INT, k ${column}, PRIMARY KEY (k${indexing === 'prefix' ? '(5)' : ''})) ${comment}`,
    pools: pools({ v: NUMBERS, k: values }),
  }
  if (indexing === 'prefix' || i % 2 === 1) return [single]
  const pair = {
    name: `pair_${number(i)}`,
    body: `(a ${column}, v INT, b ${column}, PRIMARY KEY (b, a)) ${comment}`,
    pools: pools({ a: values, v: NUMBERS, b: values }),
  }
  return [single, pair]
}

/** Each type as a value beside a key, as part of a row without one, in a second unique key, and as the key itself. */
export const TYPE_TABLES: readonly TableCase[] = [...groups.flatMap(valueTables), ...VALUES.flatMap(keyTables)]

export function pools(columns: Readonly<Record<string, readonly string[]>>): ReadonlyMap<string, readonly string[]> {
  return new Map(Object.entries(columns))
}
