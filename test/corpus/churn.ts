import { quote } from '@dbsync/testkit'
import type { Connection } from 'mysql2/promise'
import type { Chance } from './random.ts'
import type { TableCase } from './tables.ts'

const ROWS = 12

/** The session in which the corpus is written. It allows everything that a server may hold. */
export const LENIENT =
  "SET NAMES utf8mb4, time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION', innodb_strict_mode = 0, autocommit = 1, sql_safe_updates = 0, completion_type = 0, sql_select_limit = DEFAULT, tx_isolation = 'REPEATABLE-READ'"

/** Creates the table with every value of its pools and some rows by chance. */
export async function createCase(at: Connection, table: TableCase, chance: Chance): Promise<void> {
  await at.query(`CREATE TABLE ${quote(table.name)} ${table.body}`)
  const most = Math.max(0, ...[...table.pools.values()].map((pool) => pool.length))
  const every = Array.from({ length: most }, (_, i) => [...table.pools.values()].map((pool) => pool[i % pool.length] as string))
  await insert(at, table, [...every, ...randomRows(table, chance, ROWS)])
}

/** A few changes of every kind, or only such as a timestamp shows: no row goes, nor its key. What would break a rule of the table is left out by the server. */
export async function change(at: Connection, table: TableCase, chance: Chance, kinds: 'all' | 'shown by time' = 'all'): Promise<void> {
  if (table.pools.size === 0) return
  const name = quote(table.name)
  const some = () => `ORDER BY RAND(${chance.below(1e9)}) LIMIT ${1 + chance.below(4)}`
  const all = kinds === 'all'
  const entries = [...table.pools].filter(([column]) => all || column !== table.id)
  const set = () => {
    const [column, pool] = chance.pick(entries)
    return `${quote(column)} = ${chance.pick(pool)}`
  }
  if (all) await at.query(`DELETE FROM ${name} ${some()}`)
  await at.query(`UPDATE IGNORE ${name} SET ${set()} ${some()}`)
  await insert(at, table, randomRows(table, chance, 3))
  await at.query(`UPDATE IGNORE ${name} SET ${set()}, ${set()} ${some()}`)
  for (const [column, pool] of entries.slice(0, 6)) {
    // In letters that differ in case only.
    if (!pool.includes("'AB'") && !pool.includes("'A'")) continue
    await at.query(`UPDATE IGNORE ${name} SET ${quote(column)} = ${chance.pick(['UPPER', 'LOWER'])}(${quote(column)}) ${some()}`)
  }
  if (table.id !== undefined) await swap(at, table, table.id, chance)
  if (table.id === undefined && chance.below(2) === 0) await at.query(`DELETE FROM ${name} ${some()}`)
}

/** Two rows change places, and with them everything that is unique about them. */
async function swap(at: Connection, { name }: TableCase, id: string, chance: Chance): Promise<void> {
  const [rows] = await at.query({ sql: `SELECT ${quote(id)} AS id FROM ${quote(name)} ORDER BY RAND(${chance.below(1e9)}) LIMIT 2`, rowsAsArray: true })
  const [[one] = [], [other] = []] = rows as unknown as number[][]
  if (one === undefined || other === undefined) return
  await at.query('SET foreign_key_checks = 0')
  for (const [from, to] of [
    [one, -99],
    [other, one],
    [-99, other],
  ]) {
    await at.query(`UPDATE IGNORE ${quote(name)} SET ${quote(id)} = ${to} WHERE ${quote(id)} = ${from}`)
  }
  await at.query('SET foreign_key_checks = 1')
}

const randomRows = (table: TableCase, chance: Chance, count: number) =>
  Array.from({ length: count }, () => [...table.pools.values()].map((pool) => chance.pick(pool)))

async function insert(at: Connection, table: TableCase, rows: readonly (readonly string[])[]): Promise<void> {
  if (table.pools.size === 0) return
  const columns = [...table.pools.keys()].map(quote).join(', ')
  await at.query(`INSERT IGNORE INTO ${quote(table.name)} (${columns}) VALUES ${rows.map((row) => `(${row.join(', ')})`).join(', ')}`)
}
