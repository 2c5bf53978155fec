import type { TablePurge, Target, TargetSupports } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { tableName } from '../model/schema.ts'
import type { Fault, MemoryDatabase } from './database.ts'
import { memoryReader } from './reader.ts'
import { needDatabase, renderChange, runStatement } from './statements.ts'
import { memoryWriter } from './writer.ts'

export type MemoryTargetOptions = {
  readonly fault?: Fault
  readonly supports?: Partial<TargetSupports>
  /** Rows of a merge can be seen before the commit and stay when it never comes: the worst that a target may do. */
  readonly leaky?: boolean
}

/** Here the part of a shared table that one database has is a table of its own. */
function purgeOf(db: MemoryDatabase, database: string): readonly TablePurge[] {
  const tables = [...(db.databases.get(database)?.values() ?? [])].filter(({ rows }) => rows.length > 0)
  return tables.map(({ schema: { table }, rows }) => ({ table: table.name, rows: rows.length, statements: [renderChange({ type: 'drop-table', table })] }))
}

/** Writes to a memory database. */
export function memoryTarget(db: MemoryDatabase, options: MemoryTargetOptions = {}): Target {
  const { fault = () => {}, leaky = false } = options
  return {
    ...memoryReader(db, fault),
    supports: { deletes: true, keylessDeletes: true, concurrentTables: 4, ...options.supports },
    identity: async () => db.identity,
    databases: async () => [...db.databases.keys()].sort(),
    fit: (schema, as) => ({ ...schema, table: as }),
    render: (change) => [renderChange(change)],
    async run(statements, signal) {
      for (const statement of statements) {
        await fault('run')
        signal.throwIfAborted()
        runStatement(db, statement)
      }
    },
    leftovers: async () => [],
    preview({ disposition, schema }, effects) {
      const table = JSON.stringify(tableName(schema.table))
      if (disposition === 'replace') return [`load the rows beside table ${table}`, `replace table ${table}`]
      return [...(effects.deletes ? [`delete rows from table ${table}`] : []), ...(effects.upserts ? [`insert or update rows of table ${table}`] : [])]
    },
    async open(work, signal) {
      await fault('open')
      signal.throwIfAborted()
      needDatabase(db, work.schema.table.database)
      return memoryWriter({ db, work, fault, leaky, addsOnce: options.supports?.addsOnce === true, signal })
    },
    async lock(database, signal) {
      signal.throwIfAborted()
      if (db.locks.has(database)) {
        throw new SyncError('RUN_LOCKED', `Another run writes to database ${database}.`, { kind: 'locked', hint: 'Wait for it to end.' })
      }
      db.locks.add(database)
      let held = true
      return {
        held: () => held && db.locks.has(database),
        async [Symbol.asyncDispose]() {
          if (held) db.locks.delete(database)
          held = false
        },
      }
    },
    ...(options.supports?.sharedTables ? { purge: async (database: string) => purgeOf(db, database) } : {}),
    locked: async (database) => db.locks.has(database),
    async [Symbol.asyncDispose]() {},
  }
}
