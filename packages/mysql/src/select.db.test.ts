import { type Column, type RowBatch, SyncError } from '@dbsync/core/plugin'
import { startServer, type TestServer } from '@dbsync/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type MysqlConnection } from './connection.ts'
import { openDriver } from './driver.ts'
import { packedRows } from './select.ts'

let server: TestServer
const { signal } = new AbortController()
const text = (name: string): Column => ({ name, type: { kind: 'bytes' }, nullable: true })
const limits = { batchRows: 1000, batchBytes: 1 << 20 }

const open = (role: 'source' | 'target' = 'source', tuning = {}, settings = {}) =>
  connect({ host: server.host, port: server.port, user: server.user, password: server.password, ...settings }, role, signal, tuning)

async function cells(batches: AsyncIterable<RowBatch>): Promise<(string | null)[][]> {
  const rows: (string | null)[][] = []
  for await (const batch of batches) {
    for (let row = 0; row < batch.rowCount; row++) {
      rows.push(
        batch.columns.map((_, i) => {
          const cell = batch.cell(row, i)
          return cell === null ? null : Buffer.from(cell).toString('hex')
        }),
      )
    }
  }
  return rows
}

beforeAll(async () => {
  server = await startServer({ settings: { max_allowed_packet: '64M', sql_mode: 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,PAD_CHAR_TO_FULL_LENGTH' } })
  await server.query('CREATE DATABASE s')
  await server.query('CREATE TABLE s.seq (id INT PRIMARY KEY, pad VARCHAR(1000)) ENGINE=InnoDB')
  await server.query("INSERT INTO s.seq SELECT seq, REPEAT('x', 900) FROM s.seq_1_to_60000")
  await server.query('SET GLOBAL sql_select_limit = 3')
})
afterAll(() => server[Symbol.asyncDispose]())

test('what a server says about itself is not cut short by its own settings', async () => {
  await using connection = await open()
  expect(connection.server).toMatchObject({ flavour: 'mariadb', maxAllowedPacket: 64 << 20, localInfile: true, lowerCaseTableNames: 0 })
  expect(connection.server.label).toMatch(/^MariaDB \d+\.\d+\.\d+ at /)
})

describe('packed rows', () => {
  test('cells of every length, NULL, empty, and first bytes that mean something to the protocol', async () => {
    await using connection = await open()
    const lengths = [0, 1, 250, 251, 252, 65535, 65536, 16777200, 16777216]
    for (const length of lengths) {
      const sql = `SELECT REPEAT(X'FE', ${length}), NULL, '', REPEAT('b', 3)`
      const [row] = await cells(connection.select(sql, ['a', 'b', 'c', 'd'].map(text), { ...limits, signal }))
      expect(row?.[0] === 'fe'.repeat(length)).toBe(true)
      expect(row?.slice(1)).toEqual([null, '', '626262'])
    }
    const first = await cells(connection.select("SELECT X'FB', X'FF', X'00', X'FE', CHAR(0)", ['a', 'b', 'c', 'd', 'e'].map(text), { ...limits, signal }))
    expect(first).toEqual([['fb', 'ff', '00', 'fe', '00']])
    expect(await connection.query('SELECT 1')).toEqual([['1']])
  })

  test('text comes in the bytes in which it is stored', async () => {
    await server.query(
      "CREATE TABLE s.sets (l CHAR(5) CHARACTER SET latin1, g VARCHAR(5) CHARACTER SET gbk, u VARCHAR(5) CHARACTER SET utf16, e ENUM('é') CHARACTER SET latin1, b BIT(9))",
    )
    await server.query("INSERT INTO s.sets VALUES (_latin1 X'E4FF', _gbk X'C4E3', _utf16 X'D83DDE00', _latin1 X'E9', b'100000001')")
    await using connection = await open()
    expect(await cells(connection.select('SELECT l, g, u, e, b FROM s.sets', ['l', 'g', 'u', 'e', 'b'].map(text), { ...limits, signal }))).toEqual([
      ['e4ff', 'c4e3', 'd83dde00', 'e9', '0101'],
    ])
  })

  test('all rows come, in batches of the size that was asked for, whatever the server-wide limits and modes', async () => {
    await using connection = await open()
    let rows = 0
    for await (const batch of connection.select('SELECT id, pad FROM s.seq', ['id', 'pad'].map(text), { batchRows: 700, batchBytes: 1 << 30, signal })) {
      expect(batch.rowCount).toBeLessThanOrEqual(700)
      rows += batch.rowCount
      // A consumer that is slower than the server.
      if (rows % 7000 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(rows).toBe(60000)
    expect(await connection.query("SELECT LENGTH('\\n'), '0' || '1', \"text\"")).toEqual([['1', '1', 'text']])
    expect(connection.traffic().received).toBeGreaterThan(54e6)
  })

  test('compressed rows are the same', async () => {
    await using connection = await open('source', {}, { compress: true })
    const batches = connection.select('SELECT id, pad FROM s.seq ORDER BY id LIMIT 20000', ['id', 'pad'].map(text), { ...limits, signal })
    expect((await cells(batches)).length).toBe(20000)
    expect(connection.traffic().received).toBeLessThan(2e6)
  })

  test('without our row state the driver gives the same cells', async () => {
    const options = { host: server.host, port: server.port, user: server.user, password: server.password }
    const driver = await openDriver(options, 'source', 5000)
    driver.on('error', () => {})
    await new Promise((resolve) => driver.query({ sql: 'SET sql_select_limit = 1000' }, resolve))
    const sql = "SELECT id, IF(id = 2, NULL, REPEAT('x', id)), X'FE00' FROM s.seq WHERE id < 400"
    await using connection = await open()
    const expected = await cells(connection.select(sql, ['a', 'b', 'c'].map(text), { batchRows: 50, batchBytes: 1 << 20, signal }))
    const rows = packedRows(driver, ['a', 'b', 'c'].map(text), { batchRows: 50, batchBytes: 1 << 20 }, false)
    rows.start(sql)
    expect(expected.length).toBe(399)
    expect(JSON.stringify(await cells(rows)) === JSON.stringify(expected)).toBe(true)
    driver.end()
  })

  test('an error in the middle of a result is thrown and the connection stays usable', async () => {
    await using connection = await open()
    const sql = 'SELECT id, pad FROM s.seq WHERE id < 30000 UNION ALL SELECT 1, (SELECT pad FROM s.seq WHERE id < 3)'
    await expect(cells(connection.select(sql, ['a', 'b'].map(text), { ...limits, signal }))).rejects.toMatchObject({ code: 'MYSQL_STATEMENT' })
    expect(await connection.query('SELECT 1')).toEqual([['1']])
  })

  test('an error that comes with as many batches as may wait does not hold up the next statement', async () => {
    await using connection = await open()
    for (const rows of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const sql = `SELECT id FROM s.seq WHERE id <= ${rows} UNION ALL SELECT (SELECT pad FROM s.seq WHERE id < 3)`
      await expect(cells(connection.select(sql, [text('a')], { batchRows: 2, batchBytes: 1 << 20, signal }))).rejects.toMatchObject({ code: 'MYSQL_STATEMENT' })
      expect(await connection.query('SELECT 1', AbortSignal.timeout(5000)), `after ${rows} rows`).toEqual([['1']])
    }
  })
})

describe('losing the connection', () => {
  const read = (connection: MysqlConnection, withSignal = signal) =>
    connection.select('SELECT a.id, a.pad FROM s.seq a, s.seq b', ['id', 'pad'].map(text), { ...limits, signal: withSignal })

  /** Reads a little, does something, and reads on. */
  async function interrupted(connection: MysqlConnection, act: () => Promise<unknown>, withSignal = signal): Promise<unknown> {
    let acted = false
    try {
      for await (const batch of read(connection, withSignal)) {
        if (!acted && batch.rowCount > 0) {
          acted = true
          await act()
        }
      }
    } catch (error) {
      return error
    }
    throw new Error('the result ended cleanly')
  }

  test('KILL in the middle of a result', async () => {
    await using connection = await open()
    const error = await interrupted(connection, () => server.query(`KILL ${connection.id}`))
    expect(error).toMatchObject({ kind: 'transient' })
    expect(connection.alive).toBe(false)
    await expect(connection.query('SELECT 1')).rejects.toMatchObject({ kind: 'transient' })
  })

  test('KILL while a statement computes, and while nothing runs', async () => {
    await using busy = await open()
    const waiting = busy.query('SELECT SLEEP(60)')
    setTimeout(() => void server.query(`KILL ${busy.id}`), 100)
    await expect(waiting).rejects.toMatchObject({ kind: 'transient' })
    await using idle = await open()
    await server.query(`KILL ${idle.id}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await expect(idle.query('SELECT 1')).rejects.toMatchObject({ kind: 'transient' })
  })

  test('aborting stops at once and says so', async () => {
    await using connection = await open()
    const controller = new AbortController()
    const error = await interrupted(connection, async () => controller.abort(), controller.signal)
    expect(SyncError.is(error) && error.kind).toBe('cancelled')
    await using other = await open()
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 50)
    await expect(other.execute('DO SLEEP(60)', stop.signal)).rejects.toMatchObject({ kind: 'cancelled' })
  })

  test('leaving the loop early closes the connection', async () => {
    await using connection = await open()
    for await (const _ of read(connection)) break
    expect(connection.alive).toBe(false)
  })

  test('a long silent statement is left alone; a frozen server is not waited for', { timeout: 40_000 }, async () => {
    await using connection = await open('source', { idleMs: 200, connectMs: 1500 })
    expect(await connection.query('SELECT SLEEP(1.2)')).toEqual([['0']])
    process.kill(server.pid, 'SIGSTOP')
    try {
      const started = Date.now()
      // Longer than it takes until the last thread has stopped.
      await expect(connection.query('SELECT SLEEP(0.5)')).rejects.toMatchObject({
        // On a busy machine the connection may be found closed before it is said why we closed it.
        code: expect.stringMatching(/^MYSQL_(SILENT|CONNECTION_LOST)$/),
        kind: 'transient',
      })
      expect(Date.now() - started).toBeLessThan(6000)
    } finally {
      process.kill(server.pid, 'SIGCONT')
    }
  })

  test('LOAD DATA counts what changed; a body that fails leaves nothing behind; the path that the server names is ignored', async () => {
    await server.query('CREATE TABLE s.loaded (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB')
    await using connection = await open('target')
    const sql = "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE s.loaded CHARACTER SET binary"
    const rows = async function* () {
      yield Buffer.from('1\ta\n2\tb')
      yield new Uint8Array()
      yield Buffer.from('\n3\tc\n')
    }
    expect(await connection.load(sql, rows(), signal)).toMatchObject({ affectedRows: 3, warnings: 0 })
    expect(await connection.execute("UPDATE s.loaded SET v = 'a' WHERE id < 3")).toMatchObject({ affectedRows: 1 })
    const failing = async function* () {
      yield Buffer.from('4\td\n')
      throw new SyncError('X', 'the source broke', { kind: 'transient' })
    }
    await expect(connection.load(sql, failing(), signal)).rejects.toMatchObject({ code: 'X' })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await server.query('SELECT COUNT(*) AS n FROM s.loaded')).toEqual([{ n: '3' }])
  })

  test('the server dies in the middle of a result', async () => {
    await using connection = await open()
    const error = await interrupted(connection, () => server.kill())
    expect(error).toMatchObject({ kind: 'transient' })
    await expect(open()).rejects.toMatchObject({ code: 'MYSQL_UNREACHABLE', kind: 'connection' })
  })
})
