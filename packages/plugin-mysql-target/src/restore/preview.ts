import { errorJson, type RestorePreview, type RestoreTable } from '@dbsync/core/plugin'
import { type MysqlConnection, quoteId, quoteTable, sameName } from '@dbsync/mysql'
import { fixStatements, keysTo } from './foreign-keys.ts'
import { type Listed, listTables } from './listing.ts'
import { makePlan } from './make-plan.ts'
import { lostHistory } from './prove.ts'
import { renamesAtOnce } from './restore.ts'
import { asideDatabase, scratchDatabase } from './side-databases.ts'
import { renameStatement, renames } from './swap-plan.ts'
import { dropTrigger, readTriggers, type Trigger } from './triggers.ts'

/** What a restore of these tables would do. The point is not read: its triggers are told of, and not shown. */
export async function previewRestore(
  connection: MysqlConnection,
  databases: readonly string[],
  tables: readonly RestoreTable[],
  signal: AbortSignal,
): Promise<RestorePreview> {
  const lists = new Map<string, readonly Listed[]>()
  const liveTriggers: Trigger[] = []
  for (const database of databases) {
    lists.set(database, await listTables(connection, database, signal))
    liveTriggers.push(...(await readTriggers(connection, database, signal)))
  }
  const isThere = ({ database, name }: RestoreTable) => (lists.get(database) ?? []).find((one) => one.kind !== 'other' && sameName(connection, one.name, name))
  const rows: RestorePreview['tables'][number][] = []
  for (const table of tables) {
    const { database, name, absent } = table
    const present = isThere(table)
    const change = present === undefined ? (absent ? 'none' : 'create') : absent ? 'remove' : 'replace'
    const rowsNow = present === undefined ? null : await count(connection, { database, name: present.name }, signal)
    rows.push({ database, name, change, rowsNow, rowsThen: absent ? null : (table.rows ?? null) })
  }
  const refusal = databases.map((database) => lostHistory(database, lists.get(database) ?? [], tables)).find((error) => error !== undefined)
  const plan = makePlan({
    databases: databases.map((database) => {
      const own = tables.filter((table) => table.database === database)
      const names = (absent: boolean) => own.filter((table) => (table.absent ?? false) === absent)
      return {
        database,
        live: lists.get(database) ?? [],
        restored: names(false).map(({ name, rows = 0 }) => ({ name, rows })),
        removed: names(true).map(({ name }) => name),
        ignoreCase: connection.server.lowerCaseTableNames !== 0,
      }
    }),
    liveTriggers,
    restoredTriggers: liveTriggers,
    keepTriggers: true,
    scratchKeys: [],
    keysToLive: await keysTo(connection, databases, signal),
    atomicRename: renamesAtOnce(connection),
  })
  const sides = databases.flatMap((database) => [scratchDatabase(database), asideDatabase(database)])
  return {
    tables: rows,
    statements: [
      ...sides.map((name) => `CREATE DATABASE ${quoteId(name)}`),
      ...databases.map((database) => `-- the tables of the point are built in ${quoteId(scratchDatabase(database))}`),
      ...plan.dropTriggers.map(dropTrigger),
      renameStatement(renames(plan)),
      ...plan.foreignKeys.flatMap(fixStatements),
      '-- the triggers of the point are made',
      ...sides.map((name) => `DROP DATABASE IF EXISTS ${quoteId(name)}`),
    ],
    apart: plan.apart,
    ...(refusal === undefined ? {} : { refused: errorJson(refusal) }),
  }
}

async function count(connection: MysqlConnection, table: { readonly database: string; readonly name: string }, signal: AbortSignal): Promise<number> {
  const [[rows] = []] = await connection.query(`SELECT COUNT(*) FROM ${quoteTable(table)}`, signal)
  return Number(rows)
}
