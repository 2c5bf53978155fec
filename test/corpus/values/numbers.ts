import type { ColumnValues } from './column-values.ts'

const NINES = '9'.repeat(65)

export const NUMBERS: readonly ColumnValues[] = [
  // Whole numbers.
  { type: 'TINYINT', values: ['-128', '0', '127'] },
  { type: 'TINYINT UNSIGNED', values: ['0', '128', '255'], indexing: 'none' },
  { type: 'TINYINT(1)', values: ['0', '1', '-1', '127'] },
  { type: 'SMALLINT', values: ['-32768', '0', '32767'], indexing: 'none' },
  { type: 'SMALLINT UNSIGNED', values: ['0', '65535'] },
  { type: 'MEDIUMINT', values: ['-8388608', '0', '8388607'], indexing: 'none' },
  { type: 'MEDIUMINT(8) UNSIGNED ZEROFILL', values: ['0', '7', '16777215'] },
  { type: 'INT', values: ['-2147483648', '-1', '0', '2147483647'], indexing: 'none' },
  { type: 'INT UNSIGNED', values: ['0', '2147483648', '4294967295'], indexing: 'none' },
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
  { type: 'DECIMAL(65, 0)', values: ['0', '-0', NINES, `-${NINES}`], indexing: 'none' },
  { type: 'DECIMAL(65, 38)', values: ['0', `${NINES.slice(38)}.${NINES.slice(27)}`, `-0.${'0'.repeat(37)}1`], indexing: 'none' },
  { type: 'DECIMAL(38, 38)', values: ['0', `-0.${NINES.slice(27)}`, `0.${'0'.repeat(37)}1`], indexing: 'none' },
  { type: 'DECIMAL(38, 9)', values: ['0', `${NINES.slice(36)}.${NINES.slice(56)}`, '-0.000000001', '1.1'], indexing: 'none' },
  { type: 'DECIMAL(30, 18)', values: ['0', `-${NINES.slice(53)}.${NINES.slice(47)}`, '0.000000000000000001'], indexing: 'none' },
  { type: 'DECIMAL(10, 2) UNSIGNED ZEROFILL', values: ['0', '3.10', '99999999.99'] },
  { type: 'DECIMAL(5, 0)', values: ['-99999', '-0.0', '99999'] },
  { type: 'FLOAT', values: ['0', '-0.0', '0.1', '16777217', '3.402823466e38', '-3.402823466e38', '1.17549435e-38', '1e-45', '123456.789', '8388610.5'] },
  { type: 'FLOAT UNSIGNED ZEROFILL', values: ['0', '0.1', '1e20'] },
  { type: 'FLOAT(7, 3)', values: ['0', '0.1', '1234.567', '-9999.999'] },
  {
    type: 'DOUBLE',
    values: ['0', '-0e0', '0.1', '1.7976931348623157e308', '-1.7976931348623157e308', '5e-324', '2.2250738585072014e-308', '9007199254740993', '1/3'],
  },
  { type: 'DOUBLE UNSIGNED', values: ['0', '0.1', '1e15', '1e-15', '123456789012345678'], indexing: 'none' },
  { type: 'DOUBLE(20, 2)', values: ['0', '0.01', '123456789012345.67', '-0.1'] },
  // Bits.
  { type: 'BIT(1)', values: ["b'0'", "b'1'"] },
  { type: 'BIT(7)', values: ["b'0'", "b'1011100'", "b'1111111'", "b'0001001'", "b'0001010'"] },
  { type: 'BIT(33)', values: ['0', '9', '92', '4294967296', '8589934591'] },
  { type: 'BIT(64)', values: ['0', "b'1111111111111111111111111111111111111111111111111111111111111111'", '10', "x'5c4e'", "x'8000000000000000'"] },
]
