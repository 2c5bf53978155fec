import type { Column } from '@dbsync/core/plugin'
import { baseType, groupItems, tokens } from '@dbsync/mysql'

/** What a change of a column's type means for its values. */
export type Retype = {
  /** The values of today may not fit. */
  readonly narrowing: boolean
  /** Values may read in another way afterwards. */
  readonly rows: boolean
  /** Everything that the new column can hold, the old one can, and gives it back as the same text: both can be compared. */
  readonly shrinks: boolean
}

const SAME: Retype = { narrowing: false, rows: false, shrinks: false }
const WIDER: Retype = { narrowing: false, rows: false, shrinks: false }
const OTHER_TEXT: Retype = { narrowing: false, rows: true, shrinks: false }
const NARROWER: Retype = { narrowing: true, rows: true, shrinks: true }
const ANOTHER: Retype = { narrowing: true, rows: true, shrinks: false }

const INTEGERS = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint']
const TEXTS = ['tinytext', 'text', 'mediumtext', 'longtext']
const BLOBS = ['tinyblob', 'blob', 'mediumblob', 'longblob']

/** Judges a change of type and character set. What is not known to be harmless narrows. */
export function retype(from: Column, to: Column): Retype {
  return worst(retypeNative(from, to), recode(from, to), nullability(from, to))
}

const nullability = (from: Column, to: Column): Retype => (from.nullable && !to.nullable ? NARROWER : SAME)

function recode(from: Column, to: Column): Retype {
  if (from.charset === to.charset || from.charset === undefined || to.charset === undefined) return SAME
  const holdsAll = to.charset === 'utf8mb4' || (to.charset === 'utf8mb3' && ['ascii', 'latin1'].includes(from.charset)) || from.charset === 'ascii'
  return holdsAll ? OTHER_TEXT : ANOTHER
}

function retypeNative(from: Column, to: Column): Retype {
  const [a, b] = [typeParts(from), typeParts(to)]
  if (from.native === to.native) return SAME
  if (INTEGERS.includes(a.base) && INTEGERS.includes(b.base)) return integers(a, b)
  if (a.base === b.base) return sameBase(a, b)
  for (const family of [TEXTS, BLOBS]) {
    const [x, y] = [family.indexOf(a.base), family.indexOf(b.base)]
    if (x >= 0 && y >= 0) return x < y ? WIDER : NARROWER
    // A VARCHAR of any length has its place in a TEXT.
    if (y > 0 && a.base === (family === TEXTS ? 'varchar' : 'varbinary')) return WIDER
    // Back it is another type: digests take long texts in another way, and both would never be equal.
  }
  if (a.base === 'char' && b.base === 'varchar') return (a.numbers[0] ?? 1) <= (b.numbers[0] ?? 0) ? WIDER : NARROWER
  if (a.base === 'float' && b.base === 'double') return OTHER_TEXT
  if (a.base === 'date' && b.base === 'datetime') return OTHER_TEXT
  return ANOTHER
}

function integers(a: TypeParts, b: TypeParts): Retype {
  const [x, y] = [INTEGERS.indexOf(a.base), INTEGERS.indexOf(b.base)]
  if (a.unsigned === b.unsigned && x === y) return OTHER_TEXT
  // Zeros that fill up belong to the text.
  if (a.zerofill || b.zerofill) return ANOTHER
  // From unsigned to signed it takes a larger type, and back it shrinks.
  if (a.unsigned === b.unsigned) return x < y ? WIDER : NARROWER
  if (a.unsigned) return x < y ? WIDER : ANOTHER
  return x > y ? NARROWER : ANOTHER
}

function sameBase(a: TypeParts, b: TypeParts): Retype {
  if (a.base === 'enum' || a.base === 'set') return members(a.members, b.members)
  if (a.base === 'decimal') {
    const [p = 10, s = 0] = a.numbers
    const [q = 10, t = 0] = b.numbers
    if (a.unsigned && !b.unsigned ? false : a.unsigned !== b.unsigned) return ANOTHER
    if (t >= s && q - t >= p - s) return OTHER_TEXT
    return t === s && q <= p ? NARROWER : ANOTHER
  }
  const [x, y] = [a.numbers[0] ?? 0, b.numbers[0] ?? 0]
  if (['varchar', 'varbinary', 'char'].includes(a.base)) return x <= y ? WIDER : NARROWER
  if (a.base === 'bit') return x <= y ? WIDER : ANOTHER
  if (['time', 'datetime', 'timestamp'].includes(a.base)) return x <= y ? OTHER_TEXT : ANOTHER
  // Zeros fill up a BINARY: both ends do the same.
  if (a.base === 'binary') return x <= y ? OTHER_TEXT : ANOTHER
  if (a.base === 'float' || a.base === 'double') return a.unsigned === b.unsigned && b.numbers.length === 0 ? OTHER_TEXT : ANOTHER
  return ANOTHER
}

function members(from: readonly string[], to: readonly string[]): Retype {
  if (from.every((member, i) => to[i] === member)) return WIDER
  if (from.every((member) => to.includes(member))) return OTHER_TEXT
  return to.every((member, i) => from[i] === member) ? NARROWER : ANOTHER
}

function worst(...all: readonly Retype[]): Retype {
  const narrowing = all.filter((one) => one.narrowing)
  return {
    narrowing: narrowing.length > 0,
    rows: all.some((one) => one.rows),
    // All that changes must shrink: what widens at the same time has no room before.
    shrinks: narrowing.length > 0 && all.every((one) => one === SAME || one.shrinks),
  }
}

export type TypeParts = {
  readonly base: string
  readonly numbers: readonly number[]
  readonly members: readonly string[]
  readonly unsigned: boolean
  readonly zerofill: boolean
}

/** `decimal(10,2) unsigned`, taken apart. */
export function typeParts(column: Column): TypeParts {
  const base = baseType(column)
  const group = tokens(column.native ?? '').find((token) => token.kind === 'group')
  const items = group === undefined ? [] : groupItems(group.text)
  const listed = base === 'enum' || base === 'set'
  return {
    base,
    numbers: listed ? [] : items.map(Number),
    members: listed ? items : [],
    unsigned: / unsigned\b/i.test(column.native ?? '') || base === 'year',
    zerofill: / zerofill\b/i.test(column.native ?? ''),
  }
}
