import type { RowBatch, RowRange, TableReader, TableSchema, Target } from '@dbsync/core/plugin'
import { expect } from 'vitest'
import type { ServerClient } from './client.ts'
import { testPair } from './databases.ts'

const never = new AbortController().signal
const limits = { batchRows: 1_000, batchBytes: 1 << 20, signal: never }
const whole = (schema: TableSchema): RowRange => (schema.key[0] === 'id' ? { by: 'key' } : { by: 'hash', from: '0', to: String(1n << 64n) })

/** Every cell in hexadecimal digits, row by row, sorted. */
const linesOf = (batches: readonly RowBatch[]): readonly string[] =>
  batches
    .flatMap((batch) => Array.from({ length: batch.rowCount }, (_, row) => batch.columns.map((_column, i) => cellText(batch.cell(row, i))).join(' ')))
    .sort()
const cellText = (cell: Uint8Array | null): string => (cell === null ? 'NULL' : `x${Buffer.from(cell).toString('hex')}`)

/** Every type of MySQL with its edge values. */
const TABLES = [
  'floats (id INT PRIMARY KEY, f FLOAT, d DOUBLE)',
  'moments (id BIGINT UNSIGNED PRIMARY KEY, d DATE, dt DATETIME, dt6 DATETIME(6), ts TIMESTAMP NULL, ts3 TIMESTAMP(3) NULL, t TIME, t6 TIME(6), y YEAR)',
  'texts (k VARCHAR(20), l VARCHAR(20) CHARACTER SET latin1, g VARCHAR(20) CHARACTER SET gbk, t TEXT, m MEDIUMTEXT CHARACTER SET ucs2, e ENUM("x","é"), s SET("a","b"), j JSON, n DECIMAL(10,2), n0 DECIMAL(38,9), n5 DECIMAL(5,0), PRIMARY KEY (k))',
  'bins (id VARBINARY(8) PRIMARY KEY, b BINARY(4), v BLOB, w VARBINARY(300), b1 BIT(1), b9 BIT(9), b64 BIT(64), g GEOMETRY)',
  'nokey (a INT, b VARCHAR(10))',
  'edges (id INT PRIMARY KEY, m DATETIME(6), n DECIMAL(4,4), d DOUBLE, a VARCHAR(9) CHARACTER SET ascii, u VARCHAR(9) CHARACTER SET ucs2, w VARCHAR(9) CHARACTER SET utf32)',
]
const ROWS = [
  `floats VALUES (1,0,0), (2,0.1,0.1), (3,16777216,1e15), (4,3.4e38,1e14), (5,-1,123456789.12345679), (6,1.5e-7,1e-5), (7,1e-15,1e-15), (8,1e-16,1e-16),
    (9,1e20,1e21), (10,NULL,1.7976931348623157e308), (11,10,2.2250738585072014e-308), (12,100.5,-0.30000000000000004), (13,0,9007199254740993), (14,1000000,999999999999999.9)`,
  `moments VALUES (1,'2026-01-01','2026-01-01 01:02:03','2026-01-01 01:02:03.000001','2026-10-25 00:30:00','2026-10-25 00:30:00.120','-838:59:59','00:00:00.000001',2026),
    (18446744073709551615,'1000-01-01','9999-12-31 23:59:59','9999-12-31 23:59:59.999999','1970-01-01 00:00:01','2038-01-19 03:14:07.999','24:00:00','123:04:05.1',0),
    (3,'0000-00-00','0000-00-00','2026-00-00 01:02:03.000004','0000-00-00',NULL,NULL,NULL,NULL), (4,'2026-02-31','2026-02-30 01:00:00','2024-02-29 01:00:00',NULL,NULL,'00:00:00','-00:00:00.000001',1901)`,
  String.raw`texts VALUES ('a','café€','表',REPEAT('é😀',2000),'ü','é','a,b','{"a": [1, 2]}',1.50,0.000000001,100), ('A b','',NULL,'',NULL,NULL,'',NULL,-100.00,-99999999999999999999999999999.999999999,0),
    ('é\'"\\','','x','a,~b\n\0',NULL,'x','a',NULL,0,0,NULL)`,
  "bins VALUES (x'00',x'01',x'00ff0a27',x'ffee',b'1',b'100000001',x'ffffffffffffffff',ST_GeomFromText('POINT(1 2)',4326)), (x'ff27',NULL,'','',b'0',b'0',0,NULL)",
  "nokey VALUES (1,'x'), (1,'x'), (2,NULL), (NULL,NULL)",
  "edges VALUES (1,'0001-01-01 00:00:00.000009',-0.5,5e-324,_ascii x'8041',_ucs2 x'd8000041',_utf32 x'0000d800'), (2,'0999-12-31 23:59:59',0,-2.5e-310,'a','é','😀'), (3,NULL,0.0001,-0e0,'','','')",
]

/** The values in these rows that have no place in a warehouse. */
export const LOST_OF_EVERY_TYPE: readonly string[] = [
  'tenant.moments: 1 value of column dt6 became NULL: a zero or impossible date',
  'tenant.moments: 1 value of column ts became NULL: a zero or impossible date',
  'tenant.moments: 2 values of column d became NULL: a zero or impossible date',
  'tenant.moments: 2 values of column dt became NULL: a zero or impossible date',
]

/** A reader of a server, with the connection that it reads from. */
export type WarehouseSource = { readonly reader: TableReader } & AsyncDisposable

/** Both ends of a warehouse under test. */
export type WarehouseEnds = {
  readonly source: (server: ServerClient) => Promise<WarehouseSource>
  readonly target: (warn: (message: string) => void) => Promise<Target>
  /** More tables, as `CREATE TABLE` goes on. */
  readonly tables?: readonly string[]
  /** Their rows, as `INSERT INTO` goes on. */
  readonly rows?: readonly string[]
}

/** Copies tables of every type, and throws unless each has one digest at both ends and reads back as it was. Answers with what was said of lost values, sorted. */
export async function everyTypeHasOneDigest(ends: WarehouseEnds): Promise<readonly string[]> {
  await using pair = await testPair()
  const { source: server, database } = pair
  await server.query(`ALTER DATABASE \`${database}\` CHARACTER SET utf8mb4`)
  const session = await server.connect({ database })
  await session.query("SET sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'")
  for (const table of [...TABLES, ...(ends.tables ?? [])]) await session.query(`CREATE TABLE ${table}`)
  for (const rows of [...ROWS, ...(ends.rows ?? [])]) await session.query(`INSERT INTO ${rows}`)
  await session.end()
  await using opened = await ends.source(server)
  const source = opened.reader
  const losses: string[] = []
  await using target = await ends.target((message) => losses.push(message))

  for (const found of await source.describe(database)) {
    const schema = target.ask?.(found) ?? found
    const wanted = target.fit(schema, { database: 'tenant', name: found.table.name })
    await using writer = await target.open({ disposition: 'replace', schema: wanted, existing: undefined }, never)
    for await (const upserts of source.read({ schema, ...limits })) await writer.write({ table: wanted.table, upserts })
    await writer.commit()
    const digests = [await source.digest?.(schema, [whole(schema)], never), await target.digest?.(wanted, [whole(schema)], never)]
    expect(digests[1], found.table.name).toEqual(digests[0])
    const sent = (await Array.fromAsync(source.read({ schema, ...limits }))).map((batch) => target.kept?.(schema, batch) ?? batch)
    expect(linesOf(await Array.fromAsync(target.read({ schema: wanted, ...limits }))), found.table.name).toEqual(linesOf(sent))
  }
  return losses.sort()
}
