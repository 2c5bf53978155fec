import type { Mutant } from './mutants.ts'

const src = 'packages/warehouse/src'
const bigquery = 'packages/plugin-bigquery-target/src'
const duckdb = 'packages/plugin-duckdb-target/src'
const duckdbConformance = [`${duckdb}/target.conformance.db.test.ts`]
const digests = [`${duckdb}/digest.db.test.ts`]
const ndjson = [`${src}/ndjson.test.ts`]
const sink = [`${src}/text-sink.test.ts`]

export const warehouses: readonly Mutant[] = [
  {
    name: 'a merge touches the rows of another tenant',
    file: `${src}/merge.ts`,
    find: '[`${TARGET}.${TENANT} = ${tenant}`, ...identity.map(',
    replace: '[...identity.map(',
    tests: duckdbConformance,
    only: 'shared|neighbour|tenant',
  },
  {
    name: 'a full copy deletes the rows of every tenant',
    file: `${src}/merge.ts`,
    find: '`DELETE FROM ${table} WHERE ${TENANT} = ${tenant}`',
    replace: '`DELETE FROM ${table}`',
    tests: duckdbConformance,
    only: 'shared|neighbour|tenant',
  },
  {
    name: 'a row that is deleted and written in one commit is gone',
    file: `${src}/merge.ts`,
    find: 'IF(${OPERATION} IS NULL, 1, 0) DESC',
    replace: 'IF(${OPERATION} IS NULL, 1, 0) ASC',
    tests: duckdbConformance,
    only: 'deletes first',
  },
  {
    name: 'copies of a row without a key are one',
    file: `${src}/merge.ts`,
    find: 'ROW_NUMBER() OVER (PARTITION BY ${ROW_HASH}) AS',
    replace: '1 AS',
    tests: [...duckdbConformance, `${duckdb}/file.test.ts`],
    only: 'without a key|each time',
  },
  {
    name: 'a cell that changes to NULL is left as it was',
    file: `${src}/merge.ts`,
    find: ' IS DISTINCT FROM ',
    replace: ' <> ',
    tests: duckdbConformance,
    only: 'merge by key',
  },
  {
    name: 'a row that was marked as deleted is counted as there',
    file: `${src}/conditions.ts`,
    find: ' AND ${prefix}${DELETED} IS NOT TRUE',
    replace: '',
    tests: [`${duckdb}/file.test.ts`],
  },
  {
    name: 'rows of the very moment of the position are not read from a warehouse',
    file: `${src}/conditions.ts`,
    find: '`${name} >= ${literal(',
    replace: '`${name} > ${literal(',
    tests: duckdbConformance,
    only: 'since|newer|moment',
  },
  {
    name: 'a quote in a text ends the text of a line of JSON',
    file: `${src}/text-sink.ts`,
    find: 'byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH',
    replace: 'byte >= 0x20 && byte !== BACKSLASH',
    tests: sink,
  },
  {
    name: 'a line break in a text ends the line of JSON',
    file: `${src}/text-sink.ts`,
    find: 'byte >= 0x20 && byte !== QUOTE',
    replace: 'byte >= 0x0a && byte !== QUOTE',
    tests: sink,
  },
  {
    name: 'the 29th of February is a day of every fourth year',
    file: `${src}/values.ts`,
    find: 'year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)',
    replace: 'year % 4 === 0',
    tests: ndjson,
  },
  {
    name: 'a BigQuery job whose answer was lost is done twice',
    file: `${bigquery}/jobs.ts`,
    find: 'for (let sending = 1; ; sending++) {\n      try {\n        return await send(jobId)',
    replace: 'for (let sending = 1; ; sending++) {\n      try {\n        return await send(sending === 1 ? jobId : `${jobId}_${sending}`)',
    tests: [`${bigquery}/jobs.db.test.ts`],
    only: 'sent again under the same id',
  },
  {
    name: 'a BigQuery that does not answer is not asked again',
    file: `${bigquery}/failures.ts`,
    find: 'if (status === 0 || status === 408',
    replace: 'if (status === 408',
    tests: [`${bigquery}/jobs.db.test.ts`, `${bigquery}/faults.db.test.ts`],
    only: 'whatever',
  },
  {
    name: 'a decimal without digits before its point has another hash in DuckDB',
    file: `${duckdb}/dialect.ts`,
    find: "regexp_replace(CAST(${value} AS STRING), '^(-?)[.]', '\\\\10.')",
    replace: 'CAST(${value} AS STRING)',
    tests: digests,
  },
  {
    name: 'the doubles next to zero have another hash in DuckDB',
    file: `${duckdb}/dialect.ts`,
    find: '${value} < 2.2250738585072014e-308',
    replace: '${value} < 0',
    tests: digests,
  },
  {
    name: 'a year before 1000 has another hash in BigQuery',
    file: `${bigquery}/dialect.ts`,
    find: "LPAD(FORMAT_DATETIME('%F %H:%M:%E6S', ${value}), ${MOMENT}, '0')",
    replace: "FORMAT_DATETIME('%F %H:%M:%E6S', ${value})",
    tests: [`${bigquery}/digest.db.test.ts`],
  },
  {
    name: 'half a surrogate goes into a line of JSON',
    file: 'packages/mysql/src/portable.ts',
    find: "charset === 'ucs2' || charset === 'utf32'",
    replace: "charset === 'ucs-2'",
    tests: digests,
  },
  {
    name: 'nobody says before that a zero TIMESTAMP becomes NULL',
    file: `${src}/types.ts`,
    find: "from.kind === 'datetime' || from.kind === 'timestamp') return",
    replace: "from.kind === 'datetime') return",
    tests: ['test/corpus/duckdb.test.ts'],
    env: { DBSYNC_CORPUS: 'all' },
    only: 'into DuckDB, keyless, from a \\w+ server at \\+00:00',
    built: true,
  },
  {
    name: 'what a character set has and Unicode has not is lost without a word',
    file: `${src}/fit.ts`,
    find: '!isWhollyUnicode(charset)',
    replace: 'charset === "utf-9"',
    tests: ['test/corpus/duckdb.test.ts'],
    env: { DBSYNC_CORPUS: 'all' },
    only: 'into DuckDB, keyless, from a \\w+ server at \\+00:00',
    built: true,
  },
  {
    name: 'DuckDB commits before the last rows are loaded',
    file: `${duckdb}/writer.ts`,
    find: 'await this.#load()\n      await this.#loading\n',
    replace: 'await this.#load()\n',
    tests: [`${duckdb}/load.test.ts`],
  },
]
