import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bigQueryMissing, startBigQuery, type TestBigQuery } from '@dbsync/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BigQueryProject, bigQueryProject, type Report, reportOf } from './bigquery-project.ts'
import { type Outcome, said } from './dbsync.ts'

/** Per type: values as SQL, each with what an independent query of BigQuery has to answer. NULL: the value has no place there, and is counted. */
const TYPES: readonly (readonly [type: string, bigquery: string, values: readonly (readonly [sql: string, kept: string | null])[]])[] = [
  [
    'BIGINT',
    'INTEGER',
    [
      ['-9223372036854775808', '-9223372036854775808'],
      ['9223372036854775807', '9223372036854775807'],
    ],
  ],
  [
    'BIGINT UNSIGNED',
    'NUMERIC',
    [
      ['18446744073709551615', '18446744073709551615'],
      ['0', '0'],
    ],
  ],
  [
    'TINYINT(1)',
    'INTEGER',
    [
      ['-128', '-128'],
      ['127', '127'],
      ['2', '2'],
    ],
  ],
  [
    'INT UNSIGNED ZEROFILL',
    'INTEGER',
    [
      ['4294967295', '4294967295'],
      ['7', '7'],
    ],
  ],
  [
    'DECIMAL(38,9)',
    'NUMERIC',
    [
      ['99999999999999999999999999999.999999999', '99999999999999999999999999999.999999999'],
      ['-0.000000001', '-0.000000001'],
    ],
  ],
  ['DECIMAL(30,18)', 'BIGNUMERIC', [['-999999999999.999999999999999999', '-999999999999.999999999999999999']]],
  [
    'DECIMAL(65,10)',
    'STRING',
    [['9999999999999999999999999999999999999999999999999999999.0000000001', '9999999999999999999999999999999999999999999999999999999.0000000001']],
  ],
  [
    'DOUBLE',
    'FLOAT',
    [
      ['1.7976931348623157e308', '1.7976931348623157e+308'],
      ['0.1', '0.1'],
      ['-2.5', '-2.5'],
    ],
  ],
  [
    'BIT(1)',
    'BOOLEAN',
    [
      ["b'1'", 'true'],
      ["b'0'", 'false'],
    ],
  ],
  ['BIT(9)', 'INTEGER', [["b'100000001'", '257']]],
  ['BIT(64)', 'NUMERIC', [['18446744073709551615', '18446744073709551615']]],
  [
    'YEAR',
    'INTEGER',
    [
      ['0', '0'],
      ['2155', '2155'],
    ],
  ],
  [
    'DATE',
    'DATE',
    [
      ["'0001-01-01'", '0001-01-01'],
      ["'9999-12-31'", '9999-12-31'],
      ["'0000-00-00'", null],
      ["'2024-02-30'", null],
      ["'2024-00-00'", null],
      ["'0000-01-01'", null],
    ],
  ],
  [
    'DATETIME(6)',
    'DATETIME',
    [
      ["'2024-03-31 02:30:00.000001'", '2024-03-31 02:30:00.000001'],
      ["'9999-12-31 23:59:59.999999'", '9999-12-31 23:59:59.999999'],
      ["'0000-00-00'", null],
    ],
  ],
  // Written by a session at +09:00: an instant, nine hours earlier in UTC.
  [
    'TIMESTAMP(6) NULL',
    'TIMESTAMP',
    [
      ["'2024-11-03 01:30:00.5'", '2024-11-02 16:30:00.500000'],
      ["'1970-01-01 09:00:01'", '1970-01-01 00:00:01.000000'],
      ["'0000-00-00'", null],
    ],
  ],
  [
    'TIME(6)',
    'STRING',
    [
      ["'-838:59:59.000001'", '-838:59:59.000001'],
      ["'24:00:00'", '24:00:00.000000'],
    ],
  ],
  [
    'VARCHAR(40)',
    'STRING',
    [
      ["''", ''],
      ["'x '", 'x '],
      ["'NULL'", 'NULL'],
      ["'a\\\\b\"\\n\\t\\0😀'", 'a\\b"\n\t\0😀'],
    ],
  ],
  ['VARCHAR(20) CHARACTER SET latin1', 'STRING', [["'é€ß'", 'é€ß']]],
  ['VARCHAR(20) CHARACTER SET gbk', 'STRING', [["'表'", '表']]],
  [
    "ENUM('', 'a', 'b,c')",
    'STRING',
    [
      ["'b,c'", 'b,c'],
      ["''", ''],
    ],
  ],
  [
    "SET('a', 'b')",
    'STRING',
    [
      ["'a,b'", 'a,b'],
      ["''", ''],
    ],
  ],
  ['BINARY(4)', 'BYTES', [["x'0120'", '01200000']]],
  [
    'BLOB',
    'BYTES',
    [
      ["x'00ff5c0a27'", '00ff5c0a27'],
      ["''", ''],
    ],
  ],
  ['JSON', 'STRING', [['\'{"b": 1, "a": 9007199254740993}\'', '{"b": 1, "a": 9007199254740993}']]],
  ['POINT', 'BYTES', [["ST_GeomFromText('POINT(1 2)', 4326)", 'e61000000101000000000000000000f03f0000000000000040']]],
]
/** Kept otherwise than exactly, because a setting says so. */
const OVERRIDDEN: typeof TYPES = [
  [
    'BIGINT UNSIGNED',
    'INTEGER',
    [
      ['9223372036854775807', '9223372036854775807'],
      ['9223372036854775808', null],
    ],
  ],
  [
    'TIME',
    'TIME',
    [
      ["'23:59:59'", '23:59:59'],
      ["'24:00:00'", null],
      ["'-00:00:01'", null],
    ],
  ],
  [
    'TINYINT(1)',
    'BOOLEAN',
    [
      ['1', 'true'],
      ['2', null],
      ['-1', null],
    ],
  ],
]
const ALL = [...TYPES, ...OVERRIDDEN]
const overriddenAt = (i: number) => TYPES.length + i
const LEDGER = [
  `1 value of column c${overriddenAt(0)} became NULL: beyond INT64`,
  `1 value of column c${TYPES.findIndex(([type]) => type === 'DATETIME(6)')} became NULL: a zero or impossible date`,
  `1 value of column c${TYPES.findIndex(([, type]) => type === 'TIMESTAMP')} became NULL: a zero or impossible date`,
  `2 values of column c${overriddenAt(1)} became NULL: not a time of day`,
  `2 values of column c${overriddenAt(2)} became NULL: neither 0 nor 1`,
  `4 values of column c${TYPES.findIndex(([type]) => type === 'DATE')} became NULL: a zero or impossible date`,
]

/** A NUMERIC prints with zeros at its end here. */
const withoutZeros = (cell: unknown, type: string | undefined): unknown =>
  typeof cell === 'string' && type?.endsWith('NUMERIC') && cell.includes('.') ? cell.replace(/\.?0+$/, '') : cell

const asText = (name: string, type: string): string => {
  if (type === 'BYTES') return `TO_HEX(${name})`
  if (type === 'TIMESTAMP') return `FORMAT_TIMESTAMP('%F %H:%M:%E6S', ${name}, 'UTC')`
  if (type === 'DATETIME') return `FORMAT_DATETIME('%F %H:%M:%E6S', ${name})`
  return `CAST(${name} AS STRING)`
}

describe.skipIf(await bigQueryMissing())('BigQuery as the target', { timeout: 240_000 }, () => {
  let bigquery: TestBigQuery
  let work: BigQueryProject
  beforeAll(async () => {
    bigquery = await startBigQuery()
    work = await bigQueryProject(bigquery)
    const { at } = work
    await at.query("SET sql_mode = 'ALLOW_INVALID_DATES', NAMES utf8mb4, time_zone = '+09:00'")
    await at.query(`CREATE TABLE typed (id INT PRIMARY KEY, ${ALL.map(([type], i) => `c${i} ${type}${type.endsWith('NULL') ? '' : ' NULL'}`).join(', ')})`)
    await at.query('CREATE TABLE plain (id INT PRIMARY KEY, v INT, updated_at TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6))')
    await at.query('CREATE TABLE rest (a INT, b INT)')
    const most = Math.max(...ALL.map(([, , values]) => values.length))
    for (let row = 0; row <= most; row++)
      await at.query(`INSERT INTO typed VALUES (${row}, ${ALL.map(([, , values]) => values[row]?.[0] ?? 'NULL').join(', ')})`)
    await at.query('INSERT INTO plain (id, v) SELECT seq, seq FROM seq_1_to_50')
    await at.query('INSERT INTO rest SELECT seq % 5, 1 FROM seq_1_to_20')
    await overriding()
  }, 180_000)
  afterAll(async () => {
    await work?.[Symbol.asyncDispose]()
    await bigquery?.[Symbol.asyncDispose]()
  })

  const settings = (more: Readonly<Record<string, unknown>> = {}) => ({
    ...work.settings,
    type_overrides: Object.fromEntries(OVERRIDDEN.map(([, type], i) => [`${work.database}.typed.c${overriddenAt(i)}`, NAMES[type] ?? type])),
    ...more,
  })
  const overriding = (more: Readonly<Record<string, unknown>> = {}) => work.params({ bq: settings(more) })
  const table = (report: Report, name: string) => report.tables.find(({ id }) => id.endsWith(`.${name}`))
  const query = async (sql: string) => await work.rest.query(sql.replaceAll('DATASET', `\`${bigquery.project}\`.${work.dataset}`))
  const jobsSince = (from: number) => work.proxy.requests.slice(from).filter(({ method, path }) => method === 'POST' && /\/(jobs|queries)(\?|$)/.test(path))
  /** What went wrong, the table's or the run's. */
  const errorOf = (outcome: Outcome) => {
    const { error, report } = outcome.json as { readonly error?: { code: string; message: string; hint?: string }; readonly report?: Report }
    return error ?? report?.tables.find((each) => each.error !== undefined)?.error
  }

  it('says before how many jobs and bytes each table takes', async () => {
    const outcome = await work.run('--dry-run')
    expect(outcome.code, said(outcome)).toBe(0)
    const { tables } = outcome.json as {
      readonly tables: readonly { readonly id: string; readonly costs: { readonly jobs: number; readonly bytesSent: number } }[]
    }
    // One makes the table, one loads the rows, one merges them.
    expect(tables.map(({ costs }) => costs.jobs)).toEqual([3, 3, 3])
    for (const { costs } of tables) expect(costs.bytesSent).toBeGreaterThan(0)
    expect((await work.rest.request('GET', '/datasets'))['datasets'] ?? []).not.toContainEqual(
      expect.objectContaining({ datasetReference: expect.objectContaining({ datasetId: work.dataset }) }),
    )
  })

  it('keeps the edge values of every type, and counts exactly those that have no place', async () => {
    await overriding({ max_bytes_billed: '1000000000000' })
    const from = work.proxy.requests.length
    const outcome = await work.run()
    expect(outcome.code, said(outcome)).toBe(0)
    expect(said(outcome)).toContain('became NULL')
    const lost = (outcome.json as { readonly warnings: readonly string[] }).warnings.filter((warning) => warning.includes('became NULL'))
    expect(lost.map((line) => line.slice(line.indexOf(': ') + 2)).sort()).toEqual([...LEDGER].sort())
    const found = await query(`SELECT ${ALL.map(([, type], i) => asText(`c${i}`, type)).join(', ')} FROM DATASET.typed ORDER BY id`)
    for (const [i, [type, , values]] of ALL.entries()) {
      const kept = found.map((row) => withoutZeros(row[i] ?? null, ALL[i]?.[1]))
      expect(kept, type).toEqual(found.map((_, row) => values[row]?.[1] ?? null))
    }
    const { schema } = (await work.rest.request('GET', `/datasets/${work.dataset}/tables/typed`)) as unknown as {
      readonly schema: { readonly fields: readonly { name: string; type: string }[] }
    }
    for (const [i, [, type]] of ALL.entries()) expect(schema.fields.find(({ name }) => name === `c${i}`)?.type, ALL[i]?.[0]).toBe(type)
    const queries = jobsSince(from).filter(({ body }) => body.includes('"query":'))
    expect(queries.length).toBeGreaterThan(3)
    for (const { body } of queries) expect(body).toContain('"maximumBytesBilled":"1000000000000"')
  })

  it('fails a table with --strict where a value has no place, and leaves it as it was', async () => {
    await work.at.query("UPDATE typed SET c12 = '0000-00-00' WHERE id = 0")
    const outcome = await work.run('--strict', '--full', '--table', 'typed')
    expect(outcome.code, said(outcome)).toBe(1)
    expect(errorOf(outcome)).toMatchObject({ code: 'WAREHOUSE_VALUE', message: expect.stringContaining('column c12') })
    expect(await query('SELECT CAST(c12 AS STRING) FROM DATASET.typed WHERE id = 0')).toEqual([['0001-01-01']])
    await work.at.query("UPDATE typed SET c12 = '0001-01-01' WHERE id = 0")
    await work.sync()
  })

  it('costs no job where nothing has changed', async () => {
    const from = work.proxy.requests.length
    await work.sync()
    expect(jobsSince(from)).toEqual([])
    expect(work.proxy.requests.slice(from).filter(({ path }) => path.includes('_dbsync_usage') || path.includes('_stg_'))).toEqual([])
  })

  it('of two targets in two projects completes one while the other fails half way, and each goes on from where it is', async () => {
    await work.params({ bq: settings(), other: settings({ project: 'another-project', dataset: 'other' }) })
    await work.at.query('UPDATE plain SET v = v + 1')
    await work.at.query('INSERT INTO rest VALUES (77, 77)')
    // Every MERGE after the first one.
    const isOther = ({ path }: { readonly path: string }) => path.includes('/projects/another-project/')
    work.proxy.add({
      fault: { type: 'refuse', status: 403, reason: 'quotaExceeded' },
      when: (request) => isOther(request) && request.body.includes('"MERGE'),
      skip: 1,
      times: 1_000,
    })
    const outcome = await work.run()
    work.proxy.heal()
    expect(outcome.code, said(outcome)).toBe(1)
    const outcomes = (prefix: string) =>
      reportOf(outcome)
        .tables.filter(({ id }) => id.startsWith(prefix))
        .map((each) => each.outcome)
    for (const each of outcomes('bq/')) expect(each).toBeOneOf(['synced', 'unchanged'])
    expect(outcomes('other/').sort()).toEqual(['failed', 'failed', 'synced'])
    await work.same({ plain: ['id', 'v'], rest: ['a', 'b'] })
    const state = JSON.parse(await stateOf()) as {
      readonly tables: Readonly<Record<string, { readonly targets: Readonly<Record<string, { readonly sync_status: string }>> }>>
    }
    const statuses = Object.values(state.tables).map(({ targets }) => [targets['bq']?.sync_status, targets['other']?.sync_status])
    expect(statuses.map(([first]) => first)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS'])
    expect(statuses.map(([, second]) => String(second)).sort()).toEqual(['FAILED', 'FAILED', 'SUCCESS'])
    await work.sync()
    for (const place of [`\`${bigquery.project}\`.${work.dataset}`, '`another-project`.other'])
      expect(await work.rest.query(`SELECT CAST(SUM(v) AS STRING) FROM ${place}.plain`)).toEqual([[String((50 * 51) / 2 + 50)]])
    await overriding()
  })

  async function stateOf(): Promise<string> {
    const files = (await readdir(work.directory, { recursive: true })).filter((file) => file.endsWith('.json') && file.includes(work.database))
    return await readFile(join(work.directory, files[0] ?? ''), 'utf8')
  }

  describe('says clearly what is wrong, and changes nothing', () => {
    const now = () => query('SELECT CAST(COUNT(*) AS STRING), CAST(SUM(v) AS STRING) FROM DATASET.plain')

    it('where there are no credentials', async () => {
      await work.params({ bq: { ...work.settings, auth: 'adc' } })
      const outcome = await work.runIn({ METADATA_SERVER_DETECTION: 'none' })
      expect(outcome.code, said(outcome)).toBe(3)
      expect(errorOf(outcome)).toMatchObject({ code: 'BIGQUERY_AUTH', hint: expect.stringContaining('gcloud auth application-default login') })
    })

    it.each([
      ['bigquery.jobs.create', 'project', 'roles/bigquery.jobUser on the project'],
      ['bigquery.tables.create', 'dataset', 'roles/bigquery.dataEditor on the dataset'],
    ])('where %s is missing', async (permission, what, role) => {
      await overriding()
      const seen = await now()
      await work.at.query('UPDATE plain SET v = v + 1')
      const message = `Access Denied: User does not have ${permission} permission in ${what} x.`
      const isIt = ({ method, path }: { readonly method: string; readonly path: string }) =>
        method === 'POST' && (what === 'project' ? /\/jobs(\?|$)/.test(path) : path.endsWith('/tables'))
      work.proxy.add({ fault: { type: 'refuse', status: 403, reason: 'accessDenied', message }, when: isIt, times: 1_000 })
      const outcome = await work.run()
      work.proxy.heal()
      expect(outcome.code, said(outcome)).not.toBe(0)
      expect(errorOf(outcome)).toMatchObject({ code: 'BIGQUERY_PRIVILEGE', hint: expect.stringContaining(role) })
      expect(await now()).toEqual(seen)
      await work.sync()
    })

    it('where the dataset is missing and may not be made', async () => {
      await overriding({ dataset: 'absent' })
      const message = 'Access Denied: Project x: User does not have bigquery.datasets.create permission in project x.'
      work.proxy.add({ fault: { type: 'refuse', status: 403, reason: 'accessDenied', message }, when: ({ body }) => body.includes('CREATE SCHEMA'), times: 9 })
      const outcome = await work.run('--allow', 'new-server')
      work.proxy.heal()
      expect(outcome.code, said(outcome)).not.toBe(0)
      expect(said(outcome)).toContain('roles/bigquery.user on the project')
      expect(errorOf(outcome)).toMatchObject({ code: 'BIGQUERY_PRIVILEGE' })
      await expect(work.rest.request('GET', '/datasets/absent')).rejects.toMatchObject({ status: 404 })
    })

    it('where the dataset is somewhere else', async () => {
      await overriding({ location: 'europe-west6' })
      const seen = await now()
      const outcome = await work.run()
      expect(outcome.code, said(outcome)).toBe(2)
      expect(errorOf(outcome)).toMatchObject({ code: 'BIGQUERY_OPTIONS', message: expect.stringMatching(/is in US, and location says europe-west6/) })
      expect(await now()).toEqual(seen)
    })

    it('where somebody else has made a table of that name', async () => {
      await work.rest.request('POST', '/datasets', { datasetReference: { projectId: bigquery.project, datasetId: 'taken' } })
      await work.rest.query(`CREATE TABLE \`${bigquery.project}\`.taken.plain AS SELECT 1 AS id, 2 AS v`)
      await overriding({ dataset: 'taken' })
      const outcome = await work.run('--allow', 'new-server')
      expect(outcome.code, said(outcome)).toBe(1)
      expect(table(reportOf(outcome), 'plain')).toMatchObject({ outcome: 'refused', error: { message: expect.stringContaining('that dbsync did not make') } })
      expect(await work.rest.query(`SELECT * FROM \`${bigquery.project}\`.taken.plain`)).toEqual([['1', '2']])
    })

    it('where the source of a tenant is suddenly empty', async () => {
      await overriding()
      await work.sync('--allow', 'new-server')
      const seen = await now()
      await work.at.query('DELETE FROM plain')
      const outcome = await work.run()
      expect(outcome.code, said(outcome)).toBe(1)
      expect(table(reportOf(outcome), 'plain')).toMatchObject({ outcome: 'refused' })
      expect(await now()).toEqual(seen)
    })
  })
})

/** REST has older names for some types. */
const NAMES: Readonly<Record<string, string>> = { INTEGER: 'INT64', FLOAT: 'FLOAT64', BOOLEAN: 'BOOL' }
