import { type Column, keyColumns, packRows, type RowBatch, type RowRange, type TableReader, type TableSchema } from '@dbsync/core/plugin'
import { startServer, type TestServer } from '@dbsync/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connect, type MysqlConnection } from './connection.ts'
import { connectionPool } from './pool.ts'
import { QUICK } from './quick-hash.ts'
import { mysqlReader } from './reader.ts'

let server: TestServer
let connection: MysqlConnection
let other: MysqlConnection
let reader: Required<Omit<TableReader, 'traffic'>>
const { signal } = new AbortController()
const limits = { batchRows: 1000, batchBytes: 1 << 20, signal }

beforeAll(async () => {
  server = await startServer()
  await server.query('CREATE DATABASE r')
  const options = { host: server.host, port: server.port, user: server.user, password: server.password }
  connection = await connect(options, 'source', signal)
  // Two, for a reading inside of another.
  other = await connect(options, 'source', signal)
  const pool = connectionPool([connection, other])
  reader = mysqlReader((abort) => pool.lease(abort)) as typeof reader
})
afterEach(() => {
  rowHash = undefined
})
afterAll(async () => {
  await connection[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

let counter = 0
/** The row hash that tables ask for; `undefined` is the common one. */
let rowHash: string | undefined
const HASHES = [undefined, QUICK] as const
const withHash = (hash: string | undefined) =>
  beforeEach(() => {
    rowHash = hash
  })

/** A table of its own with these rows. */
async function table(body: string, rows?: string): Promise<TableSchema> {
  const name = `t${++counter}`
  await server.query(`CREATE TABLE r.${name} (${body}) DEFAULT CHARSET=utf8mb4`)
  if (rows !== undefined) await insert({ database: 'r', name }, rows)
  const [schema] = await reader.describe('r', [name])
  return { ...(schema as TableSchema), ...(rowHash === undefined ? {} : { rowHash }) }
}

async function insert({ name }: { database: string; name: string }, rows: string): Promise<void> {
  const writer = await server.connect({ multipleStatements: true })
  await writer.query(`SET time_zone = '+00:00', sql_mode = 'NO_AUTO_VALUE_ON_ZERO'; INSERT INTO r.${name} VALUES ${rows}`)
  await writer.end()
}

async function rowsOf(batches: AsyncIterable<RowBatch>, columns?: number): Promise<string[]> {
  const rows: string[] = []
  for await (const batch of batches) {
    for (let row = 0; row < batch.rowCount; row++) {
      const cells = Array.from({ length: columns ?? batch.columns.length }, (_, i) => batch.cell(row, i))
      rows.push(cells.map((cell) => (cell === null ? 'NULL' : Buffer.from(cell).toString('hex'))).join(','))
    }
  }
  return rows
}

const all = async (schema: TableSchema) => (await rowsOf(reader.read({ schema, ...limits }))).sort()

describe.each(HASHES)('ranges, rows hashed by %s', (hash) => {
  withHash(hash)
  const shapes: [string, string, string][] = [
    ['integers', 'id INT PRIMARY KEY', '(-2147483648), (-1), (0), (1), (5), (7), (2147483647)'],
    [
      'big unsigned integers',
      'id BIGINT UNSIGNED PRIMARY KEY',
      '(0), (9223372036854775807), (9223372036854775808), (18446744073709551614), (18446744073709551615)',
    ],
    ['zero-filled integers', 'id INT(8) ZEROFILL PRIMARY KEY', '(0), (7), (10), (99999999)'],
    ['decimals', 'id DECIMAL(40,10) PRIMARY KEY', "(-1.5), (0), ('0.0000000001'), ('123456789012345678901234567890.0123456789')"],
    ['case-insensitive text', 'id VARCHAR(20) PRIMARY KEY', "('a'), ('B'), ('c'), ('Dd'), ('dE'), ('é f'), ('ß'), ('😀'), ('')"],
    ['binary text', 'id VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY', "('a'), ('A'), ('á'), ('s'), ('ß'), ('😀'), ('😁'), ('x'), ('x\\''), ('\\\\')"],
    ['text with trailing spaces', 'id VARCHAR(20) COLLATE utf8mb4_nopad_bin PRIMARY KEY', "('x'), ('x '), ('x  '), (' ')"],
    ['latin1', 'id CHAR(5) CHARACTER SET latin1 PRIMARY KEY', "(_latin1 X'E4'), (_latin1 X'FF'), (_latin1 X'C0'), ('z'), ('B')"],
    ['gbk', 'id CHAR(5) CHARACTER SET gbk PRIMARY KEY', "(_gbk X'C4E3'), (_gbk X'815C'), ('z'), ('A')"],
    ['utf16', 'id CHAR(5) CHARACTER SET utf16 PRIMARY KEY', "('a'), ('😀'), ('é')"],
    ['utf8mb3', 'id CHAR(5) CHARACTER SET utf8mb3 PRIMARY KEY', "('a'), ('é'), ('日')"],
    ['bytes', 'id VARBINARY(20) PRIMARY KEY', "(X''), (X'00'), (X'0000'), (X'27'), (X'5C'), (X'FE'), (X'FF00')"],
    ['padded bytes', 'id BINARY(3) PRIMARY KEY', "(X''), (X'01'), (X'0102'), (X'FFFFFF')"],
    ['a prefix of a text', 'id TEXT, PRIMARY KEY (id(3))', "('abc'), ('abd'), ('ABE, longer'), ('zzz'), ('')"],
    ['dates', 'id DATE PRIMARY KEY', "('0000-00-00'), ('2024-00-10'), ('2024-02-29'), ('9999-12-31'), ('1000-01-01')"],
    ['datetimes', 'id DATETIME(6) PRIMARY KEY', "('0000-00-00'), ('2024-01-01 00:00:00.000001'), ('2024-01-01'), ('2024-01-01 00:00:00.5')"],
    ['timestamps', 'id TIMESTAMP(3) PRIMARY KEY', "('0000-00-00'), ('2026-11-01 05:30:00'), ('2026-11-01 06:30:00.001'), ('2038-01-19 03:14:07.999')"],
    ['times', 'id TIME(2) PRIMARY KEY', "('-838:59:59'), ('-00:00:01'), ('0'), ('838:59:59.99')"],
    ['years', 'id YEAR PRIMARY KEY', '(0), (1901), (2000), (2155)'],
    ['enums', "id ENUM('z','a','M','') PRIMARY KEY", "('z'), ('a'), ('M'), (4)"],
    ['sets', "id SET('z','a','M') PRIMARY KEY", "(''), ('z'), ('z,M'), ('a'), ('z,a,M')"],
    ['bits', 'id BIT(64) PRIMARY KEY', "(b'0'), (b'1'), (b'101'), (X'7FFFFFFFFFFFFFFF'), (X'FFFFFFFFFFFFFFFF')"],
    [
      'uuids',
      'id UUID PRIMARY KEY',
      "('f81d4fae-7dec-11d0-a765-00a0c91e6bf6'), ('00000000-0000-0000-0000-000000000000'), ('ffffffff-7dec-41d0-a765-00a0c91e6bf6')",
    ],
    ['addresses', 'id INET6 PRIMARY KEY', "('::'), ('::1'), ('::ffff:1.2.3.4'), ('fe80::1')"],
    [
      'several columns',
      'a INT, b VARCHAR(5), c DATE, v INT, PRIMARY KEY (b, a, c)',
      "(1,'a','2024-01-01',1), (1,'A','2024-01-02',2), (2,'a','2024-01-01',3), (2,'b','2024-01-01',4), (1,'b','2024-01-01',5), (1,'c','0000-00-00',6)",
    ],
    ['a unique key', "a INT NOT NULL, b ENUM('x','c') NOT NULL, v INT, UNIQUE KEY u (a, b)", "(1,'x',1), (1,'c',2), (2,'c',3), (0,'x',4)"],
    ['no key', 'a INT, b VARCHAR(5)', "(1,'a'), (1,'a'), (1,'A'), (NULL,NULL), (NULL,''), (2,NULL)"],
    ['a float', 'f FLOAT PRIMARY KEY', '(0.1), (-0.5), (16777216), (3e38)'],
  ]
  test.each(shapes)('%s: every row lies in exactly one range, and is found again by its key', async (_, body, rows) => {
    const schema = await table(body, rows)
    const everything = await all(schema)
    for (const size of [1, 2, 3]) {
      const ranges = await reader.ranges(schema, size, signal)
      const found: string[] = []
      for (const range of ranges) found.push(...(await rowsOf(reader.read({ schema, range, ...limits }))))
      expect(found.sort()).toEqual(everything)
      expect(schema.key.length === 0 || ranges.length === Math.ceil(everything.length / size)).toBe(true)
      const digests = await reader.digest(schema, ranges, signal)
      expect(digests.reduce((sum, digest) => sum + digest.rows, 0)).toBe(everything.length)
      const [whole] = await reader.digest(schema, [schema.key.length > 0 ? { by: 'key' } : { by: 'hash', from: '0', to: String(2n ** 64n) }], signal)
      expect(digests.reduce((sum, digest) => sum + BigInt(digest.sum), 0n)).toBe(BigInt(whole?.sum ?? -1))
      expect(digests.every((digest) => digest.exact)).toBe(true)
    }
    const [outer] = await reader.ranges(schema, 4, signal)
    const inner = await reader.ranges(schema, 1, signal, outer as RowRange)
    const parts = await Promise.all(inner.map((range) => rowsOf(reader.read({ schema, range, ...limits }))))
    expect(parts.flat().sort()).toEqual((await rowsOf(reader.read({ schema, range: outer as RowRange, ...limits }))).sort())

    const whole = await reader.ranges(schema, 1e6, signal)
    let fingerprints = 0
    for await (const batch of reader.fingerprints(schema, whole, signal)) {
      const width = schema.key.length || 1
      const keys = packRows(
        batch.columns.slice(0, width),
        Array.from({ length: batch.rowCount }, (_, row) => Array.from({ length: width }, (_, i) => batch.cell(row, i))),
      )
      fingerprints += batch.rowCount
      expect((await rowsOf(reader.read({ schema, keys, ...limits }))).sort()).toEqual([...new Set(everything)])
    }
    expect(fingerprints).toBe(new Set(everything).size)
  })

  test('an empty table is one range', async () => {
    expect(await reader.ranges(await table('id INT PRIMARY KEY'), 10, signal)).toEqual([{ by: 'key' }])
    const keyless = await table('id INT')
    const ranges = await reader.ranges(keyless, 10, signal)
    expect(ranges).toEqual([{ by: 'hash', from: '0', to: '18446744073709551616' }])
    expect(await reader.digest(keyless, ranges, signal)).toEqual([{ rows: 0, sum: '0', exact: true }])
  })

  test('a row is not read for a key that its collation alone takes for its own', async () => {
    const one = await table('id VARCHAR(10) COLLATE utf8mb4_general_ci PRIMARY KEY', "('A'), ('b')")
    const two = await table('id VARCHAR(10) COLLATE utf8mb4_general_ci, n INT, PRIMARY KEY (id, n)', "('A', 1), ('b', 1)")
    const [id, n] = two.columns as [Column, Column]
    expect(await rowsOf(reader.read({ schema: one, keys: packRows([id], [['a'], ['b']]), ...limits }))).toEqual(['62'])
    const pairs = packRows(
      [id, n],
      [
        ['a', '1'],
        ['b', '1'],
      ],
    )
    expect(await rowsOf(reader.read({ schema: two, keys: pairs, ...limits }))).toEqual(['62,31'])
  })

  test.each([
    ['cp932', "(_cp932 x'fa4a', 1), (_cp932 x'8740', 2), ('a', 3)", ['Ⅰ', '①', 'a']],
    ['cp1251', "(_cp1251 x'98', 1), ('a', 2)", ['?', 'a']],
    ['latin1', "('ä', 1), ('a', 2)", ['a', 'ä']],
  ])('a row is found by its text in Unicode, whichever code of %s that text leads to', async (charset, rows, texts) => {
    for (const key of ['id', 'v, id']) {
      const asItIs = await table(`id VARCHAR(9) CHARACTER SET ${charset}, v INT, PRIMARY KEY (${key})`, rows)
      const schema = { ...asItIs, columns: asItIs.columns.map((column) => ({ ...column, portable: 'value' as const })) }
      const keyed = { ...schema, columns: keyColumns(schema) }
      const found: string[] = []
      for await (const keys of reader.read({ schema: keyed, ...limits })) found.push(...(await rowsOf(reader.read({ schema, keys, ...limits }))))
      expect(found.sort()).toEqual(await all(schema))
      const ids = await rowsOf(reader.read({ schema: { ...schema, columns: schema.columns.slice(0, 1) }, ...limits }))
      expect(ids.map((id) => Buffer.from(id, 'hex').toString()).sort()).toEqual([...texts].sort())
    }
  })

  test('keys and bounds use the index', async () => {
    const schema = await table('a VARCHAR(20), b INT, v INT, PRIMARY KEY (a, b)')
    await server.query(`INSERT INTO r.${schema.table.name} SELECT CONCAT('k', seq % 100), seq, seq FROM r.seq_1_to_20000`)
    await server.query(`ANALYZE TABLE r.${schema.table.name}`)
    const visited = async () => {
      const each = await Promise.all([connection, other].map((one) => one.query("SHOW SESSION STATUS LIKE 'Handler_read_%next'")))
      return each.flat().reduce((sum, [, value]) => sum + Number(value), 0)
    }
    const before = await visited()
    const bound = (name: string, id: number) => [name, String(id)].map((cell) => Buffer.from(cell).toString('hex'))
    const [digest] = await reader.digest(schema, [{ by: 'key', from: bound('k5', 105), to: bound('k5', 705) }], signal)
    expect(digest?.rows).toBe(6)
    const keys = packRows(
      [schema.columns[0] as Column, schema.columns[1] as Column],
      [
        ['k7', '107'],
        ['K7', '207'],
        ['k7', '108'],
      ],
    )
    expect(await rowsOf(reader.read({ schema, keys, ...limits }), 2)).toEqual([`6b37,${Buffer.from('107').toString('hex')}`])
    expect((await visited()) - before).toBeLessThan(1000)
  })
})

describe('ranges of an integer key', () => {
  const read = async () =>
    (await Promise.all([connection, other].map((one) => one.query("SHOW SESSION STATUS LIKE 'Handler_read_%next'"))))
      .flat()
      .reduce((sum, [, n]) => sum + Number(n), 0)

  test.each([
    ['without gaps', 'seq', 'BIGINT', true],
    ['with every third number', 'CAST(seq AS SIGNED) * 3 - 6000', 'INT', true],
    ['beyond what is signed', '18446744073709551615 - 5000 + seq', 'BIGINT UNSIGNED', true],
    ['with few numbers far apart', 'seq * 1000003', 'BIGINT', false],
    ['with one number far away', 'IF(seq = 5000, 9223372036854775807, seq)', 'BIGINT', false],
  ])('%s: none holds more rows than asked for, all of them hold every row', async (_, numbers, type, unread) => {
    const { table: made } = await table(`id ${type} PRIMARY KEY, v INT`)
    await server.query(`INSERT INTO r.${made.name} SELECT ${numbers}, seq FROM r.seq_1_to_5000`)
    await server.query(`ANALYZE TABLE r.${made.name}`)
    const [schema] = (await reader.describe('r', [made.name])) as [TableSchema]
    const before = await read()
    const ranges = await reader.ranges(schema, 400, signal)
    expect((await read()) - before < 100).toBe(unread)
    const digests = await reader.digest(schema, ranges, signal)
    expect(digests.reduce((sum, { rows }) => sum + rows, 0)).toBe(5000)
    expect(Math.max(...digests.map(({ rows }) => rows))).toBeLessThanOrEqual(400)
    expect(ranges.length).toBeLessThanOrEqual(60)
    for (const outer of [ranges[0], ranges[1], ranges.at(-1)] as RowRange[]) {
      const inner = await reader.ranges(schema, 300, signal, outer)
      const bounds = inner.map((range) => (range.by === 'key' ? [range.from, range.to] : []))
      expect([bounds[0]?.[0], bounds.at(-1)?.[1]]).toEqual(outer.by === 'key' ? [outer.from, outer.to] : [])
      const [whole] = await reader.digest(schema, [outer], signal)
      const parts = await reader.digest(schema, inner, signal)
      expect(parts.reduce((sum, part) => sum + BigInt(part.sum), 0n)).toBe(BigInt(whole?.sum ?? -1))
    }
  })
})

describe.each(HASHES)('digests, rows hashed by %s', (hash) => {
  withHash(hash)
  const body =
    "id INT PRIMARY KEY, a VARCHAR(50), b VARCHAR(50), t TEXT, bl BLOB, d DOUBLE, f FLOAT, bi BIT(8), e ENUM('x',''), dt DATETIME(6), g GEOMETRY, j JSON"
  const base = "(1, 'ab', 'c', 'text', X'00FF', 0.1, 0.1, b'1', 'x', '2024-01-01 00:00:00.000001', ST_GeomFromText('POINT(1 2)', 4326), '{\"a\": 1}')"
  const digestOf = async (rows: string, columns = body) => {
    const schema = await table(columns, rows)
    const [digest] = await reader.digest(schema, [schema.key.length > 0 ? { by: 'key' } : { by: 'hash', from: '0', to: String(2n ** 64n) }], signal)
    return digest
  }

  test('equal rows have equal digests, whatever their order', async () => {
    expect(await digestOf(base)).toEqual(await digestOf(base))
    expect(await digestOf("(1,'a'),(2,'b')", 'id INT PRIMARY KEY, v TEXT')).toEqual(await digestOf("(2,'b'),(1,'a')", 'id INT PRIMARY KEY, v TEXT'))
  })

  test.each([
    ['swapped values', "'ab', 'c'", "'c', 'ab'"],
    ['a value moved over the border', "'ab', 'c'", "'a', 'bc'"],
    ['NULL and empty', "'ab', 'c'", "'ab', ''"],
    ['NULL elsewhere', "'ab', 'c'", "NULL, 'ab'"],
    ['the word of our marks', "'ab', 'c'", "'ab', '~'"],
    ['case', "'ab', 'c'", "'Ab', 'c'"],
    ['trailing space', "'ab', 'c'", "'ab ', 'c'"],
    ['one bit', "X'00FF'", "X'01FF'"],
    ['a long text', "'text'", "REPEAT('x', 60000)"],
    ['the last digit of a double', '0.1, 0.1', '0.10000000000000002, 0.1'],
    ['the seventh digit of a float', '0.1, 0.1', '0.1, 0.10000001'],
    ['a bit field', "b'1'", "b'10000001'"],
    ['an empty member and no member', "'x', '2024", "'', '2024"],
    ['a microsecond', '000001', '000002'],
    ['the reference system', '4326', '0'],
    ['the spelling of JSON', '{"a": 1}', '{"a":1}'],
  ])('%s', async (_, from, to) => {
    const changed = base.replace(from, to)
    expect(changed).not.toBe(base)
    expect((await digestOf(changed))?.sum).not.toBe((await digestOf(base))?.sum)
  })

  test('pairs that only their marks tell apart', async () => {
    const pairs: [string, string][] = [
      ["(1, NULL, 'x')", "(1, 'x', NULL)"],
      ["(1, NULL, '')", "(1, '', NULL)"],
      ["(1, '~', NULL)", "(1, NULL, '~')"],
      ["(1, 'a,1:b', 'c')", "(1, 'a', 'b,1:c')"],
    ]
    for (const [one, other] of pairs) {
      const columns = 'id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20)'
      expect((await digestOf(one, columns))?.sum).not.toBe((await digestOf(other, columns))?.sum)
    }
    expect((await digestOf('(1, 0)', "id INT PRIMARY KEY, e ENUM('x','')"))?.sum).not.toBe(
      (await digestOf('(1, 2)', "id INT PRIMARY KEY, e ENUM('x','')"))?.sum,
    )
  })

  test('duplicate rows count', async () => {
    const two = await digestOf("('a'), ('a')", 'v TEXT')
    expect(two).not.toEqual(await digestOf("('a')", 'v TEXT'))
    expect(two?.sum).not.toBe(await digestOf("('b'), ('b')", 'v TEXT').then((digest) => digest?.sum))
    expect(two?.rows).toBe(2)
  })

  test('a row that is too large to be hashed is not called equal', async () => {
    await server.query('SET GLOBAL max_allowed_packet = 16384')
    await using small = await connect({ host: server.host, port: server.port, user: server.user, password: server.password }, 'source', signal)
    await server.query('SET GLOBAL max_allowed_packet = 16777216')
    const pool = connectionPool([small])
    const tight = mysqlReader((abort) => pool.lease(abort)) as typeof reader
    for (const columns of ['id INT PRIMARY KEY, v VARCHAR(16000)', 'id INT, v VARCHAR(16000)']) {
      const schema = await table(columns, "(1, REPEAT('é', 12000)), (2, 'x')")
      const digests = await tight.digest(schema, await tight.ranges(schema, 1, signal), signal)
      expect(digests.every((digest) => digest.exact)).toBe(false)
      expect(digests.length).toBe(2)
    }
  })
})

describe('reading', () => {
  test('rows since a bound: any column at or after it, or NULL', async () => {
    const schema = await table(
      'id INT PRIMARY KEY, ts TIMESTAMP(6) NULL, d DATETIME NOT NULL',
      "(1, '2024-01-01 00:00:00.000001', '2020-01-01'), (2, '2024-01-01 00:00:00.000002', '2020-01-01'), (3, NULL, '2020-01-01'), (4, '2000-01-01', '2024-01-02'), (5, '2000-01-01', '0000-00-00')",
    )
    const ids = async (since: Record<string, string>) =>
      (await rowsOf(reader.read({ schema, since, ...limits }), 1)).map((cell) => Number(Buffer.from(cell, 'hex')))
    expect(await ids({ ts: '2024-01-01 00:00:00.000002' })).toEqual([2, 3])
    expect(await ids({ ts: '2024-01-01 00:00:00.000002', d: '2024-01-02 00:00:00' })).toEqual([2, 3, 4])
    expect(await reader.newest(schema, { ts: '2024-01-01 00:00:00.000001', d: '2024-01-01 00:00:00' }, signal)).toEqual({
      ts: '2024-01-01 00:00:00.000001',
      d: '2020-01-01 00:00:00',
    })
    expect(await reader.newest(schema, { ts: '1999-01-01 00:00:00' }, signal)).toEqual({ ts: null })
    expect(await reader.count(schema, signal)).toBe(5)
    expect((await rowsOf(reader.read({ schema, limit: 2, ...limits }))).length).toBe(2)
  })

  test('every stored column in ordinal order, invisible ones too, computed ones not; floats in full', async () => {
    const schema = await table(
      'id INT PRIMARY KEY, v INT AS (id + 1) VIRTUAL, s INT AS (id + 2) STORED, i INT INVISIBLE DEFAULT 7, f FLOAT, m DOUBLE(10,2), z INT(5) ZEROFILL',
    )
    await server.query(`INSERT INTO r.${schema.table.name} (id, f, m, z) VALUES (1, 16777217, 1.1, 42)`)
    const rows = await rowsOf(reader.read({ schema, ...limits }))
    expect(rows[0]?.split(',').map((cell) => Buffer.from(cell, 'hex').toString())).toEqual(['1', '7', '16777216', '1.1', '42'])
  })
})
