/** How a type may serve in a key: as it is, by a prefix only, or not at all. */
export type Indexing = 'whole' | 'prefix' | 'none'

export type ValueCorpus = {
  /** As in a column definition, without NULL or NOT NULL. */
  readonly type: string
  /** SQL of the values that are most easily lost. */
  readonly values: readonly string[]
  readonly indexing?: Indexing
}

const hex = (from: number, to: number) => Buffer.from(Array.from({ length: to - from + 1 }, (_, i) => from + i)).toString('hex')

/** Every byte, in pieces short enough for a key. */
const ALL_BYTES = [hex(0, 63), hex(64, 127), hex(128, 191), hex(192, 255)]
const CONTROL = ["'\\\\N'", "''", "'NULL'", "'\\0'", "'\\Z'", "'a\\tb'", "'a\\nb'", "'a\\r\\nb'", "'\\\\'", "'\\\\\\\\t'", "'a\\'b\"c`d'"]

const text = (charset: string, bytes: readonly string[], type = 'VARCHAR(64)'): ValueCorpus => ({
  type: `${type} CHARACTER SET ${charset}`,
  values: [...CONTROL, "'ab'", "'AB'", "'aB'", ...bytes.map((code) => `_${charset} x'${code}'`)],
})
const collated = (collation: string, values: readonly string[], type = 'VARCHAR(40)'): ValueCorpus => ({
  type: `${type} CHARACTER SET ${collation.split('_')[0]} COLLATE ${collation}`,
  values: ["'a'", "'A'", "'b'", "'B'", "''", "'a\\t'", "'a '", ...values],
})

/** Column types and their edge values. The session that writes them is on UTC, in utf8mb4, and allows invalid dates. */
export const VALUES: readonly ValueCorpus[] = [
  // Whole numbers.
  { type: 'TINYINT', values: ['-128', '0', '127'] },
  { type: 'TINYINT(1)', values: ['0', '1', '-1', '127'] },
  { type: 'SMALLINT UNSIGNED', values: ['0', '65535'] },
  { type: 'MEDIUMINT(8) UNSIGNED ZEROFILL', values: ['0', '7', '16777215'] },
  { type: 'BIGINT', values: ['-9223372036854775808', '-9007199254740993', '0', '9223372036854775807'] },
  { type: 'BIGINT UNSIGNED', values: ['0', '1', '9007199254740993', '9223372036854775808', '18446744073709551614', '18446744073709551615'] },
  { type: 'BIGINT(20) UNSIGNED ZEROFILL', values: ['0', '5', '18446744073709551615'] },
  // Fractions.
  {
    type: 'DECIMAL(65, 30)',
    values: [
      '0',
      '99999999999999999999999999999999999.999999999999999999999999999999',
      '-99999999999999999999999999999999999.9',
      '-0.000000000000000000000000000001',
      '1',
    ],
  },
  { type: 'DECIMAL(10, 2) UNSIGNED ZEROFILL', values: ['0', '3.10', '99999999.99'] },
  { type: 'DECIMAL(5, 0)', values: ['-99999', '0', '99999'] },
  { type: 'FLOAT', values: ['0', '-0.0', '0.1', '16777217', '3.402823466e38', '-3.402823466e38', '1.17549435e-38', '1e-45', '123456.789', '8388610.5'] },
  { type: 'FLOAT UNSIGNED ZEROFILL', values: ['0', '0.1', '1e20'] },
  { type: 'FLOAT(7, 3)', values: ['0', '0.1', '1234.567', '-9999.999'] },
  {
    type: 'DOUBLE',
    values: ['0', '-0e0', '0.1', '1.7976931348623157e308', '-1.7976931348623157e308', '5e-324', '2.2250738585072014e-308', '9007199254740993', '1/3'],
  },
  { type: 'DOUBLE(20, 2)', values: ['0', '0.01', '123456789012345.67', '-0.1'] },
  // Bits.
  { type: 'BIT(1)', values: ["b'0'", "b'1'"] },
  { type: 'BIT(7)', values: ["b'0'", "b'1011100'", "b'1111111'", "b'0001001'", "b'0001010'"] },
  { type: 'BIT(33)', values: ['0', '9', '92', '4294967296', '8589934591'] },
  { type: 'BIT(64)', values: ['0', "b'1111111111111111111111111111111111111111111111111111111111111111'", '10', "x'5c4e'", "x'8000000000000000'"] },
  // Moments.
  { type: 'DATE', values: ["'0000-00-00'", "'2024-02-30'", "'2024-00-10'", "'2024-01-00'", "'9999-12-31'", "'0001-01-01'", "'1000-01-01'"] },
  { type: 'DATETIME', values: ["'0000-00-00'", "'2024-02-31 23:59:59'", "'9999-12-31 23:59:59'", "'2026-03-08 02:30:00'", "'0000-01-00 00:00:01'"] },
  {
    type: 'DATETIME(6)',
    values: ["'0000-00-00'", "'2024-03-31 02:30:00.000001'", "'9999-12-31 23:59:59.999999'", "'2026-11-01 01:30:00.5'", "'0001-01-01 00:00:00.000009'"],
  },
  {
    type: 'TIMESTAMP(6) NULL',
    values: [
      "'0000-00-00'",
      "'1970-01-01 00:00:01'",
      "'1970-01-01 00:00:01.000001'",
      "'2026-11-01 05:30:00'",
      "'2026-11-01 06:30:00'",
      "'2026-03-08 07:30:00.123456'",
      "'2026-03-29 01:30:00'",
      "'2038-01-19 03:14:07.999999'",
    ],
  },
  {
    type: 'TIMESTAMP NULL',
    values: ["'2026-11-01 05:30:00'", "'2026-11-01 06:30:00'", "'2026-10-25 00:30:00'", "'2026-10-25 01:30:00'", "'2038-01-19 03:14:07'"],
  },
  { type: 'TIME', values: ["'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'"] },
  { type: 'TIME(6)', values: ["'-838:59:59.999999'", "'838:59:59.999999'", "'00:00:00'", "'-00:00:00.000001'", "'100:00:00.1'"] },
  { type: 'YEAR', values: ['0', "'2000'", '1901', '2155', '1970'] },
  { type: 'YEAR(2)', values: ["'70'", "'00'", "'69'", '1999'] },
  // Text, in the bytes in which it is stored.
  text('latin1', ALL_BYTES),
  text('latin1', [...ALL_BYTES.slice(1)], 'CHAR(64)'),
  text('koi8r', ALL_BYTES),
  text('cp1251', ALL_BYTES),
  text('swe7', ['5b5c5d7b7c7d', '5c4e']),
  text('ascii', ALL_BYTES.slice(0, 2)),
  text('gbk', ['b1ed', '955c', '815c5c', '8140', 'fefe', '815c09815c0a']),
  text('big5', ['a45c', 'a440', 'a5a5']),
  text('sjis', ['835c', '8340', 'b1', '815f']),
  text('cp932', ['835c', '8160', 'fa40', '8740']),
  text('eucjpms', ['a1c0', '8ea1', '8fa2ef', 'ade2']),
  text('ucs2', ['0000', '005c', '0009000a', '0a0a', '5c5c', '095c', 'ffff', 'd800']),
  text('utf16', ['0000', '005c', '0009000a', '5c5c', 'd83dde00', 'ffff', 'dbffdfff']),
  text('utf16le', ['0000', '5c00', '0a00', '5c5c', '3dd800de']),
  text('utf32', ['00000000', '0000005c', '0000000a', '00005c5c', '0001f600', '0010ffff']),
  text('utf32', ['0000005c', '0001f600', '00000a0a'], 'CHAR(10)'),
  text('utf8mb3', ['00', '7f', 'c280', 'dfbf', 'e0a080', 'ed9fbf', 'ee8080', 'efbfbf', 'efbbbf41']),
  text('utf8mb4', ['00', '7f', 'c280', 'dfbf', 'e0a080', 'efbfbf', 'f0908080', 'f09f9880', 'f48fbfbf', 'e280ae41', '4acc88', 'c3b6']),
  text('utf8mb4', ['00', 'f09f9880', 'e280a8'], 'CHAR(30)'),
  collated('utf8mb4_bin', ["'ä'", "'Ä'", "'ß'", "'ss'", "'😀'", "'😁'"]),
  collated('utf8mb4_general_ci', ["'ä'", "'ß'", "'ss'", "'😀'", "'z'"]),
  collated('utf8mb4_unicode_ci', ["'ß'", "'é'", "'ij'", "'ĳ'"]),
  collated('utf8mb4_nopad_bin', ["'ä'", "'a  '", "' '", "'a\\0'"]),
  collated('utf8mb4_unicode_nopad_ci', ["'a  '", "'é'", "' '"]),
  collated('utf8mb4_uca1400_ai_ci', ["'é'", "'c'", "'z'"]),
  collated('utf8mb4_uca1400_as_cs', ["'é'", "'É'", "'e'", "'E'"]),
  collated('latin1_swedish_ci', ["'é'", "'ÿ'", "'ß'"]),
  collated('latin1_german2_ci', ["'ä'", "'ae'", "'ß'"]),
  collated('latin1_bin', ["'é'", "'E'"]),
  collated('gbk_chinese_ci', ["'表'", "_gbk x'955c'"]),
  { type: 'CHAR(0)', values: ["''"], indexing: 'none' },
  { type: 'VARCHAR(60) COMPRESSED', values: ["REPEAT('x', 60)", "''", "'\\\\N'"], indexing: 'none' },
  { type: 'TINYTEXT', values: ["''", "'\\\\N'", "REPEAT('\\\\', 255)"], indexing: 'prefix' },
  { type: 'TEXT CHARACTER SET utf16', values: ["''", "REPEAT('\\n', 9000)", "'😀'"], indexing: 'prefix' },
  { type: 'MEDIUMTEXT', values: ["''", "REPEAT('\\t\\\\😀', 5000)", "REPEAT('\\t\\\\😁', 5000)"], indexing: 'prefix' },
  { type: 'LONGTEXT CHARACTER SET latin1', values: ["''", `REPEAT(_latin1 x'${hex(0, 255)}', 400)`], indexing: 'prefix' },
  // Bytes.
  { type: 'BINARY(4)', values: ["x'00'", "x'00000000'", "x'01020304'", "x'20'", "x'5c4e0a09'", "x'61'", "x'41'"] },
  { type: 'VARBINARY(64)', values: ["''", "x'00'", "x'0000'", "x'5c4e'", "x'20'", ...ALL_BYTES.map((bytes) => `x'${bytes}'`)] },
  { type: 'TINYBLOB', values: ["''", "x'5c4e'", ...ALL_BYTES.map((bytes) => `x'${bytes}'`)], indexing: 'prefix' },
  { type: 'BLOB COMPRESSED', values: ["''", `REPEAT(x'${hex(0, 255)}', 250)`], indexing: 'none' },
  { type: 'LONGBLOB', values: ["''", "x'00'", `REPEAT(x'${hex(0, 255)}', 1000)`, "REPEAT(x'5c', 100001)"], indexing: 'prefix' },
  // The rest.
  {
    type: 'JSON',
    values: [
      '\'{"a": 12345678901234567890, "a": 1.10, "n": 1e400}\'',
      "'[9007199254740993, -0, 1.10]'",
      "'null'",
      "'  [ ]'",
      '\'"\\\\u0041\\\\n"\'',
      '\'{"__proto__": {}, "😀": "\\\\ud83d\\\\ude00"}\'',
    ],
    indexing: 'none',
  },
  { type: "ENUM('', 'a', 'b,c', 'd''e', 'F', 'back\\\\slash', '1', '0')", values: ['1', "'a'", "'b,c'", "'d''e'", "'F'", '6', '7', '8'] },
  { type: "ENUM('z', 'y', 'x') CHARACTER SET latin1", values: ["'z'", "'y'", "'x'"] },
  { type: "ENUM('ä', '表', '\\u200f') CHARACTER SET utf8mb4", values: ['1', '2', '3'] },
  { type: "ENUM('é', 'b') CHARACTER SET ucs2", values: ['1', '2'] },
  { type: `ENUM(${Array.from({ length: 300 }, (_, i) => `'m${i}'`).join(', ')})`, values: ['1', '2', '255', '256', '300'] },
  { type: "SET('a', 'b', 'x y', 'd''e', '1')", values: ["''", "'a,b'", "'x y'", "'d''e'", '31', '16'] },
  { type: "SET('é', 'b') CHARACTER SET gbk", values: ["''", '1', '2', '3'] },
  { type: `SET(${Array.from({ length: 64 }, (_, i) => `'m${i}'`).join(', ')})`, values: ['0', '1', '9223372036854775808', '18446744073709551615'] },
  {
    type: 'GEOMETRY',
    values: [
      "ST_GeomFromText('POINT(1 2)', 4326)",
      "ST_GeomFromText('POINT(1 2)')",
      "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(0 0), LINESTRING(1 1, 2 2.5))', 3857)",
    ],
    indexing: 'none',
  },
  { type: 'POINT', values: ["ST_GeomFromText('POINT(1 2)', 4326)", "ST_GeomFromText('POINT(-0.1 1e300)')"], indexing: 'none' },
  {
    type: 'UUID',
    values: [
      "'123e4567-e89b-12d3-a456-426655440000'",
      "'00000000-0000-0000-0000-000000000000'",
      "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
      "'5c0a0900-5c4e-7000-8000-00000000000a'",
    ],
  },
  { type: 'INET6', values: ["'::1'", "'::ffff:1.2.3.4'", "'::'", "'5c0a:900:5c4e::'", "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'"] },
  { type: 'INET4', values: ["'1.2.3.4'", "'0.0.0.0'", "'92.10.9.78'", "'255.255.255.255'"] },
]
