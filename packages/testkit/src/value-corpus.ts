import type { LogicalType } from '@dbsync/core/plugin'
import type { FixtureCell, FixtureColumn } from './fixture.ts'

/** The values at the edges of one type: no two of them are the same value, and each must survive a round trip exactly. NULL comes on top. */
export type CorpusColumn = Omit<FixtureColumn, 'name' | 'nullable'> & { readonly values: readonly FixtureCell[] }

const entry = (type: LogicalType, values: readonly FixtureCell[], members?: readonly string[]): CorpusColumn => ({
  type,
  values,
  ...(members && { members }),
})
/** The type in a word or two, for titles. */
export const typeName = (type: LogicalType): string =>
  Object.entries(type)
    .map(([fact, value]) => (value === true ? fact : value))
    .join(' ')

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** Every length at which the packed form of a cell changes, and some. */
const LENGTHS = [1, 250, 251, 252, 255, 256, 65_535, 65_536]

const TEXTS = [
  ...['', ' ', 'a', 'a ', ' a', 'A', '0', '00', 'NULL', 'null', '\\N', '\\', '\\\\', "'", '"', '`', "it's", '\\n', '%s', '?', '--', '/*', ',', ';'],
  ...[
    '\0',
    'a\0b',
    '\n',
    '\r\n',
    '\t',
    '\x1a',
    '\b',
    '\x7f',
    'é',
    'e\u0301',
    'ß',
    'ÿ',
    '€',
    '😀',
    '👩‍👧‍👦',
    '\ufeff',
    '\u2028',
    '表',
    '\uffff',
    '~',
    '2026-01-01',
  ],
  ...LENGTHS.map((length) => 'x'.repeat(length)).filter((text) => text.length > 1),
]

const BYTES = [
  ...['', '00', '0000', '20', '61', '6100', '5c', '27', '0a', '1a', 'ff', 'fffe', 'fb', 'c328', 'ed a0 80'].map(hex),
  Uint8Array.from({ length: 256 }, (_, i) => i),
  ...LENGTHS.map((length) => new Uint8Array(length).fill(0xfe)),
]

const MOMENTS = [
  '1970-01-01 00:00:01',
  '1999-12-31 23:59:59',
  '2000-02-29 00:00:00',
  '2026-03-29 02:30:00',
  '2026-10-25 00:30:00',
  '2026-10-25 01:30:00',
  '2038-01-19 03:14:07',
]
const withFraction = (texts: readonly string[]) => [
  ...texts.map((text) => `${text}.000000`),
  '2026-01-01 00:00:00.000001',
  '2026-01-01 00:00:00.999999',
  '2026-01-01 00:00:00.100000',
]

const ints = (bits: 8 | 16 | 24 | 32 | 64) => {
  const half = 1n << BigInt(bits - 1)
  const signed = [0n, 1n, -1n, half - 1n, -half, half - 2n]
  const unsigned = [0n, 1n, half - 1n, half, 2n * half - 1n, 2n * half - 2n]
  return [entry({ kind: 'int', bits }, signed.map(String)), entry({ kind: 'int', bits, unsigned: true }, unsigned.map(String))]
}

/** By type the values that a plugin has to keep. A caller leaves out the types that its engine does not have, and says so by that. */
export const VALUE_CORPUS: readonly CorpusColumn[] = [
  entry({ kind: 'bool' }, ['0', '1']),
  ...([8, 16, 24, 32, 64] as const).flatMap(ints),
  entry({ kind: 'float', bits: 32 }, [
    '0',
    '1',
    '-1',
    '0.10000000149011612',
    '16777216',
    '16777215',
    '3.4028234663852886e38',
    '-3.4028234663852886e38',
    '1.1754943508222875e-38',
  ]),
  entry({ kind: 'float', bits: 64 }, [
    ...['0', '1', '-1', '0.1', '0.30000000000000004', '0.3', '1e21', '1e-7', '9007199254740991', '9007199254740993', '123456789.12345679'],
    ...['1.7976931348623157e308', '-1.7976931348623157e308', '2.2250738585072014e-308'],
  ]),
  entry({ kind: 'decimal', precision: 38, scale: 9 }, [
    '0.000000000',
    '0.000000001',
    '-0.000000001',
    `${'9'.repeat(29)}.${'9'.repeat(9)}`,
    `-${'9'.repeat(29)}.${'9'.repeat(9)}`,
    '1.100000000',
  ]),
  entry({ kind: 'decimal', precision: 65, scale: 30 }, [
    `${'9'.repeat(35)}.${'9'.repeat(30)}`,
    `0.${'0'.repeat(29)}1`,
    `-1.${'0'.repeat(30)}`,
    `0.${'0'.repeat(30)}`,
  ]),
  entry(
    { kind: 'text', maxLength: 100 },
    TEXTS.filter((text) => text.length <= 100),
  ),
  entry({ kind: 'text' }, TEXTS),
  entry(
    { kind: 'bytes', maxLength: 256 },
    BYTES.filter((bytes) => bytes.length <= 256),
  ),
  entry({ kind: 'bytes' }, BYTES),
  entry({ kind: 'bits', length: 1 }, [hex('00'), hex('01')]),
  entry({ kind: 'bits', length: 9 }, [hex('0000'), hex('0001'), hex('00ff'), hex('01ff')]),
  entry({ kind: 'bits', length: 64 }, [
    hex('0000000000000000'),
    hex('8000000000000000'),
    hex('ffffffffffffffff'),
    hex('000000000000000a'),
    hex('275c0a001aff2c09'),
  ]),
  entry({ kind: 'enum' }, ['zebra', 'ape', "it's", 'a,b', 'é表'], ['zebra', 'ape', "it's", 'a,b', 'é表']),
  entry({ kind: 'set' }, ['', 'z', 'a', 'z,a', 'z,a,é'], ['z', 'a', 'é']),
  entry({ kind: 'json' }, [
    'null',
    'true',
    '0',
    '0.1',
    '""',
    '"é😀"',
    '"null"',
    '[]',
    '{}',
    '[1, 2]',
    '{"a": 1, "b": [true, null]}',
    '"\\\\\\n\\""',
    '12345678901234567',
  ]),
  entry({ kind: 'date' }, ['1000-01-01', '1582-10-10', '1969-12-31', '1970-01-01', '2000-02-29', '9999-12-31']),
  entry({ kind: 'time', fraction: 0 }, ['00:00:00', '00:00:01', '-00:00:01', '23:59:59', '24:00:00', '838:59:59', '-838:59:59']),
  entry({ kind: 'time', fraction: 6 }, ['00:00:00.000000', '00:00:00.000001', '-00:00:00.000001', '123:04:05.100000', '838:59:59.000000']),
  entry({ kind: 'datetime', fraction: 0 }, [...MOMENTS, '1000-01-01 00:00:00', '9999-12-31 23:59:59']),
  entry({ kind: 'datetime', fraction: 6 }, [...withFraction(MOMENTS), '9999-12-31 23:59:59.999999']),
  entry({ kind: 'timestamp', fraction: 0 }, MOMENTS),
  entry({ kind: 'timestamp', fraction: 6 }, [...withFraction(MOMENTS), '2038-01-19 03:14:07.999999']),
  entry({ kind: 'geometry' }, [
    hex('00000000 01 01000000 000000000000f03f 0000000000000040'),
    hex('e6100000 01 01000000 0000000000005ec0 2722 5c27 0a00 4440'),
  ]),
]

/** What only MySQL and its kind hold: zero and partial dates. */
export const ZERO_DATES: readonly CorpusColumn[] = [
  entry({ kind: 'date' }, ['0000-00-00', '2026-00-00', '2026-02-00', '2026-02-31']),
  entry({ kind: 'datetime', fraction: 6 }, ['0000-00-00 00:00:00.000000', '2026-00-00 01:02:03.000004']),
  entry({ kind: 'timestamp', fraction: 0 }, ['0000-00-00 00:00:00', '1970-01-01 00:00:01']),
]
