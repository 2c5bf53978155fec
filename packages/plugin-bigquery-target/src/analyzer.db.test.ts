import { type Column, type JsonValue, type LogicalType, packRows, storedColumns } from '@dbsync/core/plugin'
import { BigQueryRefusal, bigQueryEmulatorMissing, bigQueryMissing, bigQueryRest, plainSchema, startBigQuery, type TestBigQuery } from '@dbsync/testkit'
import { type Deletes, Ledger, mergeStatement, NdjsonEncoder, warehouseColumns } from '@dbsync/warehouse'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderChange, tableAt } from './ddl.ts'
import { BIGQUERY } from './dialect.ts'
import { bigquerySettings } from './settings.ts'
import { stagingFields } from './staging.ts'
import { openWith } from './target.ts'

const never = new AbortController().signal
const context = { directory: '/', signal: never, limits: { connections: 4, batchRows: 1_000, compress: false }, warn: () => {} }
const TYPES: Readonly<Record<string, LogicalType>> = {
  n: { kind: 'int', bits: 64 },
  u: { kind: 'int', bits: 64, unsigned: true },
  t: { kind: 'text' },
  w: { kind: 'text', maxLength: 40 },
  dec: { kind: 'decimal', precision: 12, scale: 3 },
  f: { kind: 'float', bits: 64 },
  day: { kind: 'date' },
  at: { kind: 'datetime', fraction: 6 },
  moment: { kind: 'timestamp', fraction: 6 },
  raw: { kind: 'bytes' },
  bit: { kind: 'bits', length: 1 },
}
/** Names that statements use themselves, or did, and words of the language. */
const NAMES = ['s', 'h', 'part', 'hash', 'copies', 'row_hash', 'k0', 'select', 'group', 'order']
const TENANT = "te`n'ant"
const KEYS: readonly (readonly [string, readonly string[]])[] = [
  ['number', ['n']],
  ['text', ['w']],
  ['several', ['w', 'n', 'day']],
  ['none', []],
]
const ROWS = [
  [
    '1',
    '18446744073709551615',
    'é😀',
    "it's",
    '1.500',
    '0.1',
    '2024-02-29',
    '2024-02-29 01:02:03.000004',
    '2024-02-29 01:02:03.000004',
    null,
    Uint8Array.of(1),
  ],
  ['2', '0', '', 'x ', '-0.001', '-2.5', '9999-12-31', '1000-01-01 00:00:00.000000', '1970-01-01 00:00:01.000000', null, Uint8Array.of(0)],
  ['3', null, null, 'null', null, null, '2024-01-01', null, null, null, null],
] as const

/** What it cannot do it says after Google's analyzer has taken the statement. */
const UNDERSTOOD = /MERGE: source must be a single-table reference, got \*googlesql\.Resolved/

describe.skipIf((await bigQueryMissing()) || (await bigQueryEmulatorMissing('goccy')))(
  'the other emulator, with Google’s own analyzer of SQL',
  { timeout: 60_000 },
  () => {
    let servers: readonly TestBigQuery[]
    beforeAll(async () => {
      servers = await Promise.all([startBigQuery({ emulator: 'goccy' }), startBigQuery()])
      for (const server of servers) await bigQueryRest(server).request('POST', '/datasets', { datasetReference: { projectId: server.project, datasetId: 'd' } })
    }, 120_000)
    afterAll(async () => {
      for (const server of servers ?? []) await server[Symbol.asyncDispose]()
    })

    /** A table and its staging table, empty. */
    async function table(server: TestBigQuery, name: string, key: readonly string[]) {
      const settings = bigquerySettings({ project: server.project, dataset: 'd', auth: 'none', api_endpoint: server.endpoint }, { directory: '/' })
      const target = await openWith(settings, context)
      const columns = [...Object.entries(TYPES), ...NAMES.map((column) => [column, { kind: 'text' } as const] as const)].map(
        ([column, type]): Column => ({ name: column, type, nullable: !key.includes(column) }),
      )
      const schema = target.fit(plainSchema({ database: TENANT, name }, { name, key, columns }), { database: TENANT, name })
      const place = { project: server.project, dataset: 'd' }
      const rest = bigQueryRest(server)
      for (const sql of renderChange({ type: 'create-table', schema }, place)) await rest.query(sql)
      const fields = stagingFields(schema)
      const tableReference = { projectId: server.project, datasetId: 'd', tableId: `stg_${name}` }
      await rest.request('POST', '/datasets/d/tables', { tableReference, schema: { fields } })
      const options = { table: tableAt(place, schema.table), staging: `\`${server.project}.d.stg_${name}\`` }
      return { target, schema, place, rest, fields, options }
    }

    it.each(KEYS)('takes every statement for a table whose key is %s', async (name, key) => {
      const { target, schema, place, rest, options } = await table(servers[0] as TestBigQuery, name, key)
      const refused: string[] = []
      const attempt = async (sql: string) => {
        const error = await rest.query(sql).catch((caught: unknown) => caught)
        if (error instanceof BigQueryRefusal && !UNDERSTOOD.test(error.message)) refused.push(`${error.message}\n${sql}`)
      }
      const between = key[0] === 'n' ? (['1', '2'] as const) : undefined
      for (const deletes of ['hard', 'soft', 'ignore'] satisfies Deletes[]) {
        for (const disposition of ['replace', 'merge'] as const) {
          await attempt(mergeStatement(BIGQUERY, { disposition, schema }, { upserts: true, deletes: true }, { ...options, deletes, between }))
        }
      }
      for (const sql of renderChange({ type: 'drop-table', table: schema.table }, place)) await attempt(sql)
      for (const { statements } of (await target.purge?.(TENANT, never)) ?? []) for (const sql of statements) await attempt(sql)
      expect(refused).toEqual([])
      const ranges = (await target.ranges?.(schema, 1, never)) ?? []
      expect(await target.digest?.(schema, ranges, never)).toHaveLength(ranges.length)
      const limits = { batchRows: 10, batchBytes: 1_000, signal: never }
      expect(
        await Array.fromAsync(target.read({ schema, since: { at: '2024-01-01 00:00:00.000000', moment: '2024-01-01 00:00:00.000000' }, ...limits })),
      ).toEqual([])
    })

    it('computes the same digests, and keeps the same rows', async () => {
      const seen = []
      for (const server of servers) {
        const { target, schema, rest, fields, options } = await table(server, 'same', ['n'])
        const ledger = new Ledger(schema.table, true)
        const encoder = new NdjsonEncoder({ table: schema.table, columns: warehouseColumns(BIGQUERY, schema), ledger, hashed: false, sequenced: false })
        encoder.add(
          packRows(
            storedColumns(schema),
            ROWS.map((row) => [...row, ...NAMES]),
          ),
        )
        const lines = encoder.take().toString().trimEnd().split('\n')
        await rest.load({
          dataset: 'd',
          table: 'stg_same',
          rows: lines.map((line) => JSON.parse(line) as Readonly<Record<string, JsonValue>>),
          load: { schema: { fields } },
        })
        await rest.query(mergeStatement(BIGQUERY, { disposition: 'replace', schema }, { upserts: true, deletes: false }, { ...options, deletes: 'hard' }))
        // It takes NULL for TRUE where BigQuery does not.
        await rest.query('UPDATE d.same SET _dbsync_deleted = FALSE WHERE TRUE')
        const rows = await Array.fromAsync(target.read({ schema, batchRows: 10, batchBytes: 10_000, signal: never }))
        const cells = rows.flatMap((batch) =>
          Array.from({ length: batch.rowCount }, (_, row) => batch.columns.map((_column, i) => Buffer.from(batch.cell(row, i) ?? [0xff]).toString()).join('|')),
        )
        seen.push({ digest: await target.digest?.(schema, [{ by: 'key' }], never), rows: cells.sort() })
      }
      expect(seen[0]).toEqual(seen[1])
      expect(seen[0]?.rows).toHaveLength(3)
    })
  },
)
