import { bigQueryMissing, bigQueryRest, startBigQuery, startServer, type TestBigQuery, type TestServer } from '@dbsync/testkit'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { Figures, progress } from './figures.ts'
import { kindOf, type SourceColumn } from './mapped.ts'
import { ALL, type Cell, deal, EVERY_CELL, shuffled, someTables, tablesFor, titleOf, WAREHOUSE_CELLS } from './matrix.ts'
import { chance, SEED } from './random.ts'
import type { TableCase } from './tables.ts'
import { type Engine, expectArrived, type Found } from './warehouse.ts'
import { teachNewYork } from './zones.ts'

/** BIGNUMERIC has 38 digits on both sides of its point, and the emulator's 20 and 18: there wider ones are kept as text. */
const TOO_WIDE = ['decimal(65,30)', 'decimal(65,38)', 'decimal(38,38)']

const numeric = ({ columnType, precision, scale }: SourceColumn): string => {
  const whole = precision - scale
  if (TOO_WIDE.includes(columnType) || whole > 38 || scale > 38) return 'STRING'
  return whole <= 29 && scale <= 9 ? 'NUMERIC' : 'BIGNUMERIC'
}

/** The emulator is slow: some tables of each cell even at full length, and where all cells are wanted without that, each table in one of them. */
const SHARE = ALL ? 0.25 : 0.03
const luck = chance(SEED)
const cells = shuffled(WAREHOUSE_CELLS, luck).slice(0, EVERY_CELL ? undefined : 1)
const lean = new Map(
  WAREHOUSE_CELLS.flatMap(({ strategy }) => tablesFor(strategy))
    .filter(({ body }) => body.includes('PRIMARY KEY ('))
    .map((table) => [table, withoutNulInKeys(table)]),
)
/** A load of one row is larger than the emulator takes at once. */
const possible = ({ strategy }: Cell) =>
  tablesFor(strategy)
    .filter(({ name }) => name !== 'huge')
    .map((table) => lean.get(table) ?? table)
const dealt = EVERY_CELL && !ALL ? deal(cells, possible, luck) : undefined
const figures = new Figures()

describe.skipIf(await bigQueryMissing())('into BigQuery', () => {
  let source: TestServer
  let bigquery: TestBigQuery

  beforeAll(async () => {
    ;[source, bigquery] = await Promise.all([startServer({ settings: { max_allowed_packet: '128M', innodb_log_file_size: '256M' } }), startBigQuery()])
    await teachNewYork(source)
  }, 180_000)

  afterAll(async () => {
    process.stdout.write(`${figures.line('Corpus into BigQuery', WAREHOUSE_CELLS.length, SEED)}\n`)
    await source[Symbol.asyncDispose]()
    await bigquery[Symbol.asyncDispose]()
  })

  test.each(cells.map((cell) => [titleOf(cell), cell] as const))(`%s (seed ${SEED})`, { timeout: EVERY_CELL ? 7_200_000 : 900_000 }, async (_, cell) => {
    const tables = dealt?.get(cell) ?? someTables(possible(cell), SHARE, luck)
    await expectArrived({ engine: engine(bigquery), source, figures, luck }, cell, tables)
    figures.finish()
    if (EVERY_CELL) progress(figures, titleOf(cell))
  })
})

/** The emulator's storage fails to join by a text with a NUL in it: it looks for it in its files, and quotes it badly. */
function withoutNulInKeys(table: TableCase): TableCase {
  const [, key = ''] = /PRIMARY KEY \(([^)]*)/.exec(table.body) ?? []
  const isKey = (column: string) => key.split(/, |\(/).includes(column)
  const harmless = (value: string) => !/\\0|x'(..)*00/i.test(value)
  return { ...table, pools: new Map([...table.pools].map(([column, values]) => [column, isKey(column) ? values.filter(harmless) : values])) }
}

function engine(bigquery: TestBigQuery): Engine {
  const rest = bigQueryRest(bigquery)
  const dataset = (database: string) => `copies_${database}`
  const quote = (name: string) => `\`${name}\``
  return {
    target: ({ database }) => ({
      type: 'bigquery',
      project: bigquery.project,
      dataset: dataset(database),
      auth: 'none',
      api_endpoint: bigquery.endpoint,
      type_overrides: Object.fromEntries(TOO_WIDE.map((type) => [type, 'STRING'])),
    }),
    quote,
    typeOf(column) {
      switch (kindOf(column)) {
        case 'whole':
          return (column.dataType === 'bigint' && column.columnType.includes('unsigned')) || column.columnType === 'bit(64)' ? 'NUMERIC' : 'INTEGER'
        case 'bool':
          return 'BOOLEAN'
        case 'decimal':
          return numeric(column)
        case 'double':
          return 'FLOAT'
        case 'date':
          return 'DATE'
        case 'datetime':
          return 'DATETIME'
        case 'timestamp':
          return 'TIMESTAMP'
        case 'text':
          return 'STRING'
        case 'bytes':
          return 'BYTES'
      }
    },
    text(column, name) {
      switch (kindOf(column)) {
        case 'bool':
          return `CAST(CAST(${name} AS INT64) AS STRING)`
        case 'datetime':
          return `FORMAT_DATETIME('%F %H:%M:%E6S', ${name})`
        case 'timestamp':
          return `FORMAT_TIMESTAMP('%F %H:%M:%E6S', ${name}, 'UTC')`
        case 'text':
          return name
        case 'bytes':
          return `TO_HEX(${name})`
        default:
          return `CAST(${name} AS STRING)`
      }
    },
    told(kind, text) {
      if (kind === 'text') return Buffer.from(text).toString('hex')
      if (kind === 'whole') return text.replace(/\.0+$/, '')
      return kind === 'datetime' || kind === 'timestamp' ? text.padStart(26, '0') : text
    },
    async tables({ database }) {
      const found = new Map<string, Found>()
      const list = (await rest.request('GET', `/datasets/${dataset(database)}/tables?maxResults=1000`)) as unknown as { readonly tables?: readonly Listed[] }
      for (const { tableReference } of list.tables ?? []) {
        const table = (await rest.request('GET', `/datasets/${dataset(database)}/tables/${tableReference.tableId}`)) as unknown as Described
        const source = noteOf(table.description)['table']
        if (source === undefined) continue
        const columns = table.schema.fields.flatMap(({ name, type, description }) => {
          const original = noteOf(description)['name']
          return original === undefined ? [] : [[original, { name, type }] as const]
        })
        found.set(source, { name: tableReference.tableId, columns: new Map(columns) })
      }
      return found
    },
    async rows({ database }, table, texts) {
      const from = `\`${bigquery.project}\`.${dataset(database)}.${quote(table.name)}`
      return (await rest.query(`SELECT ${texts.join(', ')} FROM ${from} WHERE tenant_id = '${database}'`)) as unknown as (string | null)[][]
    },
  }
}

type Listed = { readonly tableReference: { readonly tableId: string } }
type Described = {
  readonly description?: string
  readonly schema: { readonly fields: readonly { readonly name: string; readonly type: string; readonly description?: string }[] }
}

/** What dbsync says of the source where it has a place for it. */
const noteOf = (description = ''): Readonly<Record<string, string | undefined>> =>
  description.startsWith('dbsync {') ? (JSON.parse(description.slice('dbsync '.length)) as Record<string, string>) : {}
