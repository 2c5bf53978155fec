import type { TableSchema, WriteEffects, WriteWork } from '@dbsync/core/plugin'
import { DELETED, type EncodedColumn, OCCURRENCE, OPERATION, ROW_HASH, SEQUENCE, SYNC_MODE, SYNC_TIMESTAMP, TENANT } from '@dbsync/warehouse'
import { cellExpression } from './cells.ts'
import { encodedColumns, keyOf } from './columns.ts'
import { type Place, tableAt } from './ddl.ts'
import { rowHash } from './digest.ts'
import type { Deletes } from './settings.ts'
import { quoteName, quoteText } from './sql.ts'

export type MergeOptions = { readonly place: Place; readonly staging: string; readonly deletes: Deletes }

/** The one statement that makes staged rows visible: all of them, or none. It never touches another tenant's rows. */
export function mergeStatement(work: Pick<WriteWork, 'disposition' | 'schema'>, effects: WriteEffects, options: MergeOptions): string {
  const { schema, disposition } = work
  const parts = partsOf(schema, disposition === 'replace' ? 'FULL' : 'INCREMENTAL', options)
  if (disposition === 'replace') return options.deletes === 'soft' ? replaceAndMark(parts) : replace(parts)
  if (schema.key.length > 0) return mergeByKey(parts, effects, options.deletes)
  return options.deletes === 'ignore' ? addOnce(parts) : mergeByHash(parts, schema, options.deletes)
}

type Parts = {
  readonly table: string
  readonly staging: string
  readonly tenant: string
  /** Names of columns, quoted: what tells rows apart inside the tenant, and everything that the rows hold. */
  readonly identity: readonly string[]
  readonly columns: readonly EncodedColumn[]
  readonly names: readonly string[]
  readonly mode: string
}

function partsOf(schema: TableSchema, mode: string, { place, staging }: MergeOptions): Parts {
  const columns = encodedColumns(schema)
  const counted = schema.key.length > 0 ? [] : [ROW_HASH, OCCURRENCE]
  return {
    table: tableAt(place, schema.table),
    staging: quoteName(place.project, place.dataset, staging),
    tenant: quoteText(schema.table.database),
    identity: counted.length > 0 ? counted : keyOf(schema).map(({ name }) => quoteName(name)),
    columns,
    names: [...columns.map(({ name }) => quoteName(name)), ...counted],
    mode: quoteText(mode),
  }
}

/** The staged rows. Copies of a row without a key are numbered: which one gets which number makes no difference. */
const staged = ({ staging, identity, columns }: Parts): string =>
  identity.includes(OCCURRENCE)
    ? `(SELECT ${[...columns.map(({ name }) => quoteName(name)), ROW_HASH, `ROW_NUMBER() OVER (PARTITION BY ${ROW_HASH}) AS ${OCCURRENCE}`].join(', ')} FROM ${staging})`
    : staging

const insert = ({ tenant, names, mode }: Parts): string =>
  `INSERT (${[TENANT, ...names, SYNC_TIMESTAMP, SYNC_MODE].join(', ')})\n  VALUES (${[tenant, ...names.map((name) => `S.${name}`), 'CURRENT_TIMESTAMP()', mode].join(', ')})`

const stamp = ({ mode }: Parts): string => `${SYNC_TIMESTAMP} = CURRENT_TIMESTAMP(), ${SYNC_MODE} = ${mode}`

const update = (parts: Parts): string =>
  `UPDATE SET ${[...valuesOf(parts).map((name) => `${name} = S.${name}`), `${DELETED} = FALSE`, stamp(parts)].join(', ')}`

const mark = (parts: Parts): string => `UPDATE SET ${DELETED} = TRUE, ${stamp(parts)}`

const valuesOf = ({ names, identity }: Parts): readonly string[] => names.filter((name) => !identity.includes(name))

const same = ({ tenant, identity }: Parts): string => [`T.${TENANT} = ${tenant}`, ...identity.map((name) => `T.${name} = S.${name}`)].join(' AND ')

/** What is equal is left alone, and keeps the moment at which it was written. */
function differs({ columns, identity }: Parts): string {
  const tests = columns.flatMap((column) => {
    const quoted = quoteName(column.name)
    if (identity.includes(quoted)) return []
    const value = (side: string) => (column.type === 'JSON' ? cellExpression(column, `${side}.`) : `${side}.${quoted}`)
    return [`${value('T')} IS DISTINCT FROM ${value('S')}`]
  })
  return [...tests, `T.${DELETED} IS TRUE`].join(' OR ')
}

/** Google calls ON FALSE the way to replace atomically: no join is made. */
const replace = (parts: Parts): string =>
  [
    `MERGE ${parts.table} T USING ${staged(parts)} S ON FALSE`,
    `WHEN NOT MATCHED BY SOURCE AND T.${TENANT} = ${parts.tenant} THEN DELETE`,
    `WHEN NOT MATCHED BY TARGET THEN ${insert(parts)}`,
  ].join('\n')

/** The same, but what is gone stays and is marked. */
const replaceAndMark = (parts: Parts): string =>
  [
    `MERGE ${parts.table} T USING ${staged(parts)} S ON ${same(parts)}`,
    `WHEN MATCHED AND (${differs(parts)}) THEN ${update(parts)}`,
    `WHEN NOT MATCHED BY TARGET THEN ${insert(parts)}`,
    `WHEN NOT MATCHED BY SOURCE AND T.${TENANT} = ${parts.tenant} AND T.${DELETED} IS NOT TRUE THEN ${mark(parts)}`,
  ].join('\n')

/**
 * Never bounded by time: the row that is to be changed can be in any partition. Of the rows of one key the last one counts, and one that is to be there
 * counts more than its delete: deletes come first.
 */
function mergeByKey(parts: Parts, effects: WriteEffects, deletes: Deletes): string {
  const key = parts.identity.join(', ')
  const last = `SELECT * FROM ${parts.staging} WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY ${key} ORDER BY IF(${OPERATION} IS NULL, 1, 0) DESC, ${SEQUENCE} DESC) = 1`
  const gone = deletes === 'soft' ? `S.${OPERATION} = 'D' AND T.${DELETED} IS NOT TRUE THEN ${mark(parts)}` : `S.${OPERATION} = 'D' THEN DELETE`
  return [
    `MERGE ${parts.table} T USING (${last}) S ON ${same(parts)}`,
    ...(effects.deletes && deletes !== 'ignore' ? [`WHEN MATCHED AND ${gone}`] : []),
    `WHEN MATCHED AND S.${OPERATION} IS NULL AND (${differs(parts)}) THEN ${update(parts)}`,
    `WHEN NOT MATCHED BY TARGET AND S.${OPERATION} IS NULL THEN ${insert(parts)}`,
  ].join('\n')
}

/** Rows without a key are told apart by their hash and by which copy they are: sent twice they are there once. */
const addOnce = (parts: Parts): string =>
  [`MERGE ${parts.table} T USING ${staged(parts)} S ON ${same(parts)}`, `WHEN NOT MATCHED BY TARGET THEN ${insert(parts)}`].join('\n')

/** Every row that has one of the hashes goes, and every row that comes is added: as another copy of those that stay. */
function mergeByHash(parts: Parts, schema: TableSchema, deletes: Deletes): string {
  const { table, staging, tenant, columns } = parts
  const names = columns.map(({ name }) => quoteName(name))
  const gone = `SELECT DISTINCT ${ROW_HASH} FROM ${staging} WHERE ${OPERATION} = 'D'`
  const staying = deletes === 'soft' ? '' : ` AND ${rowHash(schema)} NOT IN (${gone})`
  const copies = `SELECT ${ROW_HASH} AS hash, MAX(${OCCURRENCE}) AS copies FROM ${table} WHERE ${TENANT} = ${tenant}${staying} GROUP BY ${ROW_HASH}`
  const added = `SELECT ${names.map((name) => `N.${name}, `).join('')}N.${ROW_HASH}, ROW_NUMBER() OVER (PARTITION BY N.${ROW_HASH}) + IFNULL(C.copies, 0) AS ${OCCURRENCE}, N.${OPERATION} FROM ${staging} N LEFT JOIN (${copies}) C ON C.hash = N.${ROW_HASH} WHERE N.${OPERATION} IS NULL`
  const removed = `SELECT ${columns.map(({ type }) => `CAST(NULL AS ${type}), `).join('')}${ROW_HASH}, CAST(NULL AS INT64), 'D' FROM (${gone})`
  return [
    `MERGE ${table} T USING (${added} UNION ALL ${removed}) S`,
    `ON T.${TENANT} = ${tenant} AND T.${DELETED} IS NOT TRUE AND S.${OPERATION} = 'D' AND ${rowHash(schema, 'T.')} = S.${ROW_HASH}`,
    `WHEN MATCHED THEN ${deletes === 'soft' ? mark(parts) : 'DELETE'}`,
    `WHEN NOT MATCHED BY TARGET AND S.${OPERATION} IS NULL THEN ${insert(parts)}`,
  ].join('\n')
}
