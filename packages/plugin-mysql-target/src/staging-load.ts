import { type RowBatch, SyncError, type TableRef, tableName } from '@dbsync/core/plugin'
import { type MysqlConnection, quoteTable, serverErrno } from '@dbsync/mysql'
import { bulkLoad } from './bulk-load.ts'
import { loadError, requireExact } from './exact.ts'
import { insertText } from './insert-text.ts'
import { loadText } from './load-text.ts'
import { lockHolder } from './lock.ts'
import { tableLock } from './names.ts'
import { Pipe } from './pipe.ts'
import { type Dialect, dropTables, type Staging } from './staging.ts'

const TABLE_EXISTS = 1050

/** Rows on their way into one staging table. It uses its connection until `end` or `abandon`. */
export interface StagingLoad {
  /** Resolves when it can take more. Rejects with the load's own error, also when that came after an earlier call. */
  write(rows: RowBatch): Promise<void>
  /** Every row is in, exactly as it was sent; resolves to their number. Else throws `MYSQL_LOAD_INEXACT`, naming the first trouble. */
  end(): Promise<number>
  /** Gives up. The staging table holds anything or nothing, and the connection is not to be used for another table. */
  abandon(): Promise<void>
}

/** `live` is the table that the rows are for: messages name it and not the staging table. */
export type LoadInto = { readonly staging: Staging; readonly live: TableRef; readonly dialect: Dialect; readonly signal: AbortSignal }

/** Creates the staging table and starts to load it. */
export async function startLoad(connection: MysqlConnection, into: LoadInto): Promise<StagingLoad> {
  await createStaging(connection, into)
  const other = () => byStatements(connection, into)
  return (await bulkLoad(connection, into, other)) ?? other()
}

/**
 * Starts another load of a staging table that is being loaded, over a connection that is not `owner`, which made the table and holds its lock. `undefined`
 * where the server takes no bulk statements: two LOAD DATA would wait for each other's AUTO_INCREMENT.
 */
export async function loadBeside(connection: MysqlConnection, into: LoadInto, owner: MysqlConnection): Promise<StagingLoad | undefined> {
  // Never statement by statement: an open transaction is what keeps the table from being dropped.
  const staging = { ...into.staging, few: false }
  const other = () => byStatements(connection, into)
  return await bulkLoad(connection, { ...into, staging }, other, () => holdStaging(connection, into, owner))
}

/**
 * Whoever holds the table's lock next drops the staging table and makes it anew, and no row of ours may get there. Once it is open here nobody drops it before
 * our transaction ends, and if the lock is the owner's then, it is still the owner's table.
 */
async function holdStaging(connection: MysqlConnection, { staging, live, signal }: LoadInto, owner: MysqlConnection): Promise<void> {
  await connection.query(`SELECT 1 FROM ${quoteTable(staging.table)} LIMIT 0`, signal)
  if ((await lockHolder(connection, tableLock(live), signal)) === owner.id) return
  throw new SyncError('RUN_LOCK_LOST', `${connection.server.label}: the lock on ${tableName(live)} was lost while its rows were written.`, {
    kind: 'transient',
    table: live,
    hint: 'Another run may have started meanwhile. Run again.',
  })
}

/** Its name is ours alone, and so is the table's lock: one that is there was left behind by a run that was killed. */
async function createStaging(connection: MysqlConnection, { staging, signal }: LoadInto): Promise<void> {
  const [create = '', ...further] = staging.create
  try {
    await connection.execute(create, signal)
  } catch (error) {
    if (serverErrno(error) !== TABLE_EXISTS) throw error
    await connection.execute(dropTables([staging.table]), signal)
    await connection.execute(create, signal)
  }
  for (const sql of further) await connection.execute(sql, signal)
}

/** Complete as soon as it has ended. */
const byStatements = (connection: MysqlConnection, into: LoadInto): StagingLoad =>
  into.dialect.loadData ? loadData(connection, into) : insertRows(connection, into)

function loadData(connection: MysqlConnection, { staging, live, dialect, signal }: LoadInto): StagingLoad {
  const pipe = new Pipe()
  // The server hangs up on a larger packet.
  const piece = Math.min(1 << 20, connection.server.maxAllowedPacket >> 1)
  const spare: Buffer[] = []
  let sent = 0
  const failed = (error: unknown) => loadError(connection, live, error)
  const answer = connection.load(staging.load, pipe, signal).catch((error: unknown) => {
    pipe.fail(failed(error))
    throw failed(error)
  })
  // Whoever writes or ends hears of it; nobody may be listening just now.
  answer.catch(() => {})
  return {
    async write(rows) {
      sent += rows.rowCount
      const text = loadText(rows, dialect.flavour, spare.pop())
      const free = () => void spare.push(Buffer.from(text.buffer))
      for (let at = 0; at < text.length; at += piece) await pipe.push(text.subarray(at, at + piece), at + piece < text.length ? undefined : free)
    },
    async end() {
      pipe.end()
      const result = await answer
      await requireExact(connection, live, result, sent, signal)
      return sent
    },
    async abandon() {
      pipe.end()
      // Its error has reached whoever wrote, or nobody needs it any more.
      await answer.catch(() => {})
    },
  }
}

function insertRows(connection: MysqlConnection, { staging, live, dialect, signal }: LoadInto): StagingLoad {
  let sent = 0
  const { label, maxAllowedPacket } = connection.server
  return {
    async write(rows) {
      try {
        for (const { sql, rows: count } of insertText(staging.load, rows, dialect.flavour, maxAllowedPacket - 1024)) {
          if (sql.length >= maxAllowedPacket) throw tooLarge(live, sql.length, maxAllowedPacket, label)
          await requireExact(connection, live, await connection.execute(sql, signal), count, signal)
        }
      } catch (error) {
        throw loadError(connection, live, error)
      }
      sent += rows.rowCount
    },
    async end() {
      return sent
    },
    async abandon() {},
  }
}

const tooLarge = (live: TableRef, size: number, limit: number, label: string): SyncError =>
  new SyncError('MYSQL_PACKET', `${label}, loading ${tableName(live)}: a row needs a statement of ${size} bytes and max_allowed_packet is ${limit}`, {
    kind: 'data',
    table: live,
    hint: `Raise max_allowed_packet on ${label}: SET GLOBAL max_allowed_packet=1073741824; or allow LOAD DATA LOCAL there: SET GLOBAL local_infile=1`,
  })
