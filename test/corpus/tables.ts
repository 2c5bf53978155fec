import { quote } from '@dbsync/testkit'
import { VALUES, type ValueCorpus } from './values.ts'

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

function valueTables(group: readonly ValueCorpus[], i: number): TableCase[] {
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

function keyTables({ type, values, indexing = 'whole' }: ValueCorpus, i: number): TableCase[] {
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

/** Spaces at the end are the only thing that MariaDB itself forbids. */
const NAMES = [
  '`',
  'a`b``',
  "a'b",
  'a"b',
  'a;DROP TABLE x',
  '/*',
  '/*! x */',
  '*/',
  '-- ',
  '#',
  'a\nb',
  'a\r\nb',
  '\tx',
  '../../x',
  '..',
  '.',
  'a.b',
  'a/b',
  'a\\b',
  '\\',
  'c:\\x',
  '\u200fx',
  '\u202ex',
  'ünïcödé',
  '表',
  '__proto__',
  '__defineGetter__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'con',
  'nul.txt',
  'a b',
  ' a',
  '%',
  '%s%d',
  '_%',
  '?',
  '??',
  ':name',
  '@c0',
  '@@version',
  '$1',
  '$x{y}',
  '{database}',
  '*',
  '[a]',
  '!x',
  'null',
  'select',
  'row_hash',
  'part',
  'n',
  'Case',
  'case',
  'CASE',
  '\u0001',
  '\u007f',
  '-',
  '--json',
  '0',
  '1e5',
  'é'.normalize('NFD'),
  'é'.normalize('NFC'),
  'x'.repeat(64),
  `${'y'.repeat(63)}\``,
  '_dbsync_new_x',
].map((name) => (/ $/.test(name) ? `${name}.` : name))

export const NAMED_TABLES: readonly TableCase[] = [...new Set(NAMES)].map((name) => {
  const other = `${[...name].slice(0, 60).join('')}2`
  return {
    name,
    body: `(${quote(name)} INT PRIMARY KEY, ${quote(other)} VARCHAR(20)${name === '0' ? `, KEY ${quote('k')} (${quote(other)})` : ''})`,
    pools: new Map([
      [name, IDS],
      [other, ["'a'", "'A'", "''", 'NULL']],
    ]),
    id: name,
  }
})

/** Every hostile name as a column of one table, with a key and without. */
const columnNames = [...new Map(NAMES.map((name) => [name.toLowerCase().normalize('NFC'), name])).values()]
const columnBody = (more: string) => `(${columnNames.map((name) => `${quote(name)} VARCHAR(9)`).join(', ')}${more})`
const columnPools = new Map(columnNames.map((name) => [name, ["'a'", "'A'", "''", 'NULL', "'\\\\N'"]]))

export const COLUMN_TABLES: readonly TableCase[] = [
  { name: 'names', body: columnBody(', id INT PRIMARY KEY'), pools: new Map([...columnPools, ['id', IDS]]), id: 'id' },
  { name: 'names_loose', body: columnBody(''), pools: columnPools },
  {
    name: 'names_unique',
    body: columnBody(', id INT PRIMARY KEY, u INT UNIQUE, updated_at TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6)'),
    pools: new Map([...columnPools, ['id', IDS], ['u', IDS]]),
    id: 'id',
  },
]

export function pools(columns: Readonly<Record<string, readonly string[]>>): ReadonlyMap<string, readonly string[]> {
  return new Map(Object.entries(columns))
}
