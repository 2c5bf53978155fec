import type { RestoreReceipt, TableRef } from '@dbsync/core/plugin'
import type { MysqlConnection } from '@dbsync/mysql'
import { fingerprint, quote, type ServerClient, type TestPair, testPair } from '@dbsync/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Connections } from '../connections.ts'
import { restoreLeftovers } from './leftovers.ts'
import { type Fill, type RestoreWork, restoreTables, resumeRestore, unfinishedPlan } from './restore.ts'
import { asideDatabase, scratchDatabase } from './side-databases.ts'

const never = new AbortController().signal

let pair: TestPair
let server: ServerClient
let live: string
let connections: Connections
beforeEach(async () => {
  pair = await testPair(' `q"\'../é')
  server = pair.target
  live = pair.database
  await server.query(`CREATE DATABASE ${quote(live)}`)
  connections = new Connections({ host: server.host, port: server.port, user: server.user, password: server.password })
})
afterEach(async () => {
  await connections[Symbol.asyncDispose]()
  await pair[Symbol.asyncDispose]()
})

async function at(database: string, ...statements: readonly string[]): Promise<void> {
  const connection = await server.connect({ database })
  try {
    await connection.query('SET foreign_key_checks = 0')
    for (const sql of statements) await connection.query(sql)
  } finally {
    await connection.end()
  }
}

const filling =
  (...statements: readonly string[]): Fill =>
  async (_connection, scratch) =>
    await at(scratch(live), ...statements)

/** Definitions, triggers and rows of every table, by nothing but SQL of the test's own. */
async function stateOf(database: string): Promise<ReadonlyMap<string, string>> {
  const state = new Map<string, string>()
  for (const { name } of await server.query("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ? AND table_type <> 'VIEW'", [
    database,
  ])) {
    const [row] = await server.query(`SHOW CREATE TABLE ${quote(database)}.${quote(String(name))}`)
    const { rows, sha256 } = await fingerprint(server, database, String(name))
    state.set(String(name), JSON.stringify([row?.['Create Table'], rows, sha256]))
  }
  const triggers = 'SELECT trigger_name AS name FROM information_schema.triggers WHERE trigger_schema = ? ORDER BY event_object_table, action_order'
  for (const { name } of await server.query(triggers, [database])) {
    const [row] = await server.query(`SHOW CREATE TRIGGER ${quote(database)}.${quote(String(name))}`)
    const { Created: _created, 'SQL Original Statement': statement, ...rest } = row ?? {}
    state.set(`trigger ${String(name)}`, JSON.stringify([String(statement).replace(/.*?FOR EACH ROW/is, ''), rest]))
  }
  return state
}

const refs = (...names: readonly string[]): TableRef[] => names.map((name) => ({ database: live, name }))

const work = (over: Partial<RestoreWork>): RestoreWork => ({
  point: 'point',
  databases: [live],
  fill: filling(),
  expected: [],
  removed: [],
  keepTriggers: false,
  loseHistory: false,
  note: null,
  signal: never,
  swapping: async () => {},
  swapped: async () => {},
  allowed: () => {},
  ...over,
})

const sideDatabases = async () =>
  (await server.query('SHOW DATABASES')).map(({ Database }) => String(Database)).filter((name) => [scratchDatabase(live), asideDatabase(live)].includes(name))

const leftovers = () => connections.with(never, (connection) => restoreLeftovers(connection, live))

const HOSTILE = 'a`b\'c"\n../é'
const THEN = [
  'CREATE TABLE parent (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(20)) AUTO_INCREMENT = 77',
  'CREATE TABLE child (id INT PRIMARY KEY, p INT, CONSTRAINT fk_c FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE SET NULL)',
  'CREATE TABLE self (id INT PRIMARY KEY, p INT, CONSTRAINT fk_s FOREIGN KEY (p) REFERENCES self (id))',
  'CREATE TABLE ring_a (id INT PRIMARY KEY, b INT, CONSTRAINT fk_ab FOREIGN KEY (b) REFERENCES ring_b (id))',
  'CREATE TABLE ring_b (id INT PRIMARY KEY, a INT, CONSTRAINT fk_ba FOREIGN KEY (a) REFERENCES ring_a (id), CONSTRAINT positive CHECK (a > 0))',
  'CREATE TABLE abroad (id INT PRIMARY KEY, s INT, CONSTRAINT fk_z FOREIGN KEY (s) REFERENCES staying (id))',
  'CREATE TABLE lonely (id INT PRIMARY KEY, n INT, CONSTRAINT fk_l FOREIGN KEY (n) REFERENCES newcomer (id))',
  'CREATE TABLE parts (id INT PRIMARY KEY, v INT) PARTITION BY HASH (id) PARTITIONS 3',
  'CREATE TABLE mine (id INT PRIMARY KEY, v TEXT, FULLTEXT KEY (v)) ENGINE = MyISAM',
  'CREATE TABLE bare (v INT)',
  `CREATE TABLE ${quote(HOSTILE)} (${quote(HOSTILE)} INT PRIMARY KEY, CONSTRAINT ${quote('`fk')} FOREIGN KEY (${quote(HOSTILE)}) REFERENCES parent (id))`,
  "INSERT INTO parent VALUES (1, 'one'), (2, 'two')",
  'INSERT INTO child VALUES (1, 1), (2, 2), (3, 1)',
  'INSERT INTO self VALUES (1, NULL), (2, 1)',
  'INSERT INTO ring_a VALUES (1, 1)',
  'INSERT INTO ring_b VALUES (1, 1)',
  'INSERT INTO abroad VALUES (1, 1)',
  'INSERT INTO parts VALUES (1, 1), (2, 2)',
  "INSERT INTO mine VALUES (1, 'text')",
  'INSERT INTO bare VALUES (5), (5)',
  `INSERT INTO ${quote(HOSTILE)} VALUES (1)`,
  "SET sql_mode = 'ANSI_QUOTES'",
  `CREATE TRIGGER counts BEFORE INSERT ON parent FOR EACH ROW SET NEW.v = CONCAT(NEW.v, ' for each row ')`,
  'CREATE TRIGGER first_one BEFORE INSERT ON parent FOR EACH ROW PRECEDES counts BEGIN SET @a = 1; SET @b = 2; END',
]
const POINT = ['parent', 'child', 'self', 'ring_a', 'ring_b', 'abroad', 'lonely', 'parts', 'mine', 'bare', HOSTILE]
/** Not in the point. */
const AROUND = [
  'CREATE TABLE staying (id INT PRIMARY KEY)',
  'CREATE TABLE outside (id INT PRIMARY KEY, p INT, CONSTRAINT fk_o FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE, CONSTRAINT fk_self FOREIGN KEY (id) REFERENCES outside (id))',
  'INSERT INTO staying VALUES (1)',
  'INSERT INTO outside VALUES (1, 1)',
]
const VIEW = 'CREATE VIEW seen AS SELECT p.id, COUNT(c.id) AS children FROM parent AS p LEFT JOIN child AS c ON c.p = p.id GROUP BY p.id'
const CHANGES = [
  'ALTER TABLE parent ADD COLUMN more INT',
  'DELETE FROM parent WHERE id = 1',
  "INSERT INTO parent (id, v) VALUES (500, 'new')",
  'ALTER TABLE child DROP FOREIGN KEY fk_c',
  'TRUNCATE ring_a',
  'DROP TABLE bare',
  'CREATE TABLE newcomer (id INT PRIMARY KEY)',
  'INSERT INTO newcomer VALUES (1)',
  'DROP TRIGGER counts',
  'CREATE TRIGGER later AFTER DELETE ON child FOR EACH ROW SET @c = 1',
  'UPDATE parts SET v = 9',
]

test('definitions, rows, counters, triggers and foreign keys are what they were, and those of other tables refer to them', async () => {
  await at(live, ...AROUND, ...THEN, VIEW)
  const elsewhere = `${live}_other`
  await server.query(`CREATE DATABASE ${quote(elsewhere)}`)
  await at(elsewhere, `CREATE TABLE far (p INT, CONSTRAINT fk_far FOREIGN KEY (p) REFERENCES ${quote(live)}.parent (id))`)
  const then = await stateOf(live)
  await at(live, ...CHANGES)
  await at(elsewhere, 'INSERT INTO far VALUES (2), (500)')
  const beside = await stateOf(elsewhere)
  const seen: string[] = []
  const receipt = await restoreTables(
    connections,
    work({
      fill: filling(...THEN),
      expected: refs(...POINT),
      removed: refs('newcomer', 'never_there'),
      swapping: async () => void seen.push('swapping'),
      swapped: async ({ tables }) => void seen.push(`swapped ${tables.length}`),
    }),
  )
  expect(await stateOf(live)).toEqual(then)
  expect(await stateOf(elsewhere)).toEqual(beside)
  expect(await sideDatabases()).toEqual([])
  expect(seen).toEqual(['swapping', 'swapped 12'])
  expect(receipt.missing).toEqual([])
  expect(receipt.tables).toContainEqual({ database: live, name: 'newcomer', rows: 0, outcome: 'removed' })
  expect(receipt.tables).toContainEqual({ database: live, name: 'child', rows: 3, outcome: 'restored' })
  expect(receipt.apart.join('\n')).toMatch(
    /triggers of .*parent \(.*counts.*\).*triggers that the point does not have are gone: later.*fk_o.*far has 1 rows without a parent/s,
  )
  // The keys are more than a text: what they refer to decides what may be written.
  await expect(server.query(`INSERT INTO ${quote(live)}.outside VALUES (1000, 500)`)).rejects.toThrow(/foreign key/)
  await server.query(`DELETE FROM ${quote(live)}.${quote(HOSTILE)}`)
  await server.query(`DELETE FROM ${quote(live)}.parent WHERE id = 1`)
  expect(await server.query(`SELECT id FROM ${quote(live)}.outside`)).toEqual([])
  expect(await server.query(`SELECT * FROM ${quote(live)}.seen`)).toEqual([{ id: 2, children: '1' }])
})

test('two databases that refer to each other go back together, one of them even where it is gone', async () => {
  const other = `${live}_other`
  const both = [live, other]
  const parts: readonly (readonly string[])[] = [
    ['CREATE TABLE a (id INT PRIMARY KEY, b INT, CONSTRAINT ab FOREIGN KEY (b) REFERENCES OTHER.b (id))', 'INSERT INTO a VALUES (1, 1)'],
    ['CREATE TABLE b (id INT PRIMARY KEY, a INT, CONSTRAINT ba FOREIGN KEY (a) REFERENCES OTHER.a (id))', 'INSERT INTO b VALUES (1, 1)'],
  ]
  const statements = (index: number) => (parts[index] ?? []).map((sql) => sql.replace('OTHER', quote(both[1 - index] ?? '')))
  await server.query(`CREATE DATABASE ${quote(other)}`)
  for (const index of [0, 1]) await at(both[index] ?? '', ...statements(index))
  const then = [await stateOf(live), await stateOf(other)]
  const restore = () =>
    restoreTables(
      connections,
      work({
        databases: both,
        fill: async (_connection, scratch) => {
          for (const index of [0, 1]) await at(scratch(both[index] ?? ''), ...statements(index))
        },
        expected: [...refs('a'), { database: other, name: 'b' }],
      }),
    )
  await at(live, 'UPDATE a SET b = NULL')
  await restore()
  expect([await stateOf(live), await stateOf(other)]).toEqual(then)
  await at(live, `DROP DATABASE ${quote(other)}`)
  await restore()
  expect([await stateOf(live), await stateOf(other)]).toEqual(then)
  await expect(server.query(`DELETE FROM ${quote(other)}.b`)).rejects.toThrow('foreign key')
  // Tied as they are, neither of them can be dropped before the other one.
  await at(live, `DROP DATABASE ${quote(other)}`, 'DROP TABLE a')
})

test('a failure before the exchange changes nothing and leaves nothing', async () => {
  await at(live, ...AROUND, ...THEN, VIEW)
  const before = await stateOf(live)
  const failures: readonly (readonly [Partial<RestoreWork>, object])[] = [
    [{ fill: filling('CREATE TABLE parent (id INT)', 'nonsense') }, { errno: 1064 }],
    [{ fill: filling('CREATE TABLE parent (id INT)'), expected: refs('parent', 'child') }, { code: 'MYSQL_RESTORE_INEXACT' }],
    [{ fill: filling('CREATE TABLE parent (id INT)'), expected: [{ database: live, name: 'parent', rows: 1 }] }, { code: 'MYSQL_RESTORE_INEXACT' }],
    [
      { fill: filling('CREATE TABLE parent (id INT)'), expected: [{ database: live, name: 'parent', rows: 0, digest: '1' }] },
      { code: 'MYSQL_RESTORE_INEXACT' },
    ],
    [{ fill: filling('CREATE TABLE seen (id INT)') }, { code: 'MYSQL_RESTORE_NAME_TAKEN' }],
    [
      {
        fill: filling(...THEN),
        allowed: () => {
          throw new Error('lock lost')
        },
      },
      { message: 'lock lost' },
    ],
    [
      {
        fill: filling(...THEN),
        swapping: async () => {
          throw new Error('stopped')
        },
      },
      { message: 'stopped' },
    ],
  ]
  for (const [over, error] of failures) {
    await expect(restoreTables(connections, work(over))).rejects.toMatchObject(error)
    expect(await stateOf(live)).toEqual(before)
    expect(await sideDatabases()).toEqual([])
  }
})

test('history is lost only where that is allowed', async () => {
  await at(live, 'CREATE TABLE history (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING', 'INSERT INTO history VALUES (1, 1)')
  const fill = filling('CREATE TABLE history (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING', 'INSERT INTO history VALUES (1, 0)')
  await expect(restoreTables(connections, work({ fill, expected: undefined }))).rejects.toMatchObject({ code: 'MYSQL_RESTORE_HISTORY' })
  await restoreTables(connections, work({ fill, loseHistory: true }))
  expect(await server.query(`SELECT * FROM ${quote(live)}.history`)).toEqual([{ id: 1, v: 0 }])
})

/** The session's own patience is twenty seconds. */
class Impatient extends Connections {
  override async lease(signal: AbortSignal): Promise<MysqlConnection> {
    const connection = await super.lease(signal)
    await connection.execute('SET lock_wait_timeout = 0', signal)
    return connection
  }
}

test('a table that another client holds is waited for, and given up with everything as it was', { timeout: 120_000 }, async () => {
  await at(live, ...AROUND, ...THEN, VIEW)
  const before = await stateOf(live)
  const holder = await server.connect({ database: live })
  await holder.query('BEGIN')
  await holder.query('SELECT * FROM parts')
  const impatient = new Impatient({ host: server.host, port: server.port, user: server.user, password: server.password })
  await expect(restoreTables(impatient, work({ fill: filling(...THEN), expected: refs(...POINT) }))).rejects.toMatchObject({ code: 'MYSQL_RESTORE_BUSY' })
  expect(await stateOf(live)).toEqual(before)
  expect(await unfinishedPlan(connections, [live], never)).toBeUndefined()
  await holder.end()
  await impatient[Symbol.asyncDispose]()
  await restoreTables(connections, work({ fill: filling(...THEN), expected: refs(...POINT) }))
  expect(await sideDatabases()).toEqual([])
})

test('a user without rights on the side databases is told the grant', async () => {
  await at(live, 'CREATE TABLE t (id INT)')
  const user = `u${live.slice(2, 12)}`
  await server.query(`CREATE USER ${user}@'%' IDENTIFIED BY 'secret'`)
  await server.query(`GRANT ALL ON ${quote(live.replaceAll(/[_%\\]/g, '\\$&'))}.* TO ${user}@'%'`)
  const poor = new Connections({ host: server.host, port: server.port, user, password: 'secret' })
  try {
    await expect(restoreTables(poor, work({ fill: filling('CREATE TABLE t (id INT)') }))).rejects.toMatchObject({
      code: 'MYSQL_RESTORE_PRIVILEGE',
      kind: 'privilege',
      hint: expect.stringContaining(`GRANT ALL ON \`\\_dbsync\\_restore\\_%\`.* TO \`${user}\`@\`%\``),
    })
    await server.query(`GRANT ALL ON \`\\_dbsync\\_restore\\_%\`.* TO ${user}@'%'`)
    await restoreTables(poor, work({ fill: filling('CREATE TABLE t (id INT, v INT)') }))
    expect([...(await stateOf(live)).values()][0]).toContain('`v` int')
  } finally {
    await poor[Symbol.asyncDispose]()
    await server.query(`DROP USER ${user}@'%'`)
  }
})

test('what was stopped between exchange and end is told, refused to others, and finished', async () => {
  await at(live, ...AROUND, ...THEN, VIEW)
  const then = await stateOf(live)
  await at(live, ...CHANGES)
  const stopped = work({
    fill: filling(...THEN),
    expected: refs(...POINT),
    removed: refs('newcomer'),
    note: { state: 7 },
    swapped: async () => {
      throw new Error('killed')
    },
  })
  await expect(restoreTables(connections, stopped)).rejects.toThrow('killed')
  expect(await unfinishedPlan(connections, [live], never)).toMatchObject({ point: 'point', note: { state: 7 } })
  await expect(restoreTables(connections, work({ point: 'other' }))).rejects.toMatchObject({ code: 'ROLLBACK_UNFINISHED' })
  expect(await leftovers()).toEqual([])
  const receipts: RestoreReceipt[] = []
  await resumeRestore(connections, [live], { signal: never, allowed: () => {}, swapped: async (receipt) => void receipts.push(receipt) })
  expect(receipts).toHaveLength(1)
  expect(await stateOf(live)).toEqual(then)
  expect(await sideDatabases()).toEqual([])
})

test('what a restore left that changed nothing is removed by the next run', async () => {
  for (const name of [scratchDatabase(live), asideDatabase(live)]) await server.query(`CREATE DATABASE ${quote(name)}`)
  await server.query(`CREATE TABLE ${quote(scratchDatabase(live))}._dbsync_plan (id TINYINT PRIMARY KEY, plan LONGBLOB NOT NULL)`)
  for (const sql of await leftovers()) await server.query(sql)
  expect(await sideDatabases()).toEqual([])
})
