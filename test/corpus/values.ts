import { BYTES } from './values/bytes.ts'
import type { ColumnValues } from './values/column-values.ts'
import { MOMENTS } from './values/moments.ts'
import { NUMBERS } from './values/numbers.ts'
import { OTHER_TYPES } from './values/others.ts'
import { TEXTS } from './values/texts.ts'

/**
 * Every column type of MariaDB 10.11 with its edge values; the widths of BIT and the fractions of a second are tables of their own (`shapes.ts`).
 *
 * What only others have is not here, since no test can make it: MySQL's own JSON (kept in binary: keys in order, no duplicates), its character set gb18030,
 * its collations utf8mb4_0900_*, columns with an SRID attribute, indexes over JSON arrays; VECTOR (MySQL 9, MariaDB 11.7).
 */
export const VALUES: readonly ColumnValues[] = [...NUMBERS, ...MOMENTS, ...TEXTS, ...BYTES, ...OTHER_TYPES]
