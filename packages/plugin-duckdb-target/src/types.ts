import type { Column } from '@dbsync/core/plugin'
import { type WarehouseType, warehouseType } from '@dbsync/warehouse'

/** Whole numbers by the digits that they need, narrowest first. */
const WHOLE = new Map([
  ['BIGINT', 19],
  ['UBIGINT', 20],
  ['HUGEINT', 39],
])
const DIGITS = 38

/** Types of one name. Those of several (BIGINT UNSIGNED, DECIMAL, BIT) are decided by the column. */
const NAMES: Readonly<Partial<Record<WarehouseType, string>>> = {
  BOOL: 'BOOLEAN',
  INT64: 'BIGINT',
  FLOAT64: 'DOUBLE',
  STRING: 'VARCHAR',
  BYTES: 'BLOB',
  DATE: 'DATE',
  DATETIME: 'TIMESTAMP',
  TIMESTAMP: 'TIMESTAMPTZ',
  TIME: 'TIME',
}
const TYPES = new Map(Object.entries(NAMES).map(([type, name]) => [name, type as WarehouseType]))

/** What `type_overrides` may name. */
export const TYPE_NAMES: readonly string[] = [...TYPES.keys(), 'HUGEINT']

/** As everywhere, but decimals have 38 digits wherever their point is. */
export const exactType = (column: Column): WarehouseType =>
  column.type.kind === 'decimal' && column.type.precision > DIGITS ? 'STRING' : warehouseType(column)

export function typeName(column: Column, type: WarehouseType): string | undefined {
  const { type: source } = column
  if (type !== 'NUMERIC' && type !== 'BIGNUMERIC') return NAMES[type]
  if (source.kind === 'decimal') return type === exactType(column) ? `DECIMAL(${source.precision},${source.scale})` : undefined
  if (type === 'BIGNUMERIC') return 'HUGEINT'
  return type === exactType(column) ? 'UBIGINT' : undefined
}

export function typeNamed(name: string): WarehouseType | undefined {
  if (name === 'UBIGINT') return 'NUMERIC'
  if (name === 'HUGEINT') return 'BIGNUMERIC'
  const decimal = decimalOf(name)
  if (decimal === undefined) return TYPES.get(name)
  return warehouseType({ type: { kind: 'decimal', ...decimal } })
}

/** Whole numbers and decimals go into wider ones. */
export function common(a: string, b: string): string | undefined {
  if (a === b) return a
  const [inA, inB] = [WHOLE.get(a), WHOLE.get(b)]
  if (inA !== undefined && inB !== undefined) return 'HUGEINT'
  const [x, y] = [partsOf(a), partsOf(b)]
  if (x === undefined || y === undefined) return undefined
  const [whole, scale] = [Math.max(x.whole, y.whole), Math.max(x.scale, y.scale)]
  return whole + scale <= DIGITS ? `DECIMAL(${whole + scale},${scale})` : undefined
}

/** Digits before the point and after it. */
function partsOf(name: string): { readonly whole: number; readonly scale: number } | undefined {
  const whole = WHOLE.get(name)
  if (whole !== undefined) return { whole, scale: 0 }
  const decimal = decimalOf(name)
  return decimal === undefined ? undefined : { whole: decimal.precision - decimal.scale, scale: decimal.scale }
}

function decimalOf(name: string): { readonly precision: number; readonly scale: number } | undefined {
  const [, precision, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(name) ?? []
  return precision === undefined || scale === undefined ? undefined : { precision: Number(precision), scale: Number(scale) }
}
