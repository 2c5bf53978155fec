import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Rig, rig } from './test-rig.ts'

let r: Rig
const never = new AbortController().signal
beforeAll(async () => {
  r = await rig()
})
afterAll(() => r[Symbol.asyncDispose]())

const EVERY_BYTE = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0')).join('')

/** One table for each family: columns without their names, and rows of SQL expressions. */
const CORPUS: Readonly<Record<string, { readonly types: readonly string[]; readonly rows: readonly (readonly string[])[] }>> = {
  ints: {
    types: ['BIGINT UNSIGNED', 'BIGINT', 'TINYINT UNSIGNED ZEROFILL', 'INT(5) ZEROFILL', 'YEAR', 'BOOL', 'DECIMAL(65,30)'],
    rows: [
      ['18446744073709551615', '-9223372036854775808', '7', '42', '2155', '1', "'-12345678901234567890123456789012345.123456789012345678901234567890'"],
      ['0', '9007199254740993', '0', '0', "'0000'", '0', '0'],
      ['NULL', 'NULL', 'NULL', 'NULL', 'NULL', 'NULL', 'NULL'],
    ],
  },
  floats: {
    types: ['FLOAT', 'DOUBLE', 'DOUBLE(10,2)', 'FLOAT(7,3)'],
    rows: [
      ['16777217', '9007199254740993', '12345678.91', '1234.567'],
      ['123456.789', '1e308', '0.1', '0.001'],
      ['8388608.5', '5e-324', '-0.01', '-1'],
      ['1.17549435e-38', '2.2250738585072014e-308', '0', '0'],
      ['3.40282347e38', '0.1', '0', '0'],
      ['0.1', '-0e0', '0', '0'],
    ],
  },
  bytes: {
    types: ['VARBINARY(600)', 'BLOB', 'BINARY(4)', 'LONGBLOB'],
    rows: [
      [`X'${EVERY_BYTE}'`, `X'${EVERY_BYTE}${EVERY_BYTE}'`, "X'00'", `REPEAT(X'${EVERY_BYTE}', 2000)`],
      ["'\\\\N'", "'N'", "'\\t\\n\\\\\\0'", "'\\\\\\\\'"],
      ["''", "''", "''", "''"],
      ['NULL', 'NULL', 'NULL', 'NULL'],
      ["X'0d0a1a'", "X'5c'", "X'5c5c5c4e'", "X'09'"],
    ],
  },
  texts: {
    types: [
      'VARCHAR(50) CHARACTER SET utf8mb4',
      'VARCHAR(300) CHARACTER SET latin1',
      'VARCHAR(50) CHARACTER SET gbk',
      'VARCHAR(50) CHARACTER SET ucs2',
      'VARCHAR(50) CHARACTER SET utf16',
      'TEXT CHARACTER SET sjis',
      'CHAR(9) CHARACTER SET utf32',
      'VARCHAR(20) CHARACTER SET cp1251',
      'LONGTEXT CHARACTER SET utf8mb3',
    ],
    rows: [
      [
        "'😀 a\\tb\\nc\\\\'",
        `X'${EVERY_BYTE}'`,
        "_gbk X'bf5cd5d2815c'",
        "_ucs2 X'005c0009000a5c5c4e2d'",
        "_utf16 X'd83dde00005c'",
        "_sjis X'835c955c5c09'",
        "'ä\\\\'",
        "'ж'",
        "'日本\\n'",
      ],
      ["'\\\\N'", "'\\\\N'", "'\\\\N'", "'\\\\N'", "'\\\\N'", "'\\\\N'", "'\\\\N'", "'\\\\N'", "'\\\\N'"],
      ["'x '", "' x'", "''", "' '", "'a\\0b'", "''", "'x '", "'NULL'", "'\\''"],
      ['NULL', 'NULL', 'NULL', 'NULL', 'NULL', 'NULL', 'NULL', 'NULL', 'NULL'],
    ],
  },
  times: {
    types: ['DATE', 'DATETIME(6)', 'DATETIME', 'TIMESTAMP(3) NULL', 'TIMESTAMP NULL', 'TIME(6)', 'TIME'],
    rows: [
      ["'0000-00-00'", "'0000-00-00 00:00:00'", "'2026-03-08 02:30:00'", "'0000-00-00'", "'2026-11-01 05:30:00'", "'-838:59:59'", "'838:59:59'"],
      [
        "'2024-00-10'",
        "'9999-12-31 23:59:59.999999'",
        "'0001-01-01'",
        "'2038-01-19 03:14:07.999'",
        "'2026-11-01 06:30:00'",
        "'00:00:00.000001'",
        "'-00:00:01'",
      ],
      ["'2023-02-31'", "'2024-01-00 10:00:00.5'", 'NULL', 'NULL', "'1970-01-02 00:00:01'", 'NULL', 'NULL'],
    ],
  },
  others: {
    types: [
      'BIT(64)',
      'BIT(1)',
      'BIT(9)',
      "ENUM('x','','y''z')",
      "SET('a','b','c')",
      'GEOMETRY',
      'POINT',
      'JSON',
      'UUID',
      'INET6',
      "ENUM('ж','é') CHARACTER SET cp1251",
    ],
    rows: [
      [
        "b'1111111111111111111111111111111111111111111111111111111111111111'",
        "b'1'",
        "b'000001001'",
        "'y''z'",
        "'a,c'",
        "ST_GeomFromText('POINT(9 10)', 4326)",
        'POINT(1, 2)',
        '\'{"a": 12345678901234567890, "a": 1.10, "t": "\\\\t\\\\n"}\'',
        "'7f000001-0000-1000-8000-000000000001'",
        "'::ffff:1.2.3.4'",
        "'ж'",
      ],
      ['9 << 8 | 10', "b'0'", "b'101011100'", "''", "''", "ST_GeomFromText('POLYGON((0 0,9 0,9 9,0 0))')", 'NULL', "'[]'", 'NULL', 'NULL', 'NULL'],
      ['NULL', 'NULL', 'NULL', 'NULL', 'NULL', 'NULL', 'NULL', 'NULL', 'NULL', 'NULL', 'NULL'],
    ],
  },
}

beforeAll(async () => {
  for (const [name, { types, rows }] of Object.entries(CORPUS)) {
    const columns = types.map((type, i) => `c${i} ${type}`).join(', ')
    const values = rows.map((row, i) => `(${i}, ${row.join(', ')})`)
    for (const [table, key, unique] of [
      ['', ', PRIMARY KEY (id)', ''],
      ['_k', '', ''],
      ['_u', ', PRIMARY KEY (id)', ', UNIQUE KEY (u)'],
    ] as const) {
      const u = unique === '' ? '' : ', u INT'
      await r.at(
        'source',
        `CREATE TABLE ${name}${table} (id INT NOT NULL, ${columns}${u}${key}${unique})`,
        `INSERT INTO ${name}${table} (id, ${types.map((_, i) => `c${i}`).join(', ')}) VALUES ${values.join(', ')}`,
      )
    }
  }
})

describe.each([
  ['bulk statements', {}],
  ['LOAD DATA', { bulkInsert: false }],
  ['INSERT', { bulkInsert: false, localInfile: false }],
])('by %s', (_, way) => {
  test.each(Object.keys(CORPUS).flatMap((name) => [name, `${name}_k`, `${name}_u`]))('%s arrives byte for byte', async (table) => {
    await using target = await r.open(way)
    await r.at('target', `DROP TABLE IF EXISTS ${table}`)
    const send = async (disposition: 'replace' | 'merge') => {
      const work = await r.work(table, disposition)
      await using writer = await target.open(work, never)
      for await (const upserts of r.rows(table)) await writer.write({ table: work.schema.table, upserts })
      return await writer.commit()
    }
    const rows = (await r.cells('source', table)).length
    expect(await send('replace')).toMatchObject({ inserted: rows })
    expect(await r.cells('target', table)).toEqual(await r.cells('source', table))
    expect(await r.create('target', table)).toBe(await r.create('source', table))
    if (table.endsWith('_k')) return
    // The same rows again: each one is recognised as it is.
    expect(await send('merge')).toEqual({ inserted: 0, updated: 0, deleted: 0, unchanged: rows })
    await r.at('target', `DELETE FROM ${table}`)
    expect(await send('merge')).toEqual({ inserted: rows, updated: 0, deleted: 0, unchanged: 0 })
    expect(await r.cells('target', table)).toEqual(await r.cells('source', table))
  })
})

test('a value that has no text of its own is refused, not replaced', async () => {
  // An ENUM's invalid value prints as '', which is no member.
  await r.at('source', "CREATE TABLE invalid (id INT PRIMARY KEY, e ENUM('x'))", "INSERT IGNORE INTO invalid VALUES (1, 'nonsense')")
  await expect(r.replace('invalid')).rejects.toMatchObject({
    code: expect.stringMatching(/^MYSQL_(LOAD_INEXACT|VALUE)$/),
    message: expect.stringContaining("'e'"),
  })
  expect(await r.staging()).toEqual([])
})
