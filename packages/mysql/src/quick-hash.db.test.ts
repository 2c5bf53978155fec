import { crc32 } from 'node:zlib'
import type { TableSchema } from '@dbsync/core/plugin'
import { startServer, type TestServer } from '@dbsync/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type MysqlConnection } from './connection.ts'
import { describeTables } from './introspect.ts'
import { isQuick, knowsQuickHash, QUICK, quickHash } from './quick-hash.ts'

const SEED = Number(process.env['SEED'] ?? 4711)
const { signal } = new AbortController()
let server: TestServer
let connection: MysqlConnection

beforeAll(async () => {
  server = await startServer()
  await server.query('CREATE DATABASE q')
  connection = await connect({ host: server.host, port: server.port, user: server.user, password: server.password }, 'source', signal)
})
afterAll(async () => {
  await connection[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

let tables = 0
/** The hashes of these rows, without their number, in the order in which they were put there. */
async function hashes(columns: string, rows: readonly string[]): Promise<readonly (string | null)[]> {
  const name = `t${++tables}`
  const writer = await server.connect({ database: 'q' })
  await writer.query("SET time_zone = '+00:00', sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'")
  await writer.query(`CREATE TABLE ${name} (number INT PRIMARY KEY, ${columns}) DEFAULT CHARSET=utf8mb4`)
  await writer.query(`INSERT INTO ${name} VALUES ${rows.map((row, i) => `(${i}, ${row})`).join(', ')}`)
  await writer.end()
  const [schema] = (await describeTables(connection, 'q', [name])) as [TableSchema]
  const unnumbered = { ...schema, columns: schema.columns.slice(1) }
  return (await connection.query(`SELECT ${quickHash(unnumbered)} FROM q.${name} ORDER BY number`)).map(([hash = null]) => hash)
}

describe('the quick hash', () => {
  test.each<[string, ...(readonly string[])]>([
    ['v INT NULL', 'NULL', '0', '1', '-1', '10'],
    ['v BIGINT UNSIGNED NULL', '0', '9223372036854775807', '18446744073709551615', 'NULL'],
    ['v INT(8) ZEROFILL', '0', '7', '70'],
    ['v DECIMAL(30,10) NULL', '0', '-0.0000000001', '0.0000000001', '1', '12345678901234567890.0000000001', 'NULL'],
    ['v DOUBLE NULL', '0', '0.1', '0.10000000000000002', '1e300', '-1e-300', 'NULL'],
    ['v DOUBLE(10,2) NULL', '0.1', '0.11', 'NULL'],
    ['v FLOAT NULL', '0.1', '0.10000001', '16777216', '16777215', 'NULL'],
    ['v BIT(64) NULL', "b'0'", "b'1'", "X'FFFFFFFFFFFFFFFF'", "X'FFFFFFFFFFFFFFFE'", 'NULL'],
    ['v DATE NULL', "'0000-00-00'", "'2024-02-30'", "'2024-02-29'", 'NULL'],
    ['v DATETIME(6) NULL', "'2024-01-01 00:00:00.000001'", "'2024-01-01 00:00:00.000002'", "'2024-01-01 00:00:01'", "'0000-00-00'", 'NULL'],
    ['v TIMESTAMP(6) NULL', "'2024-01-01 00:00:00.000001'", "'2024-01-01 00:00:00.000002'", "'2026-11-01 05:30:00'", "'2026-11-01 06:30:00'", 'NULL'],
    ['v TIME(3) NULL', "'-838:59:59.999'", "'838:59:59.999'", "'0'", "'-0:0:1'", 'NULL'],
    ['v YEAR NULL', '0', '1901', '2155', 'NULL'],
    ["v ENUM('x','','~') NULL", "'x'", '0', '2', "'~'", 'NULL'],
    ["v ENUM('é','ÿ','þ') CHARACTER SET latin1 NULL", "'é'", "'ÿ'", "'þ'", '0', 'NULL'],
    ["v SET('x','y') NULL", "'x'", "'y'", "'x,y'", "''", 'NULL'],
    ['v VARCHAR(20) NULL', "''", "' '", "'a'", "'A'", "'a '", "'á'", "'~'", "'NULL'", 'NULL'],
    ['v CHAR(20) CHARACTER SET latin1 NULL', "''", "_latin1 X'FE'", "_latin1 X'FF'", "_latin1 X'FFFF'", "'1'", 'NULL'],
    ['v CHAR(20) CHARACTER SET utf16 NULL', "''", "'a'", "'ÿ'", "'þ'", "'😀'", 'NULL'],
    ['v VARBINARY(20) NULL', "''", "X'00'", "X'0000'", "X'FE'", "X'FF'", "'1'", 'NULL'],
    ['v BINARY(3) NULL', "''", "X'01'", "X'FEFEFE'", 'NULL'],
    ['v UUID NULL', "'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'", "'00000000-0000-0000-0000-000000000000'", 'NULL'],
    ['v INET6 NULL', "'::'", "'::1'", "'::ffff:1.2.3.4'", 'NULL'],
    ['v TEXT NULL', "''", "' '", "'a'", "'A'", "'a '", "'~'", "REPEAT('x', 60000)", "REPEAT('x', 60001)", 'NULL'],
    ['v TEXT CHARACTER SET latin1 NULL', "''", "_latin1 X'FE'", "_latin1 X'FF'", 'NULL'],
    ['v LONGBLOB NULL', "''", "X'00'", "X'0000'", "X'FE'", "X'FF'", 'NULL'],
    ['v JSON NULL', '\'{"a": 1}\'', '\'{"a":1}\'', "'null'", 'NULL'],
    ['v GEOMETRY NULL', "ST_GeomFromText('POINT(1 2)', 4326)", "ST_GeomFromText('POINT(1 2)', 0)", "ST_GeomFromText('POINT(2 1)', 0)", 'NULL'],
  ])('of %s tells all values apart, and gives equal ones the same', async (column, ...values) => {
    const found = await hashes(column, [...values, ...values])
    expect(found.every((hash) => hash !== null)).toBe(true)
    expect(new Set(found.slice(0, values.length)).size).toBe(values.length)
    expect(found.slice(values.length)).toEqual(found.slice(0, values.length))
  })

  test.each<[string, ...(readonly string[])]>([
    ['a VARCHAR(20) NULL, b VARCHAR(20) NULL', "'ab', 'c'", "'a', 'bc'", "'abc', ''", "'abc', NULL", "'', 'abc'", "NULL, 'abc'"],
    ['a VARBINARY(9) NULL, b VARBINARY(9) NULL', "X'FF', X''", "X'', X'FF'", "X'FF', NULL", "NULL, X'FF'", "X'FE', X'FE'", 'NULL, NULL', "X'30FF', X'31'"],
    ['a CHAR(9) CHARACTER SET latin1, b CHAR(9) CHARACTER SET latin1', "_latin1 X'61FF', 'b'", "'a', _latin1 X'FF62'", "_latin1 X'61FF31FF62', ''"],
    ['a INT, b INT NULL, c INT NULL', '1, 23, 4', '12, 3, 4', '1, 2, 34', '1, NULL, 4', '1, 4, NULL'],
    ['a TEXT NULL, b BLOB NULL', "'ab', 'c'", "'a', 'bc'", "'abc', ''", "'abc', NULL", "NULL, 'abc'", "'', 'abc'"],
    ['a VARCHAR(9), b TEXT', "'ab', 'c'", "'a', 'bc'", "'', 'abc'", "'a1', 'b'", "'a', '1b'"],
  ])('of %s sees where one cell ends', async (columns, ...rows) => {
    expect(new Set(await hashes(columns, rows)).size).toBe(rows.length)
  })

  test('is the product of both checksums of the text', async () => {
    const [known] = await hashes('a INT, b VARCHAR(20), c VARCHAR(20) NULL, d TEXT', ["42, 'é', NULL, 'rest'"])
    expect(known).toBe(String(productOf(Buffer.concat([Buffer.from('42\xff', 'latin1'), Buffer.from('é'), Buffer.from('\xff\xfe\xff4rest', 'latin1')]))))
  })

  test('is for tables with a key, on servers that know both checksums', async () => {
    await server.query('CREATE TABLE q.keyed (id INT PRIMARY KEY)')
    const [schema] = (await describeTables(connection, 'q', ['keyed'])) as [TableSchema]
    expect(isQuick(schema)).toBe(false)
    expect(isQuick({ ...schema, rowHash: QUICK })).toBe(true)
    expect(isQuick({ ...schema, rowHash: QUICK, key: [] })).toBe(false)
    expect(knowsQuickHash({ flavour: 'mariadb', versionNumber: 100800 })).toBe(true)
    expect(knowsQuickHash({ flavour: 'mariadb', versionNumber: 100700 })).toBe(false)
    expect(knowsQuickHash({ flavour: 'mysql', versionNumber: 90000 })).toBe(false)
  })
})

/** Rows before and after a change of which plain checksums, which are linear, would see nothing in a sum, or little. */
const CHANGES: Readonly<Record<string, (random: (n: number) => number) => readonly [readonly Buffer[], readonly Buffer[]]>> = {
  'two rows exchange a value'(random) {
    const [k, p, q] = [random(1e6), word(random), word(random)]
    return [
      [row(k, p), row(k + 1, q)],
      [row(k, q), row(k + 1, p)],
    ]
  },
  'the same bit flips in two rows'(random) {
    const [k, p, q, at, bit] = [random(1e6), word(random), word(random), random(8), 1 << random(5)]
    return [
      [row(k, p), row(k + 1, q)],
      [row(k, flipped(p, at, bit)), row(k + 1, flipped(q, at, bit))],
    ]
  },
  'one row gains what another one loses'(random) {
    const [k, p, q] = [random(1e6), 1000 + random(8000), 1000 + random(8000)]
    return [
      [row(k, p), row(k + 1, q)],
      [row(k, p + 1), row(k + 1, q - 1)],
    ]
  },
  'three rows exchange their values in a ring'(random) {
    const [k, a, b, c] = [random(1e6), word(random), word(random), word(random)]
    return [
      [row(k, a), row(k + 1, b), row(k + 2, c)],
      [row(k, b), row(k + 1, c), row(k + 2, a)],
    ]
  },
}

describe(`a sum of quick hashes (seed ${SEED})`, () => {
  test.each(Object.entries(CHANGES))('changes when %s', (_, change) => {
    const random = generator(SEED)
    for (let trial = 0; trial < 20_000; trial++) {
      const [before, after] = change(random)
      if (before.every((text, i) => text.equals(after[i] ?? Buffer.alloc(0)))) continue
      expect(sum(before) === sum(after), `trial ${trial}`).toBe(false)
    }
  })
})

const row = (...cells: readonly (string | number)[]) => Buffer.from(cells.join('\xff'), 'latin1')
const word = (random: (n: number) => number) => Array.from({ length: 8 }, () => 'abc'[random(3)]).join('')
const sum = (rows: readonly Buffer[]) => rows.reduce((total, text) => total + productOf(text), 0n)
const productOf = (text: Uint8Array) => BigInt(crc32(text)) * BigInt(crc32c(text))

function flipped(text: string, at: number, bit: number): string {
  const bytes = Buffer.from(text)
  bytes[at] = (bytes[at] as number) ^ bit
  return bytes.toString('latin1')
}

/** Castagnoli's polynomial, bit by bit. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

function generator(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (state * 48_271) % 2_147_483_647
    return state % n
  }
}
