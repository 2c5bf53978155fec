import { type Consistency, type Snapshot, type SourceClock, SyncError, type TableSchema, tableName } from '@dbsync/core/plugin'
import {
  type ConnectionPool,
  connect,
  connectionPool,
  lastAltered,
  type MysqlConnection,
  type MysqlOptions,
  mysqlNative,
  mysqlReader,
  parseCreateTable,
  requireSameServer,
  type ServerFacts,
  serverErrno,
  showCreate,
} from '@dbsync/mysql'
import { align } from './align.ts'

/**
 * Opens up to `readers` connections on one moment of the data, or one connection where several cannot be proved to share it.
 * The clock is read first: what is committed in between is read twice rather than never. A connection that is lost stays lost.
 */
export async function openSnapshot(options: MysqlOptions, server: ServerFacts, readers: number, signal: AbortSignal): Promise<Snapshot> {
  await using opened = new AsyncDisposableStack()
  const connections: MysqlConnection[] = []
  const failures: unknown[] = []
  // All are awaited, also where one fails: none must be left open.
  for (const attempt of await Promise.allSettled(Array.from({ length: readers }, () => connect(options, 'source', signal)))) {
    if (attempt.status === 'fulfilled') connections.push(opened.use(attempt.value))
    else failures.push(attempt.reason)
  }
  if (failures.length > 0) throw failures[0]
  for (const connection of connections) requireSameServer(server, connection.server)
  const clock = await readClock(connections[0] as MysqlConnection, signal)
  const aligned = await align(connections, signal)
  for (const idle of connections.slice(aligned.readers)) await idle[Symbol.asyncDispose]()
  const used = connections.slice(0, aligned.readers)
  // Metadata locks end with the savepoint, so that an ALTER at the source waits for one table's reading and not for the whole run.
  // MariaDB with its binary log on keeps them until the transaction ends: nothing that SELECT allows changes that.
  const unlocks = !(server.flavour === 'mariadb' && server.binaryLog)
  if (unlocks) for (const connection of used) await connection.execute('SAVEPOINT dbsync', signal)
  const unlock = unlocks ? (connection: MysqlConnection) => connection.execute('ROLLBACK TO SAVEPOINT dbsync').then(() => {}) : undefined
  const kept = opened.move()
  return snapshotOf(connectionPool(used, unlock), aligned, clock, kept)
}

function snapshotOf(pool: ConnectionPool, consistency: Consistency, clock: SourceClock, owned: AsyncDisposable): Snapshot {
  const described = new Map<string, string | undefined>()
  const reader = mysqlReader((signal) => pool.lease(signal), {
    snapshot: true,
    afterRead: (connection, schema) => sameDefinition(connection, schema, described.get(placeOf(schema))),
    traffic: () => pool.traffic(),
  })
  return {
    ...reader,
    async describe(database, names, unreadable) {
      const schemas = await reader.describe(database, names, unreadable)
      for (const schema of schemas) described.set(placeOf(schema), mysqlNative(schema)?.altered)
      return schemas
    },
    consistency: { scope: consistency.scope, detail: consistency.detail },
    clock,
    readers: pool.size,
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}

/** The clock in UTC and in the zone in which the server fills a DATETIME, of one instant. */
async function readClock(connection: MysqlConnection, signal: AbortSignal): Promise<SourceClock> {
  await connection.execute('SET time_zone = @@global.time_zone', signal)
  const [[utc, local] = []] = await connection.query('SELECT UTC_TIMESTAMP(6), NOW(6)', signal)
  // In this zone the server says when its transactions began.
  await connection.execute("SET time_zone = 'SYSTEM'", signal)
  const open = await longestOpen(connection, signal)
  await connection.execute("SET time_zone = '+00:00'", signal)
  if (!utc || !local) throw new Error('the server has no clock')
  // The list is cut to whole seconds, and a tenth of a second old at most.
  const settled = (time: string) => secondsBefore(time, (open ?? 0) + 2)
  return { utc, local, ...(open === undefined ? {} : { settled: { utc: settled(utc), local: settled(local) } }) }
}

/**
 * Seconds since the begin of the longest of the transactions that have written something or are about to; 0 where there is none, `undefined` where the
 * server does not show them: it takes the right PROCESS.
 */
async function longestOpen(connection: MysqlConnection, signal: AbortSignal): Promise<number | undefined> {
  try {
    const [[seconds] = []] = await connection.query(
      `SELECT MAX(TIMESTAMPDIFF(SECOND, trx_started, NOW())) FROM information_schema.INNODB_TRX
       WHERE trx_mysql_thread_id <> CONNECTION_ID() AND trx_is_read_only = 0 AND (trx_rows_modified > 0 OR trx_query IS NOT NULL)`,
      signal,
    )
    return Math.max(0, Number(seconds ?? 0))
  } catch (error) {
    if (!connection.alive || ![1142, 1227].includes(serverErrno(error) ?? 0)) throw error
    return undefined
  }
}

function secondsBefore(time: string, seconds: number): string {
  const [whole, fraction = ''] = time.split('.')
  const earlier = new Date(Date.parse(`${whole?.replace(' ', 'T')}Z`) - seconds * 1000)
  return `${earlier.toISOString().slice(0, 19).replace('T', ' ')}.${fraction}`
}

/**
 * An instant ADD or DROP COLUMN shows its new shape inside an older snapshot, without an error; one that is dropped and added alike shows new values in the
 * old shape, and only the time of the change tells, `altered` of the description. While we read the table cannot be altered, so one look afterwards settles it.
 */
async function sameDefinition(connection: MysqlConnection, schema: TableSchema, altered: string | undefined): Promise<void> {
  const before = mysqlNative(schema)
  if (before === undefined) return
  const after = await showCreate(connection, schema.table)
  const untouched = altered === undefined || altered === (await lastAltered(connection, schema.table))
  if (after !== undefined && (after === before.create || columnsOf(after) === columnsOf(before.create)) && untouched) return
  throw new SyncError('MYSQL_TABLE_CHANGED', `${connection.server.label}: ${tableName(schema.table)} was altered while it was read`, {
    kind: 'transient',
    table: schema.table,
    hint: 'It is read again by itself.',
  })
}

const placeOf = ({ table: { database, name } }: TableSchema): string => JSON.stringify([database, name])

const columnsOf = (create: string): string => JSON.stringify(parseCreateTable(create).columns)
