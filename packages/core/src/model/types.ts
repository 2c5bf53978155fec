/**
 * What a column means, independent of any engine, and the one canonical text in which its
 * cells travel (see `rows.ts`). The texts are those of the MySQL text protocol in a UTC session,
 * so that a MySQL source copies nothing.
 *
 * | kind | canonical text |
 * | --- | --- |
 * | `bool` | `0` or `1` |
 * | `int` | decimal digits, `-` first where negative |
 * | `float` | the shortest decimal text that reads back as the same IEEE 754 double |
 * | `decimal` | digits with exactly `scale` digits after the point |
 * | `text`, `enum`, `set` | the characters, in the bytes of the column's own `charset` |
 * | `json` | the JSON text as the engine prints it, UTF-8 |
 * | `bytes`, `bits`, `geometry` | the raw bytes (`bits` big-endian; `geometry` as the engine stores it) |
 * | `date` | `YYYY-MM-DD`, zero and partial dates included |
 * | `time` | `[-]HHH:MM:SS[.ffffff]` with exactly `fraction` digits, beyond 24 hours too |
 * | `datetime` | `YYYY-MM-DD HH:MM:SS[.ffffff]`, in no time zone |
 * | `timestamp` | the same, in UTC |
 */
export type LogicalType =
  | { readonly kind: 'bool' | 'json' | 'date' | 'geometry' | 'enum' | 'set' }
  | { readonly kind: 'int'; readonly bits: 8 | 16 | 24 | 32 | 64; readonly unsigned?: boolean }
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** `maxLength` in characters for text, in bytes for bytes. */
  | { readonly kind: 'text' | 'bytes'; readonly maxLength?: number }
  | { readonly kind: 'bits'; readonly length: number }
  | { readonly kind: 'time' | 'datetime' | 'timestamp'; readonly fraction: number }
