import { type Column, FINGERPRINT_COLUMNS, keyColumns, storedColumns, type TableSchema, type WriteEffects, type WriteWork } from '@dbsync/core/plugin'
import { quoteId, quoteTable, rowHash, selectList } from '@dbsync/mysql'
import { stagingName, stagingTable } from '../names.ts'

/** Reads of what a merge is about to change, on the connection and in the transaction that changes it: nobody else can change it in between. */
export type TakeStatements = {
  /** Every stored column of the live table, for each row that is changed or deleted; without a key for each row with a hash that is touched. */
  readonly rows: readonly string[]
  /** Keys of rows that are added; without a key all hashes that are touched. */
  readonly keys: readonly string[]
  /** Selects the same rows in a statement of one's own. */
  readonly touched: string
  /** Afterwards: how many of the touched rows there are now, and the sum of their hashes. */
  readonly after: string
  readonly columns: readonly Column[]
  readonly keyColumns: readonly Column[]
}

/** `existing`: the live table. Both staging tables are loaded, as far as `effects` says that there is one. */
export function takeStatements(work: WriteWork, existing: TableSchema, effects: WriteEffects): TakeStatements {
  return existing.key.length > 0 ? byKey(existing, effects) : byHash(work, existing, effects)
}

function byKey(existing: TableSchema, effects: WriteEffects): TakeStatements {
  const live = quoteTable(existing.table)
  const columns = storedColumns(existing)
  const { key, mark, alias, staging, same } = stagedKeys(existing)
  const images = (role: 'new' | 'del', distinct: string, more: string) =>
    `SELECT STRAIGHT_JOIN ${selectList(columns)} FROM ${staging(role, alias, distinct)} JOIN ${live} ON ${same(alias)}${more} FOR UPDATE`
  const fresh = quoteId(stagingName(existing.table.name, 'new'))
  const notFresh = effects.upserts ? ` LEFT JOIN ${staging('new', fresh)} ON ${same(fresh)} WHERE ${fresh}.${quoteId(`${mark}0`)} IS NULL` : ''
  const renamed = key.map((column, i) => ({ ...column, name: `${mark}${i}` }))
  const missing = `SELECT STRAIGHT_JOIN ${selectList(renamed)} FROM ${staging('new', alias)} LEFT JOIN ${live} ON ${same(alias)} WHERE ${live}.${quoteId(key[0]?.name ?? '')} IS NULL FOR UPDATE`
  const counted = `SELECT STRAIGHT_JOIN ${digestOf(existing)} FROM ${staging('new', alias)} JOIN ${live} ON ${same(alias)} FOR UPDATE`
  return {
    // A key that is deleted and comes back is among the new ones.
    rows: [...(effects.upserts ? [images('new', '', '')] : []), ...(effects.deletes ? [images('del', 'DISTINCT ', notFresh)] : [])],
    keys: effects.upserts ? [missing] : [],
    touched: [...(effects.upserts ? ['new' as const] : []), ...(effects.deletes ? ['del' as const] : [])]
      .map((role) => `(${names(key)}) IN (SELECT ${names(key)} FROM ${quoteTable(stagingTable(existing.table, role))})`)
      .join(' OR '),
    after: effects.upserts ? counted : "SELECT 0, '0'",
    columns,
    keyColumns: key,
  }
}

/** Staged keys under names that no column of the live table has, so that all other names in a join mean the live table. */
function stagedKeys(existing: TableSchema) {
  const live = quoteTable(existing.table)
  const key = keyColumns(existing)
  const mark = freshPrefix(existing.columns)
  const renamed = (i: number) => quoteId(`${mark}${i}`)
  return {
    key,
    mark,
    alias: quoteId(stagingName(existing.table.name, 'own')),
    staging: (role: 'new' | 'del', alias: string, distinct = '') =>
      `(SELECT ${distinct}${key.map((column, i) => `${quoteId(column.name)} AS ${renamed(i)}`).join(', ')} FROM ${quoteTable(stagingTable(existing.table, role))}) AS ${alias}`,
    same: (alias: string) => key.map((column, i) => `${live}.${quoteId(column.name)} = ${alias}.${renamed(i)}`).join(' AND '),
  }
}

function byHash(work: WriteWork, existing: TableSchema, effects: WriteEffects): TakeStatements {
  const live = quoteTable(existing.table)
  const hash = rowHash(existing)
  const gone = quoteTable(stagingTable(existing.table, 'del'))
  const sources = [
    ...(effects.deletes ? [`SELECT ${gone}.\`row_hash\` AS \`row_hash\` FROM ${gone}`] : []),
    ...(effects.upserts ? [`SELECT ${rowHash(work.schema)} AS \`row_hash\` FROM ${quoteTable(stagingTable(existing.table, 'new'))}`] : []),
  ]
  const alias = quoteId(stagingName(existing.table.name, 'own'))
  const touched = `SELECT DISTINCT ${alias}.\`row_hash\` FROM (${sources.join(' UNION ')}) AS ${alias}`
  const columns = storedColumns(existing)
  return {
    rows: [`SELECT ${selectList(columns)} FROM ${live} WHERE ${hash} IN (${touched}) FOR UPDATE`],
    keys: [touched],
    touched: `${hash} IN (${touched})`,
    after: `SELECT ${digestOf(existing)} FROM ${live} WHERE ${hash} IN (${touched}) FOR UPDATE`,
    columns,
    keyColumns: FINGERPRINT_COLUMNS.slice(0, 1),
  }
}

const names = (columns: readonly Column[]): string => columns.map(({ name }) => quoteId(name)).join(', ')

/** Statements whose answers add up to the digest of the rows that a segment touches, as they are now: its rows and keys are staged. */
export function presentDigests(existing: TableSchema, staged: { readonly rows: number; readonly keys: number }): readonly string[] {
  const { table } = existing
  const live = quoteTable(table)
  const gone = quoteTable(stagingTable(table, 'del'))
  if (existing.key.length === 0)
    return staged.keys === 0 ? [] : [`SELECT ${digestOf(existing)} FROM ${live} WHERE ${rowHash(existing)} IN (SELECT ${gone}.\`row_hash\` FROM ${gone})`]
  const { alias, staging, same } = stagedKeys(existing)
  const roles = [...(staged.rows > 0 ? ['new' as const] : []), ...(staged.keys > 0 ? ['del' as const] : [])]
  return roles.map((role) => `SELECT STRAIGHT_JOIN ${digestOf(existing)} FROM ${staging(role, alias)} JOIN ${live} ON ${same(alias)}`)
}

/** The digest of the staged rows themselves. */
export const imagesDigest = (existing: TableSchema): string => `SELECT ${digestOf(existing)} FROM ${quoteTable(stagingTable(existing.table, 'new'))}`

/** Count and sum of hashes of the rows of one group. A row that cannot be hashed counts, and what it holds does not. */
const digestOf = (schema: TableSchema): string => `COUNT(*), IFNULL(SUM(IFNULL(${rowHash(schema)}, 0)), 0)`

function freshPrefix(columns: readonly Column[]): string {
  let prefix = 'k'
  while (columns.some(({ name }) => name.toLowerCase().startsWith(prefix))) prefix += '_'
  return prefix
}
