import { ALL_BYTES, type ColumnValues, EACH_BYTE, hex } from './column-values.ts'

const CONTROL = ["'\\\\N'", "''", "'NULL'", "'\\0'", "'\\Z'", "'a\\tb'", "'a\\nb'", "'a\\r\\nb'", "'\\\\'", "'\\\\\\\\t'", "'a\\'b\"c`d'"]

const text = (charset: string, bytes: readonly string[], type = 'VARCHAR(64)'): ColumnValues => ({
  type: `${type} CHARACTER SET ${charset}`,
  values: [...CONTROL, "'ab'", "'AB'", "'aB'", ...bytes.map((code) => `_${charset} x'${code}'`)],
})
const collated = (collation: string, values: readonly string[], type = 'VARCHAR(40)'): ColumnValues => ({
  type: `${type} CHARACTER SET ${collation.split('_')[0]} COLLATE ${collation}`,
  values: ["'a'", "'A'", "'b'", "'B'", "''", "'a\\t'", "'a '", ...values],
})

/** Character sets of one byte a letter. A byte that means nothing in one is stored there all the same. */
const ONE_BYTE = 'armscii8 cp1250 cp1256 cp1257 cp850 cp852 cp866 dec8 geostd8 greek hebrew hp8 keybcs2 koi8u latin2 latin5 latin7 macce macroman tis620'.split(
  ' ',
)
/** UTF-8 that somebody took for latin1: as it is stored in a column of latin1, and once more encoded in one of utf8mb4. */
const MOJIBAKE = { latin1: 'c3a4e282acf09f9880', utf8mb4: 'c383c2a4c3a2e2809ac2ac' }

/** Text in the bytes in which it is stored. */
export const TEXTS: readonly ColumnValues[] = [
  text('latin1', [...ALL_BYTES, MOJIBAKE.latin1]),
  text('latin1', [...ALL_BYTES.slice(1)], 'CHAR(64)'),
  text('koi8r', ALL_BYTES),
  text('cp1251', ALL_BYTES),
  // It has neither backslashes nor backticks: bytes only.
  { type: 'VARCHAR(64) CHARACTER SET swe7', values: ["''", "'NULL'", "'\\0'", "'a\\tb'", "'ab'", "'AB'", "_swe7 x'5b5c5d7b7c7d'", "_swe7 x'5c4e'"] },
  text('ascii', ALL_BYTES),
  text('gbk', ['b1ed', '955c', '815c5c', '8140', 'fefe', '815c09815c0a']),
  text('big5', ['a45c', 'a440', 'a5a5']),
  text('sjis', ['835c', '8340', 'b1', '815f']),
  text('cp932', ['835c', '8160', 'fa40', '8740']),
  text('eucjpms', ['a1c0', '8ea1', '8fa2ef', 'ade2']),
  ...ONE_BYTE.map((charset) => ({ ...text(charset, ALL_BYTES), indexing: 'none' as const })),
  { ...text('euckr', ['b0a1', 'c8fe', 'a4a1']), indexing: 'none' },
  { ...text('gb2312', ['b0a1', 'f7fe', 'a1a1']), indexing: 'none' },
  { ...text('ujis', ['a1a1', '8eb1', '8fb0a1']), indexing: 'none' },
  { type: 'CHAR(1) CHARACTER SET latin1 COLLATE latin1_bin', values: EACH_BYTE.map((code) => `_latin1 x'${code}'`) },
  text('ucs2', ['0000', '005c', '0009000a', '0a0a', '5c5c', '095c', 'ffff', 'd800']),
  text('utf16', ['0000', '005c', '0009000a', '5c5c', 'd83dde00', 'ffff', 'dbffdfff']),
  text('utf16le', ['0000', '5c00', '0a00', '5c5c', '3dd800de']),
  text('utf32', ['00000000', '0000005c', '0000000a', '00005c5c', '0001f600', '0010ffff']),
  text('utf32', ['0000005c', '0001f600', '00000a0a'], 'CHAR(10)'),
  text('utf8mb3', ['00', '7f', 'c280', 'dfbf', 'e0a080', 'ed9fbf', 'ee8080', 'efbfbf', 'efbbbf41']),
  text('utf8mb4', ['00', '7f', 'c280', 'dfbf', 'e0a080', 'efbfbf', 'f0908080', 'f09f9880', 'f48fbfbf', 'e280ae41', '4acc88', 'c3b6', MOJIBAKE.utf8mb4]),
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
]
