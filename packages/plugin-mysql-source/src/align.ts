import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Consistency } from '@dbsync/core/plugin'
import { cancelled, type MysqlConnection } from '@dbsync/mysql'

/** How many of the connections, from the first one on, share one moment, and how that is known. */
export type Aligned = Consistency & { readonly readers: number }

const TRIES = 20

/** What proves that snapshots opened one after the other show the same moment; SELECT is enough for each. */
type Proof = {
  /** Opens all snapshots; true where they are proved to be of one moment. */
  attempt(connections: readonly MysqlConnection[], signal: AbortSignal): Promise<boolean>
  detail(readers: number, connection: MysqlConnection): Promise<string>
}

/** Opens a transaction on one moment on every connection, or on the first alone where that cannot be proved for several. */
export async function align(connections: readonly MysqlConnection[], signal: AbortSignal): Promise<Aligned> {
  const [first] = connections
  if (first === undefined) throw new Error('no connections')
  if (connections.length > 1) {
    const proof = await proofFor(first)
    if (proof === undefined) return one(first, 'the server has no way to prove more readers to be of one moment', signal)
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if (await proof.attempt(connections, signal)) {
        return { scope: 'all', readers: connections.length, detail: await proof.detail(connections.length, first) }
      }
      await Promise.all(connections.map((connection) => connection.execute('ROLLBACK', signal)))
      await pause(randomInt(1, 10 * (attempt + 1)), signal)
    }
    return one(first, `the server was too busy to open more on the same moment in ${TRIES} tries`, signal)
  }
  return one(first, '', signal)
}

async function one(connection: MysqlConnection, why: string, signal: AbortSignal): Promise<Aligned> {
  await begin(connection, signal)
  return { scope: 'all', readers: 1, detail: `all tables at one moment, by one reader${why === '' ? '' : `: ${why}`}` }
}

const begin = (connection: MysqlConnection, signal: AbortSignal) => connection.execute('START TRANSACTION WITH CONSISTENT SNAPSHOT', signal)
const beginAll = (connections: readonly MysqlConnection[], signal: AbortSignal) => Promise.all(connections.map((connection) => begin(connection, signal)))

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {
    throw cancelled(signal)
  })
}

async function proofFor(connection: MysqlConnection): Promise<Proof | undefined> {
  const { flavour, binaryLog } = connection.server
  if (flavour === 'mariadb') return binaryLog ? binlogPosition : transactionCounter
  const [[, gtids] = []] = await connection.query("SHOW GLOBAL VARIABLES LIKE 'gtid_mode'")
  return gtids === 'ON' && binaryLog ? gtidSet : undefined
}

/**
 * MariaDB, binary log on: each snapshot knows its own position in the log. The server hands the value out through one static buffer, so two sessions that
 * ask at the same time may get each other's: they are asked one after the other, twice over.
 */
const binlogPosition: Proof = {
  async attempt(connections, signal) {
    await beginAll(connections, signal)
    const positions = new Set<string>()
    for (let round = 0; round < 2; round++) {
      for (const connection of connections) positions.add(await position(connection, signal))
    }
    return positions.size === 1 && !positions.has('')
  },
  detail: async (readers, connection) => `all tables at one moment, by ${readers} readers at binary log position ${await position(connection)}`,
}

async function position(connection: MysqlConnection, signal?: AbortSignal): Promise<string> {
  const status = new Map(
    await connection.query("SHOW STATUS LIKE 'Binlog_snapshot_%'", signal).then((rows) => rows.map(([name, value]) => [name?.toLowerCase(), value])),
  )
  const file = status.get('binlog_snapshot_file')
  return file ? `${file}:${status.get('binlog_snapshot_position')}` : ''
}

/** MariaDB, no binary log: a transaction that changes something moves this counter when it begins and when it commits. */
const transactionCounter: Proof = {
  async attempt([first, ...others], signal) {
    if (first === undefined) return false
    const before = await counter(first, signal)
    await beginAll([first, ...others], signal)
    return before !== '' && before === (await counter(first, signal))
  },
  detail: async (readers) => `all tables at one moment, by ${readers} readers: no transaction began or ended while they were opened`,
}

async function counter(connection: MysqlConnection, signal: AbortSignal): Promise<string> {
  const [[, value] = []] = await connection.query("SHOW GLOBAL STATUS LIKE 'Innodb_max_trx_id'", signal)
  return value ?? ''
}

/** MySQL with GTIDs: a transaction shows in its tables shortly before it shows in this set, hence the wait. */
const gtidSet: Proof = {
  async attempt([first, ...others], signal) {
    if (first === undefined) return false
    const before = await executed(first, signal)
    await beginAll([first, ...others], signal)
    await pause(150, signal)
    return before === (await executed(first, signal))
  },
  detail: async (readers) => `all tables at one moment, by ${readers} readers: no transaction was committed while they were opened (GTID)`,
}

async function executed(connection: MysqlConnection, signal: AbortSignal): Promise<string> {
  const [[set] = []] = await connection.query('SELECT @@GLOBAL.gtid_executed', signal)
  return set ?? ''
}
