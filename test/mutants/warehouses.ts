import type { Mutant } from './mutants.ts'

const src = 'packages/warehouse/src'
const bigquery = 'packages/plugin-bigquery-target/src'
const duckdb = 'packages/plugin-duckdb-target/src'
const duckdbConformance = [`${duckdb}/target.conformance.db.test.ts`]
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
    name: 'DuckDB commits before the last rows are loaded',
    file: `${duckdb}/writer.ts`,
    find: 'if (this.#rows.byteLength > 0 || !this.#staged) await this.#load()\n      await this.#loading\n',
    replace: 'if (this.#rows.byteLength > 0 || !this.#staged) await this.#load()\n',
    tests: duckdbConformance,
    only: 'replace',
  },
]
