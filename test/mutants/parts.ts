import type { Mutant } from './mutants.ts'

const run = 'packages/core/src/run'
const target = 'packages/plugin-mysql-target/src'
const copy = [`${run}/copy-in-full.test.ts`]
const beside = [`${target}/beside.db.test.ts`]

/** Large tables that several connections copy part by part. */
export const parts: readonly Mutant[] = [
  { name: 'a table is done before its helpers are', file: `${run}/copy-in-full.ts`, find: '    await Promise.all(helpers)\n', replace: '', tests: copy },
  { name: 'a helper fails and nobody hears of it', file: `${run}/copy-in-full.ts`, find: '    failure ??= { error }\n', replace: '', tests: copy },
  { name: 'helpers go on where the table has failed', file: `${run}/copy-in-full.ts`, find: 'if (!done) stop()', replace: '', tests: copy },
  {
    name: 'a helper stays who is of no help',
    file: `${run}/crew.ts`,
    find: 'rate < this.#rate * GAIN',
    replace: 'rate < 0',
    tests: [`${run}/crew.test.ts`],
  },
  {
    name: 'the first part of a table is left out',
    file: 'packages/mysql/src/ranges.ts',
    find: '[whole.from, ...bounds].map((from, i) => keyRange(from, bounds[i] ?? whole.to))',
    replace: 'bounds.map((from, i) => keyRange(from, bounds[i + 1] ?? whole.to))',
    tests: ['packages/plugin-mysql-source/src/source.conformance.db.test.ts'],
    only: 'even ranges',
  },
  {
    name: 'rows go into the staging table of whoever has taken over the lock',
    file: `${target}/staging-load.ts`,
    find: 'if ((await lockHolder(connection, tableLock(live), signal)) === owner.id) return',
    replace: 'if ((await lockHolder(connection, tableLock(live), signal)) !== undefined) return',
    tests: beside,
    only: 'taken over',
  },
  {
    name: 'a staging table is made anew while rows are on their way into it',
    file: `${target}/staging-load.ts`,
    find: '  await connection.query(`SELECT 1 FROM ${quoteTable(staging.table)} LIMIT 0`, signal)\n',
    replace: '',
    tests: beside,
    only: 'the same one',
  },
  {
    name: 'rows that came another way are not committed',
    file: `${target}/writer.ts`,
    find: ' + (await this.#endBeside())',
    replace: '',
    tests: beside,
    only: 'both ways',
  },
]
