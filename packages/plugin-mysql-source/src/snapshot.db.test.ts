import type { PluginContext, RowBatch, Snapshot, Source, TableSchema } from '@dbsync/core/plugin'
import { startServer, type TestServer } from '@dbsync/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import register from './register.ts'

let server: TestServer
const { signal } = new AbortController()
const context: PluginContext = { directory: '/', signal, limits: { connections: 8, batchRows: 1000, compress: false }, warn() {} }

async function source(settings: Record<string, unknown> = {}, within: Partial<PluginContext> = {}): Promise<Source> {
  const { sources } = await register()
  const provider = sources?.find(({ type }) => type === 'mariadb')
  if (provider === undefined) throw new Error('no provider')
  return provider.open({ host: server.host, port: server.port, user: 'reader', password: "p@ss:w/rd'", ...settings }, { ...context, ...within })
}

beforeAll(async () => {
  server = await startServer({ binlog: true, timeZone: '-05:00' })
  await server.query('CREATE DATABASE bank')
  await server.query('CREATE DATABASE `other``s`')
  await server.query(`CREATE USER reader@'%' IDENTIFIED BY 'p@ss:w/rd''', partial@'%' IDENTIFIED BY 'x', widecard@'%' IDENTIFIED BY 'x'`)
  await server.query("GRANT SELECT ON bank.* TO reader@'%'")
  for (const name of ['a', 'b', 'c', 'd']) {
    await server.query(`CREATE TABLE bank.${name} (id INT PRIMARY KEY, balance INT NOT NULL) ENGINE=InnoDB`)
    await server.query(`INSERT INTO bank.${name} VALUES (1, 1000), (2, 1000)`)
  }
})
afterAll(() => server[Symbol.asyncDispose]())

async function read(snapshot: Snapshot, schema: TableSchema): Promise<string[][]> {
  const rows: string[][] = []
  for await (const batch of snapshot.read({ schema, batchRows: 100, batchBytes: 1 << 20, signal })) rows.push(...rowsOf(batch))
  return rows
}

const rowsOf = (batch: RowBatch): string[][] => [...batch.rows()].map((row) => row.map(String))

/** Moves money between tables until stopped: the total never changes, at any moment. */
function transfers(): () => Promise<number> {
  let stop = false
  let commits = 0
  const writer = async (seed: number) => {
    const connection = await server.connect()
    const names = ['a', 'b', 'c', 'd']
    for (let i = seed; !stop; i++) {
      const [from, to] = [names[i % 4], names[(i * 7 + 1) % 4]]
      const id = (i % 2) + 1
      await connection.query('BEGIN')
      try {
        await connection.query(`UPDATE bank.${from} SET balance = balance - 1 WHERE id = ${id}`)
        await connection.query(`UPDATE bank.${to} SET balance = balance + 1 WHERE id = ${id}`)
        await connection.query('COMMIT')
        commits++
      } catch (error) {
        if ((error as { errno?: number }).errno !== 1213) throw error
      }
    }
    await connection.end()
  }
  const running = Promise.all([writer(0), writer(1)])
  return async () => {
    stop = true
    await running
    return commits
  }
}

async function total(snapshot: Snapshot, schemas: readonly TableSchema[]): Promise<number> {
  const tables = await Promise.all(schemas.map((schema) => read(snapshot, schema)))
  return tables.flat().reduce((sum, row) => sum + Number(row[1]), 0)
}

describe('a snapshot', () => {
  test('several readers see one moment while others write, with the binary log on', async () => {
    await using from = await source()
    const stop = transfers()
    try {
      for (let round = 0; round < 30; round++) {
        await using snapshot = await from.open({ readers: 4, signal })
        expect(snapshot.consistency.scope).toBe('all')
        expect(snapshot.consistency.detail).toMatch(/4 readers at binary log position \S+:\d+|one reader: the server was too busy/)
        const schemas = await snapshot.describe('bank', ['a', 'b', 'c', 'd'])
        expect(await total(snapshot, schemas)).toBe(8000)
        expect(await total(snapshot, schemas)).toBe(8000)
      }
    } finally {
      expect(await stop()).toBeGreaterThan(30)
    }
  })

  test('the binary log off: the same, or one reader where the server is too busy', async () => {
    await using plain = await startServer()
    await plain.query("CREATE USER reader@'%' IDENTIFIED BY 'p@ss:w/rd'''")
    await plain.query('CREATE DATABASE bank')
    await plain.query("GRANT SELECT ON bank.* TO reader@'%'")
    await plain.query('CREATE TABLE bank.t (id INT PRIMARY KEY)')
    await using from = await source({ port: plain.port })
    await using reading = await from.open({ readers: 1, signal })
    const [schema] = await reading.describe('bank', ['t'])
    await read(reading, schema as TableSchema)
    // The metadata lock has gone with the savepoint: an ALTER does not wait for the end of the snapshot.
    await plain.query('SET lock_wait_timeout = 2')
    await plain.query('ALTER TABLE bank.t ADD COLUMN v INT DEFAULT 1, ALGORITHM=COPY')
    await using quiet = await from.open({ readers: 3, signal })
    expect(quiet).toMatchObject({ readers: 3, consistency: { scope: 'all', detail: expect.stringContaining('no transaction began or ended') } })
    const writer = await plain.connect()
    let stop = false
    const writing = (async () => {
      for (let i = 0; !stop; i++) await writer.query(`INSERT INTO bank.t (id) VALUES (${i})`)
    })()
    await using busy = await from.open({ readers: 3, signal })
    stop = true
    await writing
    await writer.end()
    expect(busy.consistency.scope).toBe('all')
    expect(busy.consistency.detail).toContain(busy.readers === 1 ? 'too busy' : 'no transaction began')
  })

  test('the clock is read before it opens, in UTC and in the zone of the server', async () => {
    await using from = await source()
    await using snapshot = await from.open({ readers: 1, signal })
    await new Promise((resolve) => setTimeout(resolve, 5))
    const [now] = await server.query('SELECT UTC_TIMESTAMP(6) AS utc')
    expect(snapshot.clock.utc < String(now?.utc)).toBe(true)
    expect(snapshot.clock.utc).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/)
    expect(Date.parse(`${snapshot.clock.utc}Z`) - Date.parse(`${snapshot.clock.local}Z`)).toBe(5 * 3600_000)
  })

  test('a transaction that commits between clock and snapshot is read twice, and not never', async () => {
    await server.query("SET GLOBAL log_output = 'TABLE'")
    await server.query('SET GLOBAL general_log = ON')
    await using from = await source()
    await using _ = await from.open({ readers: 2, signal })
    await server.query('SET GLOBAL general_log = OFF')
    // In the order in which they came: their times are in the zone of whoever asks.
    const log = await server.query("SELECT CONVERT(argument USING utf8mb4) AS text FROM mysql.general_log WHERE user_host LIKE 'reader%'")
    const asked = (what: RegExp) => log.map(({ text }) => String(text)).filter((text) => what.test(text))
    const order = asked(/UTC_TIMESTAMP\(6\)|CONSISTENT SNAPSHOT/).map((text) => (text.includes('SNAPSHOT') ? 'snapshot' : 'clock'))
    expect(order).toEqual(['clock', 'snapshot', 'snapshot'])
  })

  test('what is settled ends before the oldest transaction that has written, for a user who may see it', async () => {
    const seconds = (time: string | undefined) => Date.parse(`${time}Z`) / 1000
    const look = async (user = 'reader') => {
      await using from = await source({ user })
      await using snapshot = await from.open({ readers: 2, signal })
      const { utc, local, settled } = snapshot.clock
      if (settled === undefined) return undefined
      expect(seconds(utc) - seconds(settled.utc)).toBeCloseTo(seconds(local) - seconds(settled.local), 3)
      return Math.round(seconds(utc) - seconds(settled.utc))
    }
    await server.query(`CREATE USER watcher@'%' IDENTIFIED BY 'p@ss:w/rd'''`)
    await server.query("GRANT SELECT ON bank.* TO watcher@'%'")
    await server.query("GRANT PROCESS ON *.* TO watcher@'%'")
    const writer = await server.connect()
    try {
      await writer.query('BEGIN')
      await writer.query('SELECT * FROM bank.a')
      await new Promise((resolve) => setTimeout(resolve, 3100))
      expect(await look('watcher')).toBe(2)
      await writer.query('INSERT INTO bank.b VALUES (99, 0)')
      // The server's list is a tenth of a second old at most.
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(await look('watcher')).toBeGreaterThanOrEqual(5)
      expect(await look()).toBeUndefined()
      await writer.query('ROLLBACK')
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(await look('watcher')).toBe(2)
    } finally {
      writer.destroy()
    }
  })

  test('a table altered after it was described is an error, however quietly it was altered', async () => {
    for (const change of ['ADD COLUMN x INT DEFAULT 1', 'DROP COLUMN v', 'MODIFY v BIGINT', 'ADD COLUMN x INT FIRST']) {
      await server.query('CREATE OR REPLACE TABLE bank.ddl (id INT PRIMARY KEY, v INT) ENGINE=InnoDB')
      await server.query('INSERT INTO bank.ddl VALUES (1, 1)')
      await using from = await source()
      await using snapshot = await from.open({ readers: 2, signal })
      const [schema] = await snapshot.describe('bank', ['ddl'])
      await server.query(`ALTER TABLE bank.ddl ${change}`)
      await expect(read(snapshot, schema as TableSchema), change).rejects.toMatchObject({ code: 'MYSQL_TABLE_CHANGED', kind: 'transient' })
    }
    await server.query('DROP TABLE bank.ddl')
  })

  test('a column that is dropped and added alike meanwhile is noticed, and a new snapshot reads the table', async () => {
    await server.query('CREATE TABLE bank.alike (id INT PRIMARY KEY, v INT) ENGINE=InnoDB')
    await server.query('INSERT INTO bank.alike VALUES (1, 1)')
    // The server knows of the second in which a table was altered.
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await using from = await source()
    await using snapshot = await from.open({ readers: 2, signal })
    const [schema] = (await snapshot.describe('bank', ['alike'])) as [TableSchema]
    for (const change of ['DROP COLUMN v', 'ADD COLUMN v INT']) await server.query(`ALTER TABLE bank.alike ${change}, ALGORITHM=INSTANT`)
    await expect(read(snapshot, schema)).rejects.toMatchObject({ code: 'MYSQL_TABLE_CHANGED', kind: 'transient' })
    {
      await using next = await from.open({ readers: 1, signal })
      await next.describe('bank', ['alike'])
      expect(await read(next, schema)).toEqual([['1', 'null']])
    }
    await snapshot[Symbol.asyncDispose]()
    await server.query('DROP TABLE bank.alike')
  })

  test('a lost connection is never replaced', async () => {
    await using from = await source()
    await using snapshot = await from.open({ readers: 1, signal })
    const schemas = await snapshot.describe('bank', ['a'])
    for (const { Id, User } of await server.query('SHOW PROCESSLIST')) if (User === 'reader') await server.query(`KILL ${Number(Id)}`)
    for (let attempt = 0; attempt < 2; attempt++) await expect(read(snapshot, schemas[0] as TableSchema)).rejects.toMatchObject({ kind: 'transient' })
    expect(await from.databases()).toEqual(['bank'])
    await using next = await from.open({ readers: 1, signal })
    expect((await read(next, schemas[0] as TableSchema)).length).toBe(2)
  })

  test('no more connections than the user allows, and none is left', async () => {
    const count = async () => (await server.query('SHOW PROCESSLIST')).filter(({ User }) => User === 'reader').length
    {
      await using from = await source({}, { limits: { ...context.limits, connections: 3 } })
      await using snapshot = await from.open({ readers: 8, signal })
      expect(snapshot.readers).toBe(2)
      expect(await count()).toBe(3)
    }
    for (let i = 0; i < 50 && (await count()) > 0; i++) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await count()).toBe(0)
  })
})

describe('what SELECT alone can see', () => {
  test('everything of a database under a grant on it; what is hidden is not called none', async () => {
    await server.query('CREATE OR REPLACE VIEW bank.v AS SELECT 1')
    await server.query('CREATE OR REPLACE TRIGGER bank.tr BEFORE INSERT ON bank.a FOR EACH ROW SET NEW.balance = NEW.balance')
    await using from = await source()
    expect(await from.databases()).toEqual(['bank'])
    expect(await from.visibility('bank')).toEqual({ scope: 'complete' })
    expect(await from.objects('bank')).toEqual({ views: ['v'], triggers: undefined, routines: undefined, events: undefined, sequences: [] })
    const identity = await from.identity()
    expect(identity.label).toMatch(/^MariaDB \d+\.\d+\.\d+ at 127\.0\.0\.1:\d+$/)
    await using root = await source({ user: server.user, password: server.password })
    expect(await root.identity()).toEqual(identity)
    expect(await root.objects('bank')).toEqual({ views: ['v'], triggers: ['tr'], routines: [], events: [], sequences: [] })
    await server.query('DROP TRIGGER bank.tr')
  })

  test('grants table by table are partial, and a table that shows some columns only is refused', async () => {
    await server.query("GRANT SELECT ON bank.a TO partial@'%'")
    await server.query("GRANT SELECT (id) ON bank.b TO partial@'%'")
    await using from = await source({ user: 'partial', password: 'x' })
    expect(await from.visibility('bank')).toEqual({ scope: 'partial', user: 'partial@%' })
    await using snapshot = await from.open({ readers: 1, signal })
    expect((await snapshot.describe('bank', ['a', 'c'])).map((schema) => schema.table.name)).toEqual(['a'])
    await expect(snapshot.describe('bank')).rejects.toMatchObject({
      code: 'MYSQL_PRIVILEGE',
      kind: 'privilege',
      hint: expect.stringContaining('GRANT SELECT ON `bank`.*'),
    })
  })

  test('a grant by pattern is complete', async () => {
    await server.query("GRANT SELECT ON `ba%`.* TO widecard@'%'")
    await using from = await source({ user: 'widecard', password: 'x' })
    expect(await from.visibility('bank')).toEqual({ scope: 'complete' })
  })
})

describe('refusals', () => {
  test.each([
    [{ password: 'wrong' }, 'MYSQL_LOGIN', 'connection'],
    [{ port: 1 }, 'MYSQL_UNREACHABLE', 'connection'],
    [{ ssl: {} }, 'MYSQL_TLS', 'connection'],
    [{ ssl: { mode: 'preferred' } }, 'MYSQL_OPTIONS', 'config'],
    [{ ssl: { ca: '/does/not/exist' } }, 'MYSQL_OPTIONS', 'config'],
    [{ port: 'x' }, 'MYSQL_OPTIONS', 'config'],
  ])('%j', async (settings, code, kind) => {
    const error = await source(settings).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code, kind })
    expect(String(error)).not.toContain("p@ss:w/rd'")
  })
})
