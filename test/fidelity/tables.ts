import { quote } from '@dbsync/testkit'
import { type ValueCorpus, VALUES } from './values.ts'

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

/** Each type as a value beside a key, as a row without one, and as the key itself. */
export const TYPE_TABLES: readonly TableCase[] = VALUES.flatMap((corpus, i) => tablesOf(corpus, String(i).padStart(2, '0')))

function tablesOf({ type, values, indexing = 'whole' }: ValueCorpus, number: string): TableCase[] {
  const comment = `COMMENT '${type.slice(0, 40).replaceAll(/['\\]/g, '')}'`
  const nullable = /NULL$/.test(type) ? type : `${type} NULL`
  const whole = indexing === 'whole'
  const tables: TableCase[] = [
    {
      name: `keyed_${number}`,
      body: `(id INT PRIMARY KEY, v ${nullable}, u ${nullable}${whole ? ', UNIQUE (u)' : ''}) ${comment}`,
      pools: pools({ id: IDS, v: [...values, 'NULL'], u: [...values, 'NULL'] }),
      id: 'id',
    },
    { name: `loose_${number}`, body: `(v ${nullable}, n INT${whole ? ', UNIQUE (v, n)' : ''}) ${comment}`, pools: pools({ v: [...values, 'NULL'], n: NUMBERS }) },
    // The time at which a row moved is what a run goes by.
    {
      name: `timed_${number}`,
      body: `(id INT PRIMARY KEY, v ${nullable}, updated_at DATETIME(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6)) ${comment}`,
      pools: pools({ id: IDS, v: [...values, 'NULL'] }),
      id: 'id',
    },
  ]
  const strict = type.replace(/ NULL$/, '')
  if (whole) {
    const defaulted = /^TIMESTAMP/.test(strict) ? "NOT NULL DEFAULT '2020-01-01'" : 'NOT NULL'
    tables.push(
      { name: `key_${number}`, body: `(v INT, k ${strict} ${defaulted}, PRIMARY KEY (k)) ${comment}`, pools: pools({ v: NUMBERS, k: values }) },
      {
        name: `pair_${number}`,
        body: `(a ${strict} ${defaulted}, v INT, b ${strict} ${defaulted}, PRIMARY KEY (b, a)) ${comment}`,
        pools: pools({ a: values, v: NUMBERS, b: values }),
      },
    )
  } else if (indexing === 'prefix') {
    tables.push({ name: `key_${number}`, body: `(v INT, k ${strict} NOT NULL, PRIMARY KEY (k(5))) ${comment}`, pools: pools({ v: NUMBERS, k: values }) })
  }
  return tables
}

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
  '${x}',
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
