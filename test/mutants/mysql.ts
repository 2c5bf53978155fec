import type { Mutant } from './mutants.ts'

const src = 'packages/mysql/src'
const source = 'packages/plugin-mysql-source/src'
const reader = [`${src}/reader.db.test.ts`]
const snapshot = [`${source}/snapshot.db.test.ts`]

export const mysql: readonly Mutant[] = [
  {
    name: 'a backtick in a name ends the name',
    file: `${src}/identifiers.ts`,
    find: "name.replaceAll('`', '``')",
    replace: 'name',
    tests: [`${src}/identifiers.test.ts`],
  },
  {
    name: 'NULL and an empty text have one hash',
    file: `${src}/digest.ts`,
    find: "IF(${quoteId(column.name)} IS NULL, '~', ${text})",
    replace: "IFNULL(${text}, '0:')",
    tests: reader,
    only: 'digests',
  },
  {
    name: 'a row of which a letter moved to the next cell has the same hash',
    file: `${src}/digest.ts`,
    find: "`CONCAT(LENGTH(${name}), ':', CAST(${name} AS BINARY))`",
    replace: '`CAST(${name} AS BINARY)`',
    tests: reader,
    only: 'digests',
  },
  {
    name: 'a row that is too large to be hashed is called equal',
    file: `${src}/digests.ts`,
    find: "BigInt(sum ?? '0') < INEXACT",
    replace: "BigInt(sum ?? '0') >= 0n",
    tests: reader,
    only: 'too large',
  },
  {
    name: 'in the quick hash a cell of any bytes runs into the next one',
    file: `${src}/quick-hash.ts`,
    find: '[`LENGTH(${name})`, name]',
    replace: '[name]',
    tests: [`${src}/quick-hash.db.test.ts`],
  },
  {
    name: 'in the quick hash a long cell of NULL is one that is empty',
    file: `${src}/quick-hash.ts`,
    find: 'return column.nullable ? texts.map((text) => `IFNULL(${text}, ${NULL})`) : texts',
    replace: "return column.nullable ? texts.map((text) => `IFNULL(${text}, '0')`) : texts",
    tests: [`${src}/quick-hash.db.test.ts`],
  },
  {
    name: 'the first row of every range is left out',
    file: `${src}/conditions.ts`,
    find: "beyond(columns, range.from, '>', '>=')",
    replace: "beyond(columns, range.from, '>', '>' as never)",
    tests: reader,
    only: 'range',
  },
  {
    name: 'the last row of every range is in the next one too',
    file: `${src}/conditions.ts`,
    find: "beyond(columns, range.to, '<', '<')",
    replace: "beyond(columns, range.to, '<', '<=' as never)",
    tests: reader,
    only: 'range',
  },
  {
    name: 'rows of the very moment of the position are not read',
    file: `${src}/conditions.ts`,
    find: '`${quoteId(name)} >= ${literal(column, Buffer.from(bound))}`',
    replace: '`${quoteId(name)} > ${literal(column, Buffer.from(bound))}`',
    tests: reader,
    only: 'since a bound',
  },
  {
    name: 'rows whose timestamp is NULL are not read',
    file: `${src}/conditions.ts`,
    find: 'column.nullable ? `${after} OR ${quoteId(name)} IS NULL` : after',
    replace: 'after',
    tests: reader,
    only: 'since a bound',
  },
  {
    name: 'keys that a collation takes for one are read together',
    file: `${src}/conditions.ts`,
    find: 'return hasCollation(first) ?',
    replace: 'return first === undefined ?',
    tests: reader,
    only: 'its collation alone',
  },
  {
    name: 'a row hash at the end of a range is in two ranges',
    file: `${src}/hash-ranges.ts`,
    find: 'AND ${hash} < ${BigInt(range.to)})',
    replace: 'AND ${hash} <= ${BigInt(range.to)})',
    tests: [`${src}/hash-ranges.test.ts`],
  },
  {
    name: 'the ranges of an integer key end before its last number',
    file: `${src}/ranges.ts`,
    find: 'keyRange(from, bounds[i] ?? whole.to)',
    replace: 'keyRange(from, bounds[i] ?? whole.to ?? from)',
    tests: reader,
    only: 'range',
  },
  {
    name: 'the clock is read after the snapshot was opened',
    file: `${source}/snapshot.ts`,
    find: `  const clock = await readClock(connections[0] as MysqlConnection, signal)
  const aligned = await align(connections, signal)
`,
    replace: `  const aligned = await align(connections, signal)
  const clock = await readClock(connections[0] as MysqlConnection, signal)
`,
    tests: snapshot,
    only: 'between clock and snapshot',
  },
  {
    name: 'transactions that are still open are not waited for by the position',
    file: `${source}/snapshot.ts`,
    find: '(open ?? 0) + 2',
    replace: '0',
    tests: snapshot,
    only: 'settled',
  },
  {
    name: 'readers of several moments are taken for one snapshot',
    file: `${source}/align.ts`,
    find: "return positions.size === 1 && !positions.has('')",
    replace: 'return positions.size > 0',
    tests: snapshot,
    only: 'binary log on',
  },
  {
    name: 'a table that was altered while it was read is believed',
    file: `${source}/snapshot.ts`,
    find: 'after !== undefined && columnsOf(after) === columnsOf(before.create)',
    replace: 'after !== undefined',
    tests: snapshot,
    only: 'altered',
  },
]
