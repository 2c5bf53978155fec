import { ALL_BYTES, type ColumnValues, EACH_BYTE, hex } from './column-values.ts'

export const BYTES: readonly ColumnValues[] = [
  { type: 'BINARY(4)', values: ["x'00'", "x'00000000'", "x'01020304'", "x'20'", "x'5c4e0a09'", "x'61'", "x'41'"] },
  { type: 'VARBINARY(1)', values: EACH_BYTE.map((code) => `x'${code}'`) },
  { type: 'VARBINARY(64)', values: ["''", "x'00'", "x'0000'", "x'5c4e'", "x'20'", ...ALL_BYTES.map((bytes) => `x'${bytes}'`)] },
  { type: 'TINYBLOB', values: ["''", "x'5c4e'", ...ALL_BYTES.map((bytes) => `x'${bytes}'`)], indexing: 'prefix' },
  { type: 'BLOB', values: ["''", "x'00'", `REPEAT(x'${hex(0, 255)}', 255)`], indexing: 'prefix' },
  { type: 'BLOB COMPRESSED', values: ["''", `REPEAT(x'${hex(0, 255)}', 250)`], indexing: 'none' },
  { type: 'VARBINARY(300) COMPRESSED', values: ["''", "x'5c4e'", `x'${hex(0, 255)}'`], indexing: 'none' },
  { type: 'MEDIUMBLOB', values: ["''", `REPEAT(x'${hex(0, 255)}', 300)`], indexing: 'prefix' },
  { type: 'LONGBLOB', values: ["''", "x'00'", `REPEAT(x'${hex(0, 255)}', 1000)`, "REPEAT(x'5c', 100001)"], indexing: 'prefix' },
]
