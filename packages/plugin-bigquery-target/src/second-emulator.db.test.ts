import { type Column, type JsonValue, type LogicalType, packRows, storedColumns, type TableSchema } from '@dbsync/core/plugin'
import { type BigQueryRest, bigQueryMissing, bigQueryRest, plainSchema, secondBigQuery, startBigQuery, type TestBigQuery } from '@dbsync/testkit'
import {
  DELETED,
  type Deletes,
  fitTable,
  Ledger,
  mergeStatement,
  NdjsonEncoder,
  OCCURRENCE,
  ROW_HASH,
  SYNC_MODE,
  SYNC_TIMESTAMP,
  TENANT,
  typeOverrides,
  warehouseColumns,
} from '@dbsync/warehouse'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tableAt } from './ddl.ts'
import { BIGQUERY } from './dialect.ts'
import { stagingFields } from './staging.ts'

const TYPES: Readonly<Record<string, LogicalType>> = {
  n: { kind: 'int', bits: 64 },
  w: { kind: 'text', maxLength: 40 },
  dec: { kind: 'decimal', precision: 12, scale: 3 },
  f: { kind: 'float', bits: 64 },
  day: { kind: 'date' },
  at: { kind: 'datetime', fraction: 6 },
  moment: { kind: 'timestamp', fraction: 6 },
  bit: { kind: 'bits', length: 1 },
  group: { kind: 'text' },
}
type Row = readonly (string | Uint8Array | null)[]
const BEFORE: readonly Row[] = [
  ['1', 'x', '1.500', '0.1', '2024-02-29', '2024-02-29 01:02:03.000004', '2024-02-29 01:02:03.000004', Uint8Array.of(1), "it's"],
  ['2', 'é😀', '-0.001', '-2.5', '9999-12-31', '1000-01-01 00:00:00.000000', '1970-01-01 00:00:01.000000', Uint8Array.of(0), ''],
  ['3', '', null, null, null, null, null, null, null],
  ['4', 'null', null, null, null, null, null, null, 'stays'],
]
/** One is as it was, one another, one NULL where it was not, one new, and the new one comes twice. */
const AFTER: readonly Row[] = [
  BEFORE[0] as Row,
  ['2', 'é😀', '7.000', '-2.5', '9999-12-31', '1000-01-01 00:00:00.000000', '1970-01-01 00:00:01.000000', Uint8Array.of(1), null],
  ['5', 'new', null, '1.25', null, null, null, null, 'first'],
  ['5', 'new', null, '1.25', null, null, null, null, 'last'],
]
type Case = readonly [disposition: 'replace' | 'merge', deletes: Deletes]
const KEYS: readonly (readonly [string, readonly string[], readonly Case[]])[] = [
  [
    'a text and a number',
    ['w', 'n'],
    [
      ['replace', 'hard'],
      ['replace', 'soft'],
      ['merge', 'hard'],
      ['merge', 'soft'],
    ],
  ],
  // The other two ask for hashes that bqemulator cannot compute.
  [
    'none',
    [],
    [
      ['replace', 'hard'],
      ['merge', 'ignore'],
    ],
  ],
]
const place = { project: 'dbsync-test', dataset: 'd' }
const second = await secondBigQuery()

// What goccy's takes of these statements, and what it makes of rows, `analyzer.db.test.ts` looks at.
describe.skipIf((await bigQueryMissing()) || second === undefined || second === 'goccy')('a second emulator', { timeout: 180_000 }, () => {
  let servers: readonly TestBigQuery[]
  let number = 0
  beforeAll(async () => {
    servers = await Promise.all([startBigQuery(), startBigQuery(second === undefined ? {} : { emulator: second })])
    for (const server of servers) await bigQueryRest(server).request('POST', '/datasets', { datasetReference: { projectId: server.project, datasetId: 'd' } })
  }, 120_000)
  afterAll(async () => {
    for (const server of servers ?? []) await server[Symbol.asyncDispose]()
  })

  it.each(KEYS)('makes the same of the statements that write, where the key is %s', async (_, key, cases) => {
    const columns = Object.entries(TYPES).map(([name, type]): Column => ({ name, type, nullable: !key.includes(name) }))
    for (const [disposition, deletes] of cases) {
      const table = { database: "te'n", name: `t${++number}` }
      const schema = fitTable(BIGQUERY, plainSchema(table, { name: table.name, key, columns }), table, typeOverrides(BIGQUERY, undefined))
      const [one, other] = await Promise.all(servers.map((server) => written(bigQueryRest(server), schema, disposition, deletes)))
      expect(other, `${disposition}, ${deletes}`).toEqual(one)
      expect(one?.length, `${disposition}, ${deletes}`).toBeGreaterThan(3)
    }
  })
})

/** What is in the table when rows of two tenants were copied, and then those of one are written anew. */
async function written(rest: BigQueryRest, schema: TableSchema, disposition: 'replace' | 'merge', deletes: Deletes): Promise<readonly string[]> {
  const { name } = schema.table
  const other = { ...schema, table: { ...schema.table, database: 'other' } }
  await makeTable(rest, name, fieldsOf(schema))
  const write = async (to: TableSchema, rows: readonly Row[], gone: readonly Row[], how: 'replace' | 'merge') => {
    const staging = `stg_${name}_${to.table.database === 'other' ? 'o' : 't'}_${gone.length}${rows.length}${how}`
    const encoder = encoderOf(to, how)
    if (gone.length > 0)
      encoder.addDeletes(
        packRows(
          keyColumns(to),
          gone.map((row) => to.key.map((column) => row[Object.keys(TYPES).indexOf(column)] ?? null)),
        ),
      )
    encoder.add(packRows(storedColumns(to), rows))
    const lines = encoder.take().toString().trimEnd().split('\n')
    await makeTable(rest, staging, stagingFields(to))
    await rest.load({
      dataset: 'd',
      table: staging,
      rows: lines.map((line) => JSON.parse(line) as Readonly<Record<string, JsonValue>>),
      load: { schema: { fields: stagingFields(to) } },
    })
    const options = { table: tableAt(place, to.table), staging: `\`dbsync-test.d.${staging}\``, deletes }
    await rest.query(mergeStatement(BIGQUERY, { disposition: how, schema: to }, { upserts: true, deletes: gone.length > 0 }, options))
  }
  await write(schema, BEFORE, [], 'replace')
  await write(other, BEFORE.slice(0, 1), [], 'replace')
  await write(
    schema,
    AFTER.slice(0, disposition === 'replace' ? 3 : 4),
    disposition === 'merge' && schema.key.length > 0 ? BEFORE.slice(2, 3) : [],
    disposition,
  )
  const names = fieldsOf(schema).filter((field) => field.name !== SYNC_TIMESTAMP)
  const cells = names.map((field) => `CAST(${BIGQUERY.quoteName(field.name)} AS STRING)`)
  return (await rest.query(`SELECT ${cells.join(', ')} FROM \`dbsync-test.d.${name}\``)).map((row) => JSON.stringify(row)).sort()
}

const keyColumns = (schema: TableSchema): readonly Column[] => schema.key.flatMap((name) => storedColumns(schema).filter((column) => column.name === name))

const encoderOf = (schema: TableSchema, how: 'replace' | 'merge'): NdjsonEncoder =>
  new NdjsonEncoder({
    table: schema.table,
    columns: warehouseColumns(BIGQUERY, schema),
    ledger: new Ledger(schema.table, true),
    hashed: schema.key.length === 0,
    sequenced: how === 'merge',
  })

/** Its definition is not what is looked at: bqemulator cannot read all of ours. */
const fieldsOf = (schema: TableSchema) => [
  { name: TENANT, type: 'STRING' },
  ...stagingFields(schema).filter(({ name }) => warehouseColumns(BIGQUERY, schema).some((column) => column.name === name)),
  { name: SYNC_TIMESTAMP, type: 'TIMESTAMP' },
  { name: SYNC_MODE, type: 'STRING' },
  ...(schema.key.length > 0
    ? []
    : [
        { name: ROW_HASH, type: 'STRING' },
        { name: OCCURRENCE, type: 'INTEGER' },
      ]),
  { name: DELETED, type: 'BOOLEAN' },
]

const makeTable = (rest: BigQueryRest, tableId: string, fields: ReturnType<typeof stagingFields>) =>
  rest.request('POST', '/datasets/d/tables', { tableReference: { projectId: place.project, datasetId: place.dataset, tableId }, schema: { fields } })
