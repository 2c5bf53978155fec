import type { RowBatch } from '@dbsync/core/plugin'
import { type BulkStatement, type MysqlConnection, serverErrno } from '@dbsync/mysql'
import { bulkRows } from './bulk-rows.ts'
import { loadError, requireExact } from './exact.ts'
import type { LoadInto, StagingLoad } from './staging-load.ts'
import { BEGIN, COMMIT } from './steps.ts'

/** The largest packet; a batch of the usual size makes one of a mebibyte. */
const PACKET = 8 << 20

/** A transaction as large as a table would be one in the server's binary log as well, and fill the folder of its temporary files on the way there. */
const TRANSACTION = 16 << 20

/** Too many prepared statements on the server, or none of this kind. */
const NOT_PREPARED = new Set([1461, 1295])

/**
 * Rows go in the form in which they came, sent ahead of their answers, in transactions of some size unless they are few. A row that does not fit into a packet goes by `other`, with the
 * rest of its batch. With `begun` there is one transaction for all rows, in which it runs before the first one. `undefined` where the server does not take that, or not now.
 */
export async function bulkLoad(
  connection: MysqlConnection,
  into: LoadInto,
  other: () => StagingLoad,
  begun?: () => Promise<void>,
): Promise<StagingLoad | undefined> {
  const { staging, live, signal } = into
  const { bulk: sql, few } = staging
  if (sql === undefined || !connection.takesBulk) return undefined
  const translated = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw loadError(connection, live, error)
    }
  }
  if (!few) await connection.execute(BEGIN.sql, signal)
  await begun?.()
  const prepare = () => connection.bulk(sql, staging.columns.length, signal)
  let statement: BulkStatement | undefined
  try {
    statement = await translated(prepare)
  } catch (error) {
    if (!NOT_PREPARED.has(serverErrno(error) ?? 0)) throw error
    if (!few) await connection.execute(COMMIT.sql, signal)
    return undefined
  }
  const spare: Buffer[] = []
  /** Rows of the open statement, and all of them. */
  let sent = 0
  let total = 0
  /** Bytes of rows in the open transaction. */
  let open = 0

  async function settle(): Promise<void> {
    const ended = statement
    statement = undefined
    if (ended !== undefined) await requireExact(connection, live, await ended.end(), sent, signal)
    sent = 0
  }

  async function send(rows: RowBatch): Promise<void> {
    statement ??= await prepare()
    const ready = bulkRows(rows, Math.min(statement.room, PACKET), spare.pop())
    if (ready === undefined) {
      await settle()
      const load = other()
      await load.write(rows)
      await load.end()
      return
    }
    let start = 0
    for (const end of ready.parts) {
      const free = end === ready.parts.at(-1) ? () => void spare.push(ready.bytes) : undefined
      await statement.send(ready.bytes.subarray(start, end), free)
      start = end
    }
    sent += rows.rowCount
  }

  async function commitWhenLarge(bytes: number): Promise<void> {
    open += bytes
    if (few || begun !== undefined || open < TRANSACTION) return
    await settle()
    await connection.execute(COMMIT.sql, signal)
    await connection.execute(BEGIN.sql, signal)
    open = 0
  }

  return {
    async write(rows) {
      await translated(async () => {
        await send(rows)
        await commitWhenLarge(rows.bytes.length)
      })
      total += rows.rowCount
    },
    async end() {
      await translated(async () => {
        await settle()
        if (!few) await connection.execute(COMMIT.sql, signal)
      })
      return total
    },
    async abandon() {
      // Its error has reached whoever wrote, or nobody needs it any more.
      await statement?.end().catch(() => {})
      // An open transaction would keep the staging table from being dropped.
      if (connection.alive) await connection.execute('ROLLBACK').catch(() => {})
    },
  }
}
