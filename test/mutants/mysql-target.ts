import type { Mutant } from './mutants.ts'

const src = 'packages/plugin-mysql-target/src'
const loadText = [`${src}/load-text.test.ts`]
const merge = [`${src}/merge.db.test.ts`]
const replace = [`${src}/replace.db.test.ts`]
const journalFile = [`${src}/journal/journal-file.test.ts`]
const journal = [`${src}/journal/journal.db.test.ts`]
const diff = [`${src}/schema/diff.test.ts`]
const points = [`${src}/backups/points.test.ts`]
const sql = [`${src}/backups/sql.test.ts`]

export const mysqlTarget: readonly Mutant[] = [
  {
    name: 'a tab in a text ends the cell',
    file: `${src}/load-text.ts`,
    find: 'byte === BACKSLASH || byte === TAB || byte === NEWLINE',
    replace: 'byte === BACKSLASH || byte === NEWLINE',
    tests: loadText,
  },
  {
    name: 'a backslash in a text takes the next byte along',
    file: `${src}/load-text.ts`,
    find: 'byte === BACKSLASH || byte === TAB || byte === NEWLINE',
    replace: 'byte === TAB || byte === NEWLINE',
    tests: loadText,
  },
  {
    name: 'there is no room for a cell of which every byte is escaped',
    file: `${src}/load-text.ts`,
    find: 'text.reserve((cursor.end - cursor.start) * 2 + 3)',
    replace: 'text.reserve(cursor.end - cursor.start + 3)',
    tests: loadText,
  },
  {
    name: 'NULL goes into a bulk statement as an empty value',
    file: `${src}/bulk-rows.ts`,
    find: 'const NOTHING = 1',
    replace: 'const NOTHING = 2',
    tests: [`${src}/exactness.db.test.ts`],
    only: 'bulk statements',
  },
  {
    name: 'a staging table that was left behind stops the next writer',
    file: `${src}/staging-load.ts`,
    find: 'if (serverErrno(error) !== TABLE_EXISTS) throw error',
    replace: 'throw error',
    tests: replace,
    only: 'left its staging tables',
  },
  {
    name: 'nobody looks at the warnings of a load',
    file: `${src}/exact.ts`,
    find: 'result.warnings === 0 && result.affectedRows === sent',
    replace: 'result.affectedRows === sent',
    tests: merge,
    only: 'with a warning',
  },
  {
    name: 'nobody counts the rows that a load brought',
    file: `${src}/exact.ts`,
    find: 'result.warnings === 0 && result.affectedRows === sent',
    replace: 'result.warnings === 0',
    tests: [`${src}/staging-load.db.test.ts`],
  },
  {
    name: 'rows are deleted after the new ones have come, and take those of the same key along',
    file: `${src}/merge.ts`,
    find: 'transaction([...(effects.deletes ? [remove] : []), ...(effects.upserts ? upsert.steps : [])])',
    replace: 'transaction([...(effects.upserts ? upsert.steps : []), ...(effects.deletes ? [remove] : [])])',
    tests: [...merge, `${src}/statements.db.test.ts`],
  },
  {
    name: 'a cell that changes to NULL or from it is no change',
    file: `${src}/upserts.ts`,
    find: '`${one} <=> ${other}`',
    replace: '`IFNULL(${one} = ${other}, TRUE)`',
    tests: merge,
  },
  {
    name: 'texts that a collation takes for one are not written',
    file: `${src}/upserts.ts`,
    find: '(cell) => `CAST(${cell} AS BINARY)`',
    replace: '(cell) => cell',
    tests: merge,
  },
  {
    name: 'rows without a key that are there too often stay',
    file: `${src}/replace.ts`,
    find: 'HAVING SUM(a) <> SUM(b)',
    replace: 'HAVING SUM(a) < SUM(b)',
    tests: replace,
    only: 'without a key but with a foreign key',
  },
  {
    name: 'a full copy leaves what the source has no more',
    file: `${src}/replace.ts`,
    find: 'finish: transaction([missing, ...upsert.steps])',
    replace: 'finish: transaction([...upsert.steps])',
    tests: replace,
  },
  {
    name: 'the table that was swapped out goes although it is the only one left',
    file: `${src}/replace.ts`,
    find: '    `DO (SELECT 1 FROM ${quoteTable(table)} LIMIT 0)`,\n',
    replace: '',
    tests: replace,
    only: 'is not lost',
  },
  {
    name: 'a run that has lost its lock commits',
    file: `${src}/writer.ts`,
    find: `    await witness?.prepare?.()
    allowed()
`,
    replace: `    await witness?.prepare?.()
`,
    tests: [`${src}/crash.db.test.ts`],
    only: 'lost its lock',
  },
  {
    name: 'the journal does not take rows down before they change',
    file: `${src}/writer.ts`,
    find: 'if (step === BEGIN) await witness?.before?.(this.#main, effects)',
    replace: '',
    tests: journal,
  },
  {
    name: 'after an error the writer takes more rows and commits them',
    file: `${src}/writer.ts`,
    find: 'if (this.#failure !== undefined) throw this.#failure.error',
    replace: '',
    tests: merge,
  },
  {
    name: 'a commit that is tried again is counted and undone twice',
    file: `${src}/writer.ts`,
    find: 'if (!committing) await witness?.rolledBack?.()',
    replace: '',
    tests: journal,
  },
  {
    name: 'a frame of another journal is taken for one of this',
    file: `${src}/journal/frames.ts`,
    find: "createHash('sha256').update(salt).update(bytes)",
    replace: "createHash('sha256').update(bytes)",
    tests: journalFile,
  },
  {
    name: 'rows change although what would undo them is not on disk',
    file: `${src}/journal/segment-writer.ts`,
    find: '    await this.#file.sync()\n',
    replace: '',
    tests: journalFile,
    only: 'before anything changes',
  },
  {
    name: 'a rollback overwrites what somebody else has changed since',
    file: `${src}/journal/undo.ts`,
    find: 'if (same(now, after) || same(now, await before(connection))) return',
    replace: 'if (now.rows >= 0) return',
    tests: journal,
    only: 'somebody else',
  },
  {
    name: 'a rollback goes past a journal that is missing',
    file: `${src}/journal/chain.ts`,
    find: 'before !== null && !known.has(before) && byTime(before, to.name) > 0',
    replace: 'before === undefined',
    tests: [`${src}/journal/chain.test.ts`],
  },
  {
    name: 'a backslash takes the next byte along in a mode in which it does not',
    file: `${src}/backups/splitter.ts`,
    find: 'buffer[at] === BACKSLASH && this.#escapes && state',
    replace: 'buffer[at] === BACKSLASH && state',
    tests: sql,
  },
  {
    name: 'a quote in a text ends the text of a dump',
    file: `${src}/backups/insert-literals.ts`,
    find: `  [QUOTE, "'"],\n`,
    replace: '',
    tests: [`${src}/backups/insert-literals.test.ts`],
  },
  {
    name: 'bytes that are no UTF-8 are dumped as if they were',
    file: `${src}/backups/insert-literals.ts`,
    find: "(form === 'utf8' && isUtf8(bytes.subarray(start, end)))",
    replace: "form === 'utf8'",
    tests: [`${src}/backups/insert-literals.test.ts`],
  },
  {
    name: 'a hundred thousand row hashes are added up as doubles',
    file: `${src}/backups/hash-sum.ts`,
    find: 'Math.max(start, end - 10)',
    replace: 'Math.max(start, end - 16)',
    tests: [...sql, ...points, `${src}/backups/points.db.test.ts`],
  },
  {
    name: 'a shorter VARCHAR narrows nothing',
    file: `${src}/schema/narrowing.ts`,
    find: "if (['varchar', 'varbinary', 'char'].includes(a.base)) return x <= y ? WIDER : NARROWER",
    replace: "if (['varchar', 'varbinary', 'char'].includes(a.base)) return WIDER",
    tests: diff,
  },
  {
    name: 'an unsigned number fits into a signed one of its own size',
    file: `${src}/schema/narrowing.ts`,
    find: 'if (a.unsigned) return x < y ? WIDER : ANOTHER',
    replace: 'if (a.unsigned) return x <= y ? WIDER : ANOTHER',
    tests: diff,
  },
  {
    name: 'a DECIMAL that loses a digit before the point is no narrower',
    file: `${src}/schema/narrowing.ts`,
    find: 't >= s && q - t >= p - s',
    replace: 't >= s && q >= p',
    tests: diff,
  },
  {
    name: 'one more than the largest number of a type fits into it',
    file: `${src}/schema/misfit-conditions.ts`,
    find: ': [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n]',
    replace: ': [-(1n << (bits - 1n)), 1n << (bits - 1n)]',
    tests: [`${src}/schema/misfit-conditions.test.ts`],
  },
  {
    name: 'a swapped-out table goes where the live one is missing',
    file: `${src}/leftovers.ts`,
    find: '(owner !== undefined && there.has(owner))',
    replace: 'owner !== undefined',
    tests: [`${src}/names.test.ts`],
  },
  {
    name: 'rows are written to another server that has taken over the address',
    file: `${src}/connections.ts`,
    find: '      requireSameServer(this.#server, connection.server)\n',
    replace: '',
    tests: ['test/faults/servers.test.ts'],
    only: 'address of the target',
    built: true,
  },
]
