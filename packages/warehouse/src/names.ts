import { createHash } from 'node:crypto'
import { SYSTEM_COLUMNS } from './system-columns.ts'
import { WAREHOUSE_TYPES, type WarehouseType } from './types.ts'

const LONGEST = 300

/** What warehouses keep for themselves, in any case of letters. */
const RESERVED = /^(_table_|_file_|_partition|_row_timestamp|__root__|_colidentifier|_change_|_field_|_dbsync)/i

const BESIDE = new RegExp(`__(${WAREHOUSE_TYPES.join('|')})$`, 'i')
const LONGEST_SUFFIX = 12

const SYSTEM = new Set(SYSTEM_COLUMNS)
const SOURCE_PREFIX = 'src_'

/**
 * The name of a column in the warehouse: letters, digits and `_`. It depends on the name alone, so that all tenants and all runs agree without asking each
 * other: whatever had to be changed carries a hash of what it was. A source's own `tenant_id` becomes `src_tenant_id`.
 */
export function columnName(original: string): string {
  const name = original.normalize('NFC')
  if (SYSTEM.has(name.toLowerCase())) return `${SOURCE_PREFIX}${name}`
  const legal = /^[A-Za-z_]\w*$/.test(name) && name === original && name.length <= LONGEST && !RESERVED.test(name)
  // What stands where a renamed one goes must make way.
  const inTheWay = BESIDE.test(name) || (name.toLowerCase().startsWith(SOURCE_PREFIX) && SYSTEM.has(name.slice(SOURCE_PREFIX.length).toLowerCase()))
  return legal && !inTheWay ? name : hashed(original, name.toLowerCase())
}

/** The name of the column beside `name` (an answer of `columnName`) that holds values of another type: `amount__string`. */
export const besideName = (name: string, type: WarehouseType): string =>
  `${name.length <= LONGEST - LONGEST_SUFFIX ? name : hashed(name, name)}__${type.toLowerCase()}`

/** The name of a table in the warehouse, by the same rule. */
export function tableNameFor(original: string): string {
  const legal = /^\w+$/.test(original) && original.length <= LONGEST && !original.toLowerCase().startsWith('_dbsync_')
  return legal ? original : hashed(original, original.normalize('NFC'))
}

/** Hashed by what identifies it: column names differ in more than their case. */
function hashed(original: string, readable: string): string {
  const plain = readable
    .replaceAll(/[^A-Za-z0-9_]+/g, '_')
    .replace(/^_+/, '')
    .slice(0, 200)
  const start = /^[A-Za-z]/.test(plain) ? plain : `c_${plain}`
  return `${start.replace(/_+$/, '')}_${shortHash(original)}`
}

/** 8 hexadecimal digits. */
export const shortHash = (text: string): string => createHash('sha1').update(text).digest('hex').slice(0, 8)
