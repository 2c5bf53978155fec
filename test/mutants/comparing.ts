import type { Mutant } from './mutants.ts'

const src = 'packages/core/src'
const guards = [`${src}/run/guards.test.ts`]
const compare = [`${src}/run/compare.test.ts`]
const alone = [`${src}/run/left-alone.test.ts`]
const verify = [`${src}/verify/verify-table.test.ts`]

export const comparing: readonly Mutant[] = [
  {
    name: 'a quick look is the last word on a table that differs',
    file: 'packages/core/src/verify/verify-table.ts',
    find: 'theirs.sum !== ours?.sum || theirs.rows !== ours.rows',
    replace: 'theirs.rows !== ours?.rows',
    tests: ['packages/core/src/verify/verify-table.test.ts'],
  },
  {
    name: 'two ranges are equal when they have equally many rows',
    file: `${src}/run/compare.ts`,
    find: 'a.exact && b.exact && a.rows === b.rows && a.sum === b.sum',
    replace: 'a.exact && b.exact && a.rows === b.rows',
    tests: compare,
    only: 'with a key',
  },
  {
    name: 'a digest that left a row out counts as equal',
    file: `${src}/run/compare.ts`,
    find: 'a.exact && b.exact && a.rows === b.rows && a.sum === b.sum',
    replace: 'a.rows === b.rows && a.sum === b.sum',
    tests: compare,
    only: 'could not hash',
  },
  {
    name: 'rows that only the target has are not found',
    file: `${src}/run/compare-rows.ts`,
    find: 'extra: [...heldOurs.keys()].map(keyBytes)',
    replace: 'extra: []',
    tests: [`${src}/run/compare-rows.test.ts`],
  },
  {
    name: 'a copy that differs is equal as long as nothing could be written into it',
    file: `${src}/run/prove.ts`,
    find: ' || result.differed === true',
    replace: '',
    tests: [`${src}/run/guards.test.ts`],
  },
  {
    name: 'two rows whose keys read alike are one row',
    file: `${src}/verify/examine.ts`,
    find: 'if (!left.delete(keyText(key))) yield twice(key)',
    replace: 'left.delete(keyText(key))',
    tests: [`${src}/verify/verify-table.test.ts`],
  },
  {
    name: 'one end goes on hashing rows when the other one has failed',
    file: `${src}/run/compare-rows.ts`,
    find: 'theirs.leave()',
    replace: '',
    tests: [`${src}/run/compare-rows.test.ts`],
  },
  {
    name: 'a row that comes out of step is equal whatever it holds',
    file: `${src}/run/compare-rows.ts`,
    find: 'else if (hash !== other) changed.push(keyBytes(key))',
    replace: '',
    tests: [`${src}/run/compare-rows.test.ts`],
  },
  {
    name: 'of a row without a key that is there too often every copy goes',
    file: `${src}/run/differences.ts`,
    find: 'target > source ? source : source - target',
    replace: 'source - target',
    tests: compare,
    only: 'without a key',
  },
  {
    name: 'a row that was sent and is not there passes the verification',
    file: `${src}/run/prove.ts`,
    find: 'equal: sent.size === 0 && counted',
    replace: 'equal: counted',
    tests: guards,
    only: 'verification',
  },
  {
    name: 'a repair of single rows moves the position of the whole table',
    file: `${src}/run/run-table.ts`,
    find: '...(isRepair(result) ? {} : { last_sync_time: now, position })',
    replace: '...{ last_sync_time: now, position }',
    tests: alone,
    only: 'single tables are repaired',
  },
  {
    name: 'what a failed run remembers of the source is believed',
    file: `${src}/state/source-print.ts`,
    find: "state?.sync_status !== 'SUCCESS' || ",
    replace: '',
    tests: alone,
  },
  {
    name: 'what is remembered of a table outlives a change of its definition',
    file: `${src}/state/source-print.ts`,
    find: " || print['form'] !== form",
    replace: '',
    tests: alone,
  },
  {
    name: 'rows that only the copy has are no difference when rows are counted',
    file: `${src}/verify/tally.ts`,
    find: 'Math.max(0, target - source)',
    replace: 'Math.min(0, target - source)',
    tests: verify,
  },
  {
    name: 'the verification does not look at rows that only the copy has',
    file: `${src}/verify/verify-table.ts`,
    find: '[...finding.missing, ...finding.extra, ...finding.unsure, ...finding.changed]',
    replace: '[...finding.missing, ...finding.unsure, ...finding.changed]',
    tests: verify,
  },
]
