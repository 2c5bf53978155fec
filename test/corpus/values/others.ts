import type { ColumnValues } from './column-values.ts'

const shape = (type: string, values: readonly string[]): ColumnValues => ({
  type,
  values: values.flatMap((text) => [`ST_GeomFromText('${text}', 4326)`, `ST_GeomFromText('${text}')`]),
  indexing: 'none',
})

export const OTHER_TYPES: readonly ColumnValues[] = [
  {
    type: 'JSON',
    values: [
      '\'{"a": 12345678901234567890, "a": 1.10, "n": 1e400}\'',
      "'[9007199254740993, -0, 1.10]'",
      "'null'",
      "'  [ ]'",
      '\'"\\\\u0041\\\\n"\'',
      '\'{"u": 18446744073709551615, "d": 1.7976931348623157e308, "": "\\\\u0000"}\'',
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
  shape('LINESTRING', ['LINESTRING(0 0, 1.5 -1e-300, 2 2)']),
  shape('POLYGON', ['POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))']),
  shape('MULTIPOINT', ['MULTIPOINT(1 1, 2 2)']),
  shape('MULTILINESTRING', ['MULTILINESTRING((0 0, 1 1), (2 2, 3 3))']),
  shape('MULTIPOLYGON', ['MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))']),
  shape('GEOMETRYCOLLECTION', ['GEOMETRYCOLLECTION(POINT(1 1), LINESTRING(0 0, 1 1))', 'GEOMETRYCOLLECTION EMPTY']),
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
