import { type Probe, type ProbePlace, probePlace, verdict } from './probe.ts'
import { type Json, read, text } from './rest.ts'

const MERGE_FIELDS = ['tenant_id STRING REQUIRED', 'id INT64 REQUIRED', 'v STRING'] as const

/** Statements: what changes rows, and the functions that compare them. */
export const SQL_PROBES = {
  'MERGE: upsert': {
    bigquery: [
      ['a', '1', 'new'],
      ['a', '2', 'added'],
      ['b', '1', 'kept'],
    ],
    run: (place) =>
      merged(
        place,
        [`('a', 1, 'new')`, `('a', 2, 'added')`],
        (target, staged) =>
          `MERGE ${target} T USING ${staged} S ON T.tenant_id = 'a' AND T.tenant_id = S.tenant_id AND T.id = S.id AND T.id BETWEEN 1 AND 2
         WHEN MATCHED THEN UPDATE SET v = S.v WHEN NOT MATCHED THEN INSERT (tenant_id, id, v) VALUES (S.tenant_id, S.id, S.v)`,
      ),
  },
  'MERGE ON FALSE: replace one tenant': {
    bigquery: [
      ['a', '7', 'new'],
      ['b', '1', 'kept'],
    ],
    run: (place) =>
      merged(
        place,
        [`('a', 7, 'new')`],
        (target, staged) =>
          `MERGE ${target} T USING ${staged} S ON FALSE WHEN NOT MATCHED BY SOURCE AND T.tenant_id = 'a' THEN DELETE
         WHEN NOT MATCHED BY TARGET THEN INSERT (tenant_id, id, v) VALUES (S.tenant_id, S.id, S.v)`,
      ),
  },
  'MERGE: insert only': {
    bigquery: [
      ['a', '1', 'old'],
      ['a', '2', 'added'],
      ['b', '1', 'kept'],
    ],
    run: (place) =>
      merged(
        place,
        [`('a', 1, 'new')`, `('a', 2, 'added')`],
        (target, staged) =>
          `MERGE ${target} T USING ${staged} S ON T.tenant_id = S.tenant_id AND T.id = S.id
         WHEN NOT MATCHED THEN INSERT (tenant_id, id, v) VALUES (S.tenant_id, S.id, S.v)`,
      ),
  },
  'MERGE: delete what the source lacks': {
    bigquery: [
      ['a', '2', 'added'],
      ['b', '1', 'kept'],
    ],
    run: (place) =>
      merged(
        place,
        [`('a', 2, 'added')`],
        (target, staged) =>
          `MERGE ${target} T USING ${staged} S ON T.tenant_id = S.tenant_id AND T.id = S.id
         WHEN NOT MATCHED BY TARGET THEN INSERT (tenant_id, id, v) VALUES (S.tenant_id, S.id, S.v)
         WHEN NOT MATCHED BY SOURCE AND T.tenant_id = 'a' AND T.id BETWEEN 1 AND 9 THEN DELETE`,
      ),
  },
  'MERGE: two source rows for one target row are refused': {
    bigquery: 'refused',
    run: (place) =>
      verdict(() =>
        merged(
          place,
          [`('a', 1, 'x')`, `('a', 1, 'y')`],
          (target, staged) => `MERGE ${target} T USING ${staged} S ON T.tenant_id = S.tenant_id AND T.id = S.id WHEN MATCHED THEN UPDATE SET v = S.v`,
        ),
      ),
  },
  'MERGE: source is a subquery': {
    bigquery: [
      ['a', '1', 'x'],
      ['b', '1', 'kept'],
    ],
    run: (place) =>
      merged(
        place,
        [`('a', 1, 'x')`, `('a', 1, 'y')`],
        (target, staged) =>
          `MERGE ${target} T USING (SELECT tenant_id, id, MIN(v) AS v FROM ${staged} GROUP BY tenant_id, id) S ON T.tenant_id = S.tenant_id AND T.id = S.id
         WHEN MATCHED THEN UPDATE SET v = S.v`,
      ),
  },
  'dmlStats of a MERGE': {
    bigquery: { insertedRowCount: '1', updatedRowCount: '1', deletedRowCount: '0' },
    async run(place) {
      const target = await place.table(MERGE_FIELDS)
      await place.rest.query(`INSERT INTO ${target.sql} (tenant_id, id, v) VALUES ('a', 1, 'old')`)
      const job = await place.rest.job({
        query: {
          query: `MERGE ${target.sql} T USING (SELECT 1 AS id UNION ALL SELECT 2) S ON T.id = S.id
            WHEN MATCHED THEN UPDATE SET v = 'new' WHEN NOT MATCHED THEN INSERT (tenant_id, id, v) VALUES ('a', S.id, 'added')`,
          useLegacySql: false,
        },
      })
      return read(job, 'statistics', 'query', 'dmlStats') ?? null
    },
  },
  'DELETE with a WHERE': {
    bigquery: [['2']],
    async run({ rest, table }) {
      const made = await table(['id INT64'])
      await rest.query(`INSERT INTO ${made.sql} (id) VALUES (1), (2)`)
      await rest.query(`DELETE FROM ${made.sql} WHERE id = 1`)
      return rest.query(`SELECT id FROM ${made.sql}`)
    },
  },
  'DELETE without a WHERE is refused': {
    bigquery: 'refused',
    async run({ rest, table }) {
      const made = await table(['id INT64'])
      return verdict(() => rest.query(`DELETE FROM ${made.sql}`))
    },
  },
  'MD5, SHA256, TO_HEX': {
    bigquery: [['900150983cd24fb0d6963f7d28e17f72', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad']],
    run: ({ rest }) => rest.query(`SELECT TO_HEX(MD5('abc')), TO_HEX(SHA256('abc'))`),
  },
  'a checksum: the sum of the last 15 digits of MD5': {
    bigquery: [['2', '977784793245501153']],
    run: ({ rest }) =>
      rest.query(`SELECT COUNT(*), SUM(CAST(CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(s)), 18)) AS INT64) AS NUMERIC)) FROM UNNEST(['abc', 'é']) AS s`),
  },
  'NULL is not TRUE': {
    bigquery: [['1']],
    run: async (place) => {
      const table = await place.table(['id INT64', 'x BOOL'])
      await place.load(table, [{ id: 1 }])
      return place.rest.query(`SELECT COUNT(*) FROM ${table.sql} WHERE x IS NOT TRUE`)
    },
  },
  'HASH is a word of the language': {
    bigquery: 'refused',
    run: ({ rest }) => verdict(() => rest.query('SELECT 1 AS hash')),
  },
  'a column that is called as the table is cannot be set': {
    bigquery: 'refused',
    run: async ({ rest, table }) => {
      const { sql } = await table(['id INT64', 't STRING'])
      return verdict(() => rest.query(`MERGE ${sql} T USING ${sql} S ON T.id = S.id WHEN MATCHED THEN UPDATE SET t = S.t`))
    },
  },
  'the sum of numbers beyond INT64': {
    bigquery: [['18446744073709551614']],
    run: ({ rest }) => rest.query(`SELECT SUM(CAST(x AS NUMERIC)) FROM UNNEST([9223372036854775807, 9223372036854775807]) AS x`),
  },
  FARM_FINGERPRINT: {
    bigquery: [['2640714258260161385']],
    run: ({ rest }) => rest.query(`SELECT FARM_FINGERPRINT('abc')`),
  },
  'FORMAT of a NUMERIC': {
    bigquery: [['1.50', '-0.000000001']],
    run: ({ rest }) => rest.query(`SELECT FORMAT('%.2f', NUMERIC '1.5'), FORMAT('%.9f', NUMERIC '-0.000000001')`),
  },
  'FORMAT of a NUMERIC with 29 digits': {
    bigquery: [['99999999999999999999999999999.999999999']],
    run: ({ rest }) => rest.query(`SELECT FORMAT('%.9f', NUMERIC '99999999999999999999999999999.999999999')`),
  },
  'CAST to NUMERIC keeps 9 decimals': {
    bigquery: [['true']],
    run: ({ rest }) => rest.query(`SELECT CAST('1.123456789' AS NUMERIC) = NUMERIC '1.123456789'`),
  },
  'CAST of a NUMERIC to text': {
    bigquery: [['1.5', '2', '1234567890.1234567891']],
    run: ({ rest }) => rest.query(`SELECT CAST(NUMERIC '1.50' AS STRING), CAST(NUMERIC '2' AS STRING), CAST(BIGNUMERIC '1234567890.1234567891' AS STRING)`),
  },
  'FORMAT of times': {
    bigquery: [['2024-01-02 03:04:05.000006', '2024-01-02 03:04:05.000006']],
    run: ({ rest }) =>
      rest.query(
        `SELECT FORMAT_DATETIME('%F %H:%M:%E6S', DATETIME '2024-01-02 03:04:05.000006'), FORMAT_TIMESTAMP('%F %H:%M:%E6S', TIMESTAMP '2024-01-02 03:04:05.000006Z', 'UTC')`,
      ),
  },
  CHAR_LENGTH: {
    bigquery: [['2', '5']],
    run: ({ rest }) => rest.query(`SELECT CHAR_LENGTH('é\u{1F600}'), BYTE_LENGTH(CONCAT('\u{1F600}', 'a'))`),
  },
  TO_JSON_STRING: {
    bigquery: [['{"a":1,"b":null}']],
    run: ({ rest }) => rest.query('SELECT TO_JSON_STRING(STRUCT(1 AS a, CAST(NULL AS STRING) AS b))'),
  },
  parameters: {
    bigquery: [['7', "it's", '00ff', '2024-01-02 03:04:05.000006', '2']],
    run: ({ rest }) =>
      rest.query(
        `SELECT @i, @s, TO_HEX(@b), FORMAT_TIMESTAMP('%F %H:%M:%E6S', @t, 'UTC'), (SELECT COUNT(*) FROM UNNEST([1, 2, 3]) AS x WHERE x IN UNNEST(@l))`,
        {
          parameterMode: 'NAMED',
          queryParameters: [
            parameter('i', 'INT64', '7'),
            parameter('s', 'STRING', "it's"),
            parameter('b', 'BYTES', 'AP8='),
            parameter('t', 'TIMESTAMP', '2024-01-02 03:04:05.000006+00:00'),
            {
              name: 'l',
              parameterType: { type: 'ARRAY', arrayType: { type: 'INT64' } },
              parameterValue: { arrayValues: [{ value: '1' }, { value: '3' }] },
            },
          ],
        },
      ),
  },
  'a transaction that is rolled back': {
    bigquery: [['1']],
    async run({ rest, table }) {
      const made = await table(['id INT64'])
      await rest.query(`INSERT INTO ${made.sql} (id) VALUES (1)`)
      await rest.query(`BEGIN TRANSACTION; DELETE FROM ${made.sql} WHERE TRUE; ROLLBACK TRANSACTION;`)
      return rest.query(`SELECT id FROM ${made.sql}`)
    },
  },
  'FOR SYSTEM_TIME AS OF': {
    bigquery: [['1']],
    async run({ rest, table }) {
      const made = await table(['id INT64'])
      await rest.query(`INSERT INTO ${made.sql} (id) VALUES (1)`)
      const [[moment] = []] = await rest.query(`SELECT FORMAT_TIMESTAMP('%F %H:%M:%E6S', CURRENT_TIMESTAMP(), 'UTC')`)
      await rest.query(`INSERT INTO ${made.sql} (id) VALUES (2)`)
      return rest.query(`SELECT id FROM ${made.sql} FOR SYSTEM_TIME AS OF TIMESTAMP '${text(moment)}+00:00'`)
    },
  },
  'CREATE SNAPSHOT TABLE': {
    bigquery: [['1']],
    async run({ rest, table, project, dataset }) {
      const made = await table(['id INT64'])
      await rest.query(`INSERT INTO ${made.sql} (id) VALUES (1)`)
      await rest.query(`CREATE SNAPSHOT TABLE \`${project}.${dataset}.snapshot\` CLONE ${made.sql}`)
      await rest.query(`INSERT INTO ${made.sql} (id) VALUES (2)`)
      return rest.query(`SELECT id FROM \`${project}.${dataset}.snapshot\``)
    },
  },
  'INFORMATION_SCHEMA.TABLES': informationSchema('SELECT table_name FROM # WHERE table_name = ?', 'TABLES', (id) => [[id]]),
  'INFORMATION_SCHEMA.COLUMNS': informationSchema(
    'SELECT column_name, data_type, is_nullable FROM # WHERE table_name = ? ORDER BY ordinal_position',
    'COLUMNS',
    () => [
      ['id', 'INT64', 'NO'],
      ['b', 'BYTES', 'YES'],
      ['n', 'NUMERIC', 'YES'],
    ],
  ),
  'INFORMATION_SCHEMA.KEY_COLUMN_USAGE': informationSchema('SELECT column_name FROM # WHERE table_name = ?', 'KEY_COLUMN_USAGE', () => [['id']]),
} satisfies Record<string, Probe>

/** A table with three rows of two tenants, another with `staged`, one MERGE, and what the first then holds. */
async function merged(place: ProbePlace, staged: readonly string[], merge: (target: string, staged: string) => string): Promise<Json> {
  const [target, staging] = [await place.table(MERGE_FIELDS), await place.table(MERGE_FIELDS)]
  await place.rest.query(`INSERT INTO ${target.sql} (tenant_id, id, v) VALUES ('a', 1, 'old'), ('b', 1, 'kept')`)
  await place.rest.query(`INSERT INTO ${staging.sql} (tenant_id, id, v) VALUES ${staged.join(', ')}`)
  await place.rest.query(merge(target.sql, staging.sql))
  return place.rest.query(`SELECT tenant_id, id, v FROM ${target.sql} ORDER BY tenant_id, id`)
}

/** True as a whole, or what was seen. In a dataset with nothing else: local-bigquery takes a while for each table in it. */
function informationSchema(sql: string, view: string, expected: (id: string) => Json): Probe {
  return {
    bigquery: true,
    async run({ rest, project }) {
      const dataset = `information_schema_${view.toLowerCase()}`
      const { table } = await probePlace(rest, project, dataset)
      const made = await table(['id INT64 REQUIRED', 'b BYTES', 'n NUMERIC'], { tableConstraints: { primaryKey: { columns: ['id'] } } })
      const rows = await rest.query(sql.replace('#', `\`${project}.${dataset}\`.INFORMATION_SCHEMA.${view}`).replace('?', `'${made.id}'`))
      return JSON.stringify(rows) === JSON.stringify(expected(made.id)) ? true : rows
    },
  }
}

const parameter = (name: string, type: string, value: string) => ({ name, parameterType: { type }, parameterValue: { value } })
