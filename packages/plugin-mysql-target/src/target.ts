import type {
  DiffOptions,
  ExamineRequest,
  Journal,
  PluginContext,
  SchemaDiff,
  ServerIdentity,
  TableReader,
  TableRef,
  TableSchema,
  TableWriter,
  Target,
  WriteEffects,
  WriteWork,
} from '@dbsync/core/plugin'
import { knowsQuickHash, mysqlNative, mysqlReader, QUICK, quoteText, readDefinitions, type ServerFacts } from '@dbsync/mysql'
import { mysqlBackups } from './backups/backups.ts'
import { Connections } from './connections.ts'
import { readCounter } from './counter.ts'
import { type DatabaseLock, DatabaseLocks } from './database-locks.ts'
import { fitTable, renderChange } from './ddl.ts'
import { examineTarget, type TargetSetup } from './examine/examine.ts'
import { executeLocked } from './execute-locked.ts'
import { guardWork } from './guard.ts'
import { witnessOf } from './journal/journal.ts'
import { withJournals } from './journal/with-journals.ts'
import { leftoverStatements } from './leftovers.ts'
import { lockHolder } from './lock.ts'
import { writeMethod } from './method.ts'
import { databaseLock, isStagingName } from './names.ts'
import { fitObject } from './objects/fit.ts'
import { renderObjects } from './objects/render.ts'
import { countOrphans } from './orphans.ts'
import { restoreLeftovers } from './restore/leftovers.ts'
import { dialectOf } from './schema/dialect.ts'
import { diffTables } from './schema/diff.ts'
import { findMisfits } from './schema/misfits.ts'
import type { Dialect } from './staging.ts'
import { listStatements, writeStatements } from './statements.ts'
import { targetOptions } from './target-options.ts'
import { openWriter } from './writer.ts'

/** The engine's own databases, which are never a copy. */
const SYSTEM = new Set(['information_schema', 'mysql', 'performance_schema', 'sys'])

/** Connects once, to learn which server this is. */
export async function openTarget(options: Readonly<Record<string, unknown>>, context: PluginContext): Promise<Target> {
  const { connection, localInfile, bulkInsert } = targetOptions(options, context)
  const connections = new Connections(connection)
  try {
    const { server, takesBulk } = await connections.with(context.signal, async (session) => session)
    const dialect = { flavour: server.flavour, bulk: bulkInsert && takesBulk, loadData: localInfile && server.localInfile }
    const setup = { options: connection, loadsFiles: localInfile, sendsBulk: bulkInsert }
    return mysqlTarget({ connections, server, dialect, setup, concurrentTables: context.limits.connections })
  } catch (error) {
    await connections[Symbol.asyncDispose]()
    throw error
  }
}

type Parts = {
  readonly connections: Connections
  readonly server: ServerFacts
  readonly dialect: Dialect
  readonly setup: TargetSetup
  readonly concurrentTables: number
}

function mysqlTarget({ connections, server, dialect, setup, concurrentTables }: Parts): Target {
  const lease = async (signal: AbortSignal) => {
    const connection = await connections.lease(signal)
    return { connection, [Symbol.asyncDispose]: () => connections.release(connection) }
  }
  const reader: TableReader = mysqlReader(lease, { traffic: () => connections.traffic() })
  const databaseLocks = new DatabaseLocks(connections)
  const locks = new Map<string, DatabaseLock>()
  /** A database has one lock, in capitals and in small letters, where it is one database. */
  const lockName = (database: string) => (server.lowerCaseTableNames === 0 ? database : database.toLowerCase())
  return {
    ...reader,
    async describe(database: string, tables?: readonly string[]) {
      return (await reader.describe(database, tables)).filter(({ table }) => !isStagingName(table.name))
    },
    supports: { deletes: true, keylessDeletes: true, concurrentTables, ...(server.lowerCaseTableNames === 0 ? {} : { foldsNames: true as const }) },
    identity: async (): Promise<ServerIdentity> => ({ id: server.id, label: server.label }),
    databases: () => connections.with(AbortSignal.timeout(60_000), async (session) => names(await session.query('SHOW DATABASES')).filter(notSystem)),
    examine: (request: ExamineRequest) => connections.with(request.signal, (session) => examineTarget(session, setup, request)),
    ask: (schema: TableSchema) => (knowsQuickHash(server) && mysqlNative(schema)?.rowHash === QUICK ? { ...schema, rowHash: QUICK } : schema),
    fit: (schema: TableSchema, as: TableRef) => fitTable(schema, as, server),
    diff: (actual: TableSchema, wanted: TableSchema, options: DiffOptions) => diffTables(actual, wanted, options, dialectOf(server)),
    misfits: (actual: TableSchema, wanted: TableSchema, diff: SchemaDiff, signal: AbortSignal) =>
      connections.with(signal, (session) => findMisfits(session, actual, wanted, diff, signal)),
    makesAnew: (work: WriteWork) => writeMethod(work, dialect.flavour) === 'swap',
    counter: (schema: TableSchema, signal: AbortSignal) => connections.with(signal, (session) => readCounter(session, schema, signal)),
    render: renderChange,
    async run(statements: readonly string[], signal: AbortSignal) {
      if (statements.length === 0) return
      await connections.with(signal, async (session) => {
        for (const sql of statements) await executeLocked(session, sql, signal)
      })
    },
    async leftovers(database: string) {
      const tables = `SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${quoteText(database)} AND TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_NAME`
      return await connections.with(AbortSignal.timeout(60_000), async (session) => [
        ...leftoverStatements(database, names(await session.query(tables))),
        ...(await restoreLeftovers(session, database)),
      ])
    },
    objects: {
      definitions: (database, kinds, signal) => connections.with(signal, (session) => readDefinitions(session, database, kinds)),
      fit: (definition, database) => fitObject(definition, database, server),
      render: (changes, found) => renderObjects(changes, found, server.flavour),
    },
    reserved: isStagingName,
    guard: (work: WriteWork) => guardWork(work, server.flavour),
    preview: (work: WriteWork, effects: WriteEffects) => listStatements(writeStatements(work, effects, dialect)),
    async open(work: WriteWork, signal: AbortSignal, journal?: Journal): Promise<TableWriter> {
      const refusal = guardWork(work, server.flavour)
      if (refusal !== undefined) throw refusal
      // The lock of this moment and no later one: what was read before that was taken must not be written.
      const lock = locks.get(lockName(work.schema.table.database))
      const allowed = () => lock?.check()
      return await openWriter({ work, dialect, connections, signal, allowed, witness: journal && witnessOf(journal, work, signal) })
    },
    async lock(database: string, signal: AbortSignal) {
      const name = lockName(database)
      const lock = await databaseLocks.take(name, signal)
      locks.set(name, lock)
      return {
        held: () => lock.held(),
        async [Symbol.asyncDispose]() {
          if (locks.get(name) === lock) locks.delete(name)
          await lock[Symbol.asyncDispose]()
        },
      }
    },
    backups(folder: string) {
      const tools = { connections, server, dialect, folder, allowed: (database: string) => locks.get(lockName(database))?.check() }
      return withJournals(tools, mysqlBackups(tools))
    },
    async locked(database: string, signal: AbortSignal) {
      return await connections.with(signal, async (session) => (await lockHolder(session, databaseLock(lockName(database)), signal)) !== undefined)
    },
    async orphans(schema: TableSchema, signal: AbortSignal) {
      return await connections.with(signal, async (session) => {
        const found: { foreignKey: string; rows: number }[] = []
        for (const key of schema.foreignKeys) found.push({ foreignKey: key.name, rows: await countOrphans(session, schema, key, signal) })
        return found
      })
    },
    [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose](),
  }
}

const names = (rows: readonly (readonly (string | null)[])[]): string[] => rows.map(([name]) => name ?? '')
const notSystem = (name: string): boolean => !SYSTEM.has(name.toLowerCase())
