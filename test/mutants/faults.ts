import type { Mutant } from './mutants.ts'

const errors = 'packages/mysql/src/errors.ts'
const time = 'packages/core/src/plan/time-columns.ts'

/** A line of the table of server errors is missing. */
const unknownError = (name: string, line: string, tests: string, only: string): Mutant => ({
  name,
  file: errors,
  find: `    case ${line}\n`,
  replace: '',
  tests: [`test/faults/${tests}.test.ts`],
  only,
  built: true,
})

/** What only the whole program meets: servers that shut it out, clocks, tables that change under it. */
export const faults: readonly Mutant[] = [
  unknownError('an account that is locked is an error like any other', '4151: // ER_ACCOUNT_HAS_BEEN_LOCKED (MariaDB)', 'servers', 'the account is locked'),
  unknownError('a password that is wrong is an error like any other', '1045: // ER_ACCESS_DENIED_ERROR', 'servers', 'the password is changed'),
  unknownError('a server without a free connection is an error like any other', '1040: // ER_CON_COUNT_ERROR', 'servers', 'no connection is free'),
  unknownError('a right that is missing is an error like any other', '1142: // ER_TABLEACCESS_DENIED_ERROR', 'answers', 'a right that is missing'),
  unknownError('a table that was changed under a snapshot is not read again', '1412: // ER_TABLE_DEF_CHANGED', 'definitions', 'emptied, dropped or renamed'),
  {
    name: 'after a fault nobody looks whether the table is there by now',
    file: 'packages/core/src/run/run-table.ts',
    find: 'if (existing === undefined) return { ...rest',
    replace: 'if (existing !== null) return { ...rest',
    tests: ['test/faults/connections.test.ts'],
    only: 'RENAME TABLE is done',
    built: true,
  },
  {
    name: 'a position that is later than the clock of the source is believed',
    file: time,
    find: "(since[name] ?? '') > (bounds[name] ?? '')",
    replace: "(since[name] ?? '') > `9${bounds[name] ?? ''}`",
    tests: ['test/faults/moments.test.ts'],
    only: 'set back at the source',
    built: true,
  },
  {
    name: 'no position is ever doubted',
    file: time,
    find: '  const bounds = positionBounds(columns, clock)\n  if (columns.some',
    replace: '  const bounds = positionBounds(columns, clock)\n  if (bounds !== undefined) return undefined\n  if (columns.some',
    tests: ['test/faults/moments.test.ts'],
    only: 'moved to another time zone',
    built: true,
  },
  {
    name: 'a journal that could not be written counts as written',
    file: 'packages/plugin-mysql-target/src/journal/journal-file.ts',
    find: '      throw this.#failure(error)\n    }\n    this.#size',
    replace: '      return\n    }\n    this.#size',
    tests: ['test/faults/folders.test.ts'],
    only: 'no room',
    built: true,
  },
  {
    name: 'a table that looks the same again after it was made anew is believed',
    file: 'packages/plugin-mysql-source/src/snapshot.ts',
    find: 'altered === (await lastAltered(connection, schema.table))',
    replace: "altered !== ''",
    tests: ['test/faults/definitions.test.ts'],
    only: 'look the same again',
    built: true,
  },
  {
    name: 'a column that only the copy has goes without being asked for',
    file: 'packages/plugin-mysql-target/src/schema/diff-columns.ts',
    find: "options.drop === 'all'",
    replace: "options.drop !== 'nothing'",
    tests: ['test/faults/definitions.test.ts'],
    only: 'gone or changed',
    built: true,
  },
  {
    name: 'a backtick in the name of a table or database ends the name',
    file: 'packages/mysql/src/identifiers.ts',
    find: "replaceAll('`', '``')",
    replace: "replaceAll('`', '`')",
    tests: ['test/corpus/names.test.ts'],
    env: { DBSYNC_CORPUS: 'all' },
    built: true,
  },
]
