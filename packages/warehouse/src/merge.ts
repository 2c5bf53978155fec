import type { TableSchema, WriteEffects, WriteWork } from '@dbsync/core/plugin'
import { keyOf, type WarehouseColumn, warehouseColumns } from './columns.ts'
import { tenantCondition } from './conditions.ts'
import type { Dialect } from './dialect.ts'
import { rowHash } from './digest.ts'
import { inGroups } from './in-groups.ts'
import { DELETED, OCCURRENCE, OPERATION, ROW_HASH, SEQUENCE, SYNC_MODE, SYNC_TIMESTAMP, TENANT } from './system-columns.ts'

/** What becomes of rows that are gone at the source. */
export const DELETES = ['hard', 'soft', 'ignore'] as const
export type Deletes = (typeof DELETES)[number]

/**
 * `table` and `staging` as names in SQL. `between`: the least and the greatest value, as SQL, that the first column of the key has in the staged rows; where
 * the table is ordered by it, no more of it than that is read.
 */
export type MergeOptions = {
  readonly table: string
  readonly staging: string
  readonly deletes: Deletes
  readonly between?: readonly [least: string, greatest: string] | undefined
}

/** The one statement that makes staged rows visible: all of them, or none. It never touches another tenant's rows. */
export function mergeStatement(dialect: Dialect, work: Pick<WriteWork, 'disposition' | 'schema'>, effects: WriteEffects, options: MergeOptions): string {
  const { schema, disposition } = work
  const parts = partsOf(dialect, schema, disposition === 'replace' ? 'FULL' : 'INCREMENTAL', options)
  if (disposition === 'replace') return options.deletes === 'soft' ? replaceAndMark(parts) : replace(parts)
  if (schema.key.length > 0) return mergeByKey(parts, effects, options)
  return options.deletes === 'ignore' ? addOnce(parts) : mergeByHash(parts, schema, options.deletes)
}

/** What the table and the staged rows go by in a statement: no column has such a name, and one that had would be taken for all of the row. */
const TARGET = '_dbsync_t'
const STAGED = '_dbsync_s'

type Parts = {
  readonly dialect: Dialect
  readonly table: string
  readonly staging: string
  readonly tenant: string
  /** Names of columns, quoted: what tells rows apart inside the tenant, and everything that the rows hold. */
  readonly identity: readonly string[]
  readonly columns: readonly WarehouseColumn[]
  readonly names: readonly string[]
  readonly mode: string
}

function partsOf(dialect: Dialect, schema: TableSchema, mode: string, { table, staging }: MergeOptions): Parts {
  const columns = warehouseColumns(dialect, schema)
  const counted = schema.key.length > 0 ? [] : [ROW_HASH, OCCURRENCE]
  return {
    dialect,
    table,
    staging,
    tenant: dialect.quoteText(schema.table.database),
    identity: counted.length > 0 ? counted : keyOf(dialect, schema).map(({ name }) => dialect.quoteName(name)),
    columns,
    names: [...columns.map(({ name }) => dialect.quoteName(name)), ...counted],
    mode: dialect.quoteText(mode),
  }
}

/** The staged rows. Copies of a row without a key are numbered: which one gets which number makes no difference. */
const staged = ({ dialect, staging, identity, columns }: Parts): string =>
  identity.includes(OCCURRENCE)
    ? `(SELECT ${[...columns.map(({ name }) => dialect.quoteName(name)), ROW_HASH, `ROW_NUMBER() OVER (PARTITION BY ${ROW_HASH}) AS ${OCCURRENCE}`].join(', ')} FROM ${staging})`
    : staging

const insert = ({ tenant, names, mode }: Parts): string =>
  `INSERT (${[TENANT, ...names, SYNC_TIMESTAMP, SYNC_MODE].join(', ')})\n  VALUES (${[tenant, ...names.map((name) => `${STAGED}.${name}`), 'CURRENT_TIMESTAMP', mode].join(', ')})`

const stamp = ({ mode }: Parts): string => `${SYNC_TIMESTAMP} = CURRENT_TIMESTAMP, ${SYNC_MODE} = ${mode}`

const update = (parts: Parts): string =>
  `UPDATE SET ${[...valuesOf(parts).map((name) => `${name} = ${STAGED}.${name}`), `${DELETED} = FALSE`, stamp(parts)].join(', ')}`

const mark = (parts: Parts): string => `UPDATE SET ${DELETED} = TRUE, ${stamp(parts)}`

const valuesOf = ({ names, identity }: Parts): readonly string[] => names.filter((name) => !identity.includes(name))

const same = ({ tenant, identity }: Parts): string =>
  [`${TARGET}.${TENANT} = ${tenant}`, ...identity.map((name) => `${TARGET}.${name} = ${STAGED}.${name}`)].join(' AND ')

/** What is equal is left alone, and keeps the moment at which it was written. */
function differs({ dialect, columns, identity }: Parts): string {
  const tests = columns.flatMap((column) => {
    const quoted = dialect.quoteName(column.name)
    if (identity.includes(quoted)) return []
    const value = (side: string) => (column.type === 'JSON' ? dialect.textOf(`${side}.${quoted}`, column.type) : `${side}.${quoted}`)
    return [`${value(TARGET)} IS DISTINCT FROM ${value(STAGED)}`]
  })
  return inGroups([...tests, `${TARGET}.${DELETED} IS TRUE`], (some) => `(${some.join(' OR ')})`)
}

/** Google calls ON FALSE the way to replace atomically: no join is made. */
const replace = (parts: Parts): string =>
  [
    `MERGE INTO ${parts.table} ${TARGET} USING ${staged(parts)} ${STAGED} ON FALSE`,
    `WHEN NOT MATCHED BY SOURCE AND ${TARGET}.${TENANT} = ${parts.tenant} THEN DELETE`,
    `WHEN NOT MATCHED BY TARGET THEN ${insert(parts)}`,
  ].join('\n')

/** The same as two statements of one transaction, for engines that compare every row with every other ON FALSE. */
export function replaceStatements(dialect: Dialect, schema: TableSchema, options: MergeOptions): readonly string[] {
  const parts = partsOf(dialect, schema, 'FULL', options)
  const { table, tenant, names, mode } = parts
  return [
    `DELETE FROM ${table} WHERE ${TENANT} = ${tenant}`,
    `INSERT INTO ${table} (${[TENANT, ...names, SYNC_TIMESTAMP, SYNC_MODE].join(', ')})\n  SELECT ${[tenant, ...names.map((name) => `${STAGED}.${name}`), 'CURRENT_TIMESTAMP', mode].join(', ')} FROM ${staged(parts)} ${STAGED}`,
  ]
}

/** The same, but what is gone stays and is marked. */
const replaceAndMark = (parts: Parts): string =>
  [
    `MERGE INTO ${parts.table} ${TARGET} USING ${staged(parts)} ${STAGED} ON ${same(parts)}`,
    `WHEN MATCHED AND ${differs(parts)} THEN ${update(parts)}`,
    `WHEN NOT MATCHED BY TARGET THEN ${insert(parts)}`,
    `WHEN NOT MATCHED BY SOURCE AND ${TARGET}.${TENANT} = ${parts.tenant} AND ${TARGET}.${DELETED} IS NOT TRUE THEN ${mark(parts)}`,
  ].join('\n')

/**
 * Never bounded by time: the row that is to be changed can be in any partition. Of the rows of one key the last one counts, and one that is to be there
 * counts more than its delete: deletes come first.
 */
function mergeByKey(parts: Parts, effects: WriteEffects, { deletes, between }: MergeOptions): string {
  const key = parts.identity.join(', ')
  const last = `SELECT * FROM ${parts.staging} WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY ${key} ORDER BY IF(${OPERATION} IS NULL, 1, 0) DESC, ${SEQUENCE} DESC) = 1`
  const gone =
    deletes === 'soft' ? `${STAGED}.${OPERATION} = 'D' AND ${TARGET}.${DELETED} IS NOT TRUE THEN ${mark(parts)}` : `${STAGED}.${OPERATION} = 'D' THEN DELETE`
  // Says nothing that the equal keys do not say; but it is made of constants, and only by those does a warehouse leave out what it need not read.
  const within = between === undefined ? '' : ` AND ${TARGET}.${parts.identity[0]} BETWEEN ${between[0]} AND ${between[1]}`
  return [
    `MERGE INTO ${parts.table} ${TARGET} USING (${last}) ${STAGED} ON ${same(parts)}${within}`,
    ...(effects.deletes && deletes !== 'ignore' ? [`WHEN MATCHED AND ${gone}`] : []),
    `WHEN MATCHED AND ${STAGED}.${OPERATION} IS NULL AND ${differs(parts)} THEN ${update(parts)}`,
    `WHEN NOT MATCHED BY TARGET AND ${STAGED}.${OPERATION} IS NULL THEN ${insert(parts)}`,
  ].join('\n')
}

/** Rows without a key are told apart by their hash and by which copy they are: sent twice they are there once. */
const addOnce = (parts: Parts): string =>
  [`MERGE INTO ${parts.table} ${TARGET} USING ${staged(parts)} ${STAGED} ON ${same(parts)}`, `WHEN NOT MATCHED BY TARGET THEN ${insert(parts)}`].join('\n')

/** Every row that has one of the hashes goes, and every row that comes is added: as another copy of those that stay. */
function mergeByHash(parts: Parts, schema: TableSchema, deletes: Deletes): string {
  const { dialect, table, staging, tenant, columns } = parts
  const names = columns.map(({ name }) => dialect.quoteName(name))
  const gone = `SELECT DISTINCT ${ROW_HASH} FROM ${staging} WHERE ${OPERATION} = 'D'`
  const staying = deletes === 'soft' ? '' : ` AND ${rowHash(dialect, schema)} NOT IN (${gone})`
  const copies = `SELECT ${ROW_HASH} AS row_hash, MAX(${OCCURRENCE}) AS copies FROM ${table} WHERE ${TENANT} = ${tenant}${staying} GROUP BY ${ROW_HASH}`
  const added = `SELECT ${names.map((name) => `_dbsync_n.${name}, `).join('')}_dbsync_n.${ROW_HASH}, ROW_NUMBER() OVER (PARTITION BY _dbsync_n.${ROW_HASH}) + IFNULL(_dbsync_c.copies, 0) AS ${OCCURRENCE}, _dbsync_n.${OPERATION} FROM ${staging} _dbsync_n LEFT JOIN (${copies}) _dbsync_c ON _dbsync_c.row_hash = _dbsync_n.${ROW_HASH} WHERE _dbsync_n.${OPERATION} IS NULL`
  const removed = `SELECT ${columns.map(({ typeName }) => `CAST(NULL AS ${typeName}), `).join('')}${ROW_HASH}, CAST(NULL AS INT64), 'D' FROM (${gone})`
  return [
    `MERGE INTO ${table} ${TARGET} USING (${added} UNION ALL ${removed}) ${STAGED}`,
    `ON ${TARGET}.${TENANT} = ${tenant} AND ${TARGET}.${DELETED} IS NOT TRUE AND ${STAGED}.${OPERATION} = 'D' AND ${rowHash(dialect, schema, `${TARGET}.`)} = ${STAGED}.${ROW_HASH}`,
    `WHEN MATCHED THEN ${deletes === 'soft' ? mark(parts) : 'DELETE'}`,
    `WHEN NOT MATCHED BY TARGET AND ${STAGED}.${OPERATION} IS NULL THEN ${insert(parts)}`,
  ].join('\n')
}

/** How many of the rows whose keys are staged to go are there: `table` and `staging` as SQL names them. */
export function goingStatement(dialect: Dialect, schema: TableSchema, { table, staging }: Pick<MergeOptions, 'table' | 'staging'>): string {
  const key = keyOf(dialect, schema).map(({ name }) => dialect.quoteName(name))
  const same = key.map((name) => `${TARGET}.${name} = ${STAGED}.${name}`).join(' AND ')
  const staged = `SELECT ${key.join(', ')} FROM ${staging} GROUP BY ${key.join(', ')} HAVING COUNT(${OPERATION}) = COUNT(*)`
  return `SELECT CAST(COUNT(*) AS STRING) FROM ${table} ${TARGET} JOIN (${staged}) ${STAGED} ON ${same} WHERE ${tenantCondition(dialect, schema.table.database, `${TARGET}.`)}`
}
