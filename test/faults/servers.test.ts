import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pairAddress, quote, type ServerClient, serverClient, startProxy, startServer } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { type Project, project } from '../project.ts'
import { ownTarget } from '../servers-of-their-own.ts'
import { errorOf, fill, killConnections, type Report, reportOf, run, startedRun, startRelay, through } from './kit.ts'

/** A target whose settings the tests may change. */
const own = ownTarget()

const failed = (report: Report) => report.tables.filter(({ outcome }) => outcome === 'failed' || outcome === 'refused')

test.each(['source', 'target'] as const)(
  'another server takes over the address of the %s in the middle of a run: nothing of it is read or written',
  async (end) => {
    await using work = await project()
    const other = serverClient((await pairAddress())[end === 'source' ? 'target' : 'source'])
    await using relay = await startRelay(work[end].server)
    await using slow = await startProxy({ host: '127.0.0.1', port: relay.port })
    await fill(work, 3)
    await work.sync()
    await using _ = await twin(work, end, other)
    for (let n = 1; n <= 3; n++) await work.at.query(`UPDATE t${n} SET text = 'new' WHERE id <= 1500`)
    await through(work, end, slow.port)
    slow.setFault({ type: 'delay', milliseconds: 10 })
    const running = await startedRun(work, '--parallel', '1')
    relay.move(other)
    slow.setFault(undefined)
    const outcome = await running.ended
    expect(outcome.code, said(outcome)).toBe(1)
    expect(failed(reportOf(outcome)).length).toBeGreaterThan(0)
    for (const { error } of failed(reportOf(outcome))) {
      expect(error).toMatchObject({ code: 'MYSQL_OTHER_SERVER', hint: expect.stringContaining('--allow new-server') })
    }
    relay.move(work[end].server)
    await work.sync()
    await work.same()
    const written = await other.query(`SELECT COUNT(*) AS n FROM ${quote(work[end].database)}.t3 WHERE text = 'new'`)
    expect(written).toEqual([{ n: '0' }])
    await other.close()
  },
)

type ShutOut = { readonly what: string; readonly end: 'source' | 'target'; readonly code: string; readonly shut: string; readonly open: string }

const SHUT_OUT: readonly ShutOut[] = [
  { what: 'the account is locked', end: 'source', code: 'MYSQL_LOGIN', shut: 'ALTER USER :user ACCOUNT LOCK', open: 'ALTER USER :user ACCOUNT UNLOCK' },
  {
    what: 'the password is changed',
    end: 'target',
    code: 'MYSQL_LOGIN',
    shut: "ALTER USER :user IDENTIFIED BY 'x'",
    open: 'ALTER USER :user IDENTIFIED BY :password',
  },
  {
    what: 'no connection is free',
    end: 'target',
    code: 'MYSQL_TOO_MANY_CONNECTIONS',
    shut: 'SET GLOBAL max_connections = 10',
    open: 'SET GLOBAL max_connections = 200',
  },
  { what: 'the server is made read-only', end: 'target', code: 'MYSQL_READ_ONLY', shut: 'SET GLOBAL read_only = ON', open: 'SET GLOBAL read_only = OFF' },
]

test.each(SHUT_OUT)(
  '$what in the middle of a run, and before one ($end): it is said, and one run after that all is equal',
  async ({ end, code, shut, open }) => {
    const servers = await own.pair()
    await using work = await project({ servers, params: { max_retries: 1 } })
    await using proxy = await startProxy(work[end].server)
    await fill(work, 2)
    await work.sync()
    await work.at.query("UPDATE t1 SET text = 'new' WHERE id < 500")
    await work.at.query("UPDATE t2 SET text = 'new' WHERE id < 500")
    const user = { source: work.sourceUser, target: work.targetUser }[end]
    const tell = (sql: string) =>
      work[end].server.query(sql.replace(':user', `${user}@'%'`).replace(':password', '?'), sql.includes(':password') ? [work.password] : [])
    await using others = new AsyncDisposableStack()
    await through(work, end, proxy.port)
    proxy.setFault({ type: 'delay', milliseconds: 10 })
    const running = await startedRun(work)
    await tell(shut)
    // Whoever asks first has the last connections, and a privileged one is kept for the administrator.
    if (code === 'MYSQL_TOO_MANY_CONNECTIONS') others.use(await crowd(servers.target, 10))
    await killConnections(work[end].server, user)
    proxy.setFault(undefined)
    const middle = await running.ended
    // Connections that were killed came free, and the run may have been the first to ask for them.
    const mayBeFirst = code === 'MYSQL_TOO_MANY_CONNECTIONS'
    expect(mayBeFirst ? [0, 1] : [1], said(middle)).toContain(middle.code)
    expect(mayBeFirst || failed(reportOf(middle)).some(({ error }) => error?.code === code), said(middle)).toBe(true)
    if (mayBeFirst) others.use(await crowd(servers.target, 10))
    const before = await run(work)
    expect([1, 3], said(before)).toContain(before.code)
    const error = before.code === 3 ? errorOf(before) : failed(reportOf(before))[0]?.error
    expect(error).toMatchObject({ code, hint: expect.any(String) })
    await others.disposeAsync()
    await tell(open)
    await work.sync()
    await work.same()
  },
)

test('KILL QUERY: in the middle of the rows at the source, and of a statement that waits at the target', async () => {
  await using work = await project()
  await using slow = await startProxy(work.source.server)
  await work.at.query('CREATE TABLE big (id INT PRIMARY KEY, text VARCHAR(2000))')
  await work.at.query("INSERT INTO big SELECT seq, REPEAT('x', 1900) FROM seq_1_to_5000")
  await through(work, 'source', slow.port)
  slow.setFault({ type: 'delay', milliseconds: 30 })
  const reading = work.start('run', '--json')
  await killQuery(work.source.server, work.sourceUser, /^SELECT .*`text`.* FROM .*`big`/s)
  slow.setFault(undefined)
  const read = await reading.ended
  expect(read.code, said(read)).toBe(0)
  expect(reportOf(read).tables[0]?.retries).toBe(1)
  await work.same()

  await work.at.query("UPDATE big SET text = 'new' WHERE id < 100")
  const holder = await work.target.server.connect({ database: work.target.database })
  await holder.query('START TRANSACTION')
  await holder.query('SELECT * FROM big WHERE id = 50 FOR UPDATE')
  const writing = work.start('run', '--json')
  await killQuery(work.target.server, work.targetUser, /^(?:DELETE|INSERT|UPDATE|REPLACE)/)
  await holder.query('ROLLBACK')
  await holder.end()
  const wrote = await writing.ended
  expect(wrote.code, said(wrote)).toBe(0)
  expect(reportOf(wrote).tables[0]?.retries).toBe(1)
  await work.same()
})

test('servers that lose patience after a second: a run that takes longer notices nothing of it', async () => {
  await using source = await startServer({ timeZone: '-05:00' })
  const { target } = await own.pair()
  await using work = await project({ servers: { source, target } })
  await using slow = await startProxy(target)
  await fill(work, 3)
  await work.at.query('CREATE TABLE big (id INT PRIMARY KEY, text VARCHAR(2000))')
  await work.at.query("INSERT INTO big SELECT seq, REPEAT('x', 1900) FROM seq_1_to_30000")
  await work.at.query('ANALYZE TABLE big')
  await through(work, 'target', slow.port)
  await using _ = await impatient([source, target])
  // One after the other: a connection that is being made has no patience yet but the server's.
  const running = await startedRun(work, '--parallel', '1')
  // Longer than all of their patience, while the rows wait in every buffer on the way.
  slow.setFault({ type: 'delay', milliseconds: 2500 })
  await sleep(2600)
  slow.setFault(undefined)
  const outcome = await running.ended
  expect(outcome.code, said(outcome)).toBe(0)
  expect(reportOf(outcome).totals.retries).toBe(0)
  await _.calm()
  await work.same()
})

/**
 * MariaDB 10.11.19 aborts where a plain INSERT of any client meets a full disk, instead of refusing it: the statement's way back fails. What dbsync can promise then is
 * that the run says what happened, and that the copy is what it was once the server is back.
 */
test.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0).each([{ args: [] }, { args: ['--full'] }])(
  'the disk of the target is full: the copy stays as it was, and is complete when there is room (run $args)',
  async ({ args }) => {
    await using target = await startServer()
    await using source = await startServer()
    await using work = await project({ servers: { source, target } })
    const { server, database } = work.target
    await server.query(`CREATE DATABASE ${quote(database)}`)
    const folder = join(target.directory, 'data', database)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m,mode=700', 'tmpfs', folder])
    await using _ = { [Symbol.asyncDispose]: async () => void execFileSync('umount', ['--lazy', folder]) }
    await fill(work, 1)
    await work.at.query('CREATE TABLE big (id INT PRIMARY KEY, text VARCHAR(2000))')
    await work.at.query("INSERT INTO big SELECT seq, REPEAT('x', 1900) FROM seq_1_to_10")
    await work.sync()
    await work.at.query("INSERT INTO big SELECT seq, REPEAT('y', 1900) FROM seq_11_to_4000")
    await work.at.query("UPDATE t1 SET text = 'new' WHERE id = 7")
    const outcome = await run(work, ...args)
    expect(outcome.code, said(outcome)).not.toBe(0)
    expect(said(outcome)).toMatch(/MYSQL_(DISK_FULL|UNREACHABLE|CONNECTION)/)
    execFileSync('mount', ['-o', 'remount,size=64m', folder])
    await target.restart()
    expect(await server.query(`SELECT COUNT(*) AS n FROM ${quote(database)}.big`)).toEqual([{ n: '10' }])
    await work.sync()
    await work.same()
    await server.query(`DROP TABLE ${quote(database)}.t1, ${quote(database)}.big`)
  },
)

test('the source takes and makes no packet as large as its cells: they arrive, and a byte that differs in one is seen', async () => {
  await using source = await startServer()
  const { target } = await own.pair()
  await using work = await project({ servers: { source, target } })
  await work.at.query('CREATE TABLE big (id INT PRIMARY KEY, v LONGTEXT, w LONGTEXT)')
  await work.at.query("INSERT INTO big SELECT seq, REPEAT('x', 3000000), 'w' FROM seq_1_to_3")
  await source.query('SET GLOBAL max_allowed_packet = 1048576')
  await work.sync()
  await target.query(`UPDATE ${quote(work.target.database)}.big SET v = CONCAT(LEFT(v, 2999999), 'y') WHERE id = 2`)
  expect((await work.sync()).tables).toMatchObject([{ strategy: 'digest', updated: 1 }])
  const cells = ({ server, database }: Project['source']) =>
    server.query(`SELECT id, LENGTH(v) AS size, SHA2(v, 256) AS v, w FROM ${quote(database)}.big ORDER BY id`)
  expect(await cells(work.target)).toEqual(await cells(work.source))
})

/** Ends the first statement of a user that looks like this. */
async function killQuery(server: ServerClient, user: string, statement: RegExp): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(2)) {
    const rows = await server.query("SELECT ID AS id, INFO AS sql_text FROM information_schema.PROCESSLIST WHERE USER = ? AND COMMAND = 'Query'", [user])
    const found = rows.find(({ sql_text }) => statement.test(String(sql_text)))
    if (found === undefined) continue
    await server.query('KILL QUERY ?', [Number(found['id'])])
    return
  }
  throw new Error(`no statement ${statement} within 30 s`)
}

/** So many connections that do nothing. */
async function crowd(server: ServerClient, size: number): Promise<AsyncDisposable> {
  const all = await Promise.all(Array.from({ length: size }, () => server.connect().catch(() => undefined)))
  return { [Symbol.asyncDispose]: async () => void (await Promise.all(all.map(async (connection) => connection?.end()))) }
}

/** Servers on which everything ends after a second, until they are calm again. */
async function impatient(servers: readonly ServerClient[]): Promise<AsyncDisposable & { calm(): Promise<void> }> {
  const names = [
    'wait_timeout',
    'interactive_timeout',
    'net_read_timeout',
    'net_write_timeout',
    'idle_transaction_timeout',
    'idle_readonly_transaction_timeout',
  ]
  const usual = new Map<ServerClient, string>()
  for (const server of servers) {
    const [values] = await server.query(`SELECT ${names.map((name) => `@@GLOBAL.${name} AS ${name}`).join(', ')}`)
    usual.set(server, names.map((name) => `GLOBAL ${name} = ${String(values?.[name])}`).join(', '))
    await server.query(`SET ${names.map((name) => `GLOBAL ${name} = 1`).join(', ')}, GLOBAL max_statement_time = 1`)
  }
  const calm = async () => {
    for (const [server, values] of usual) await server.query(`SET ${values}, GLOBAL max_statement_time = 0`)
  }
  return { calm, [Symbol.asyncDispose]: calm }
}

/** On another server the same user and the database with rows of yesterday, as on a replica that is promoted. */
async function twin(work: Project, end: 'source' | 'target', other: ServerClient): Promise<AsyncDisposable> {
  const { server, database } = work[end]
  const user = `${end === 'source' ? work.sourceUser : work.targetUser}@'%'`
  for (const row of [...(await server.query(`SHOW CREATE USER ${user}`)), ...(await server.query(`SHOW GRANTS FOR ${user}`))]) {
    await other.query(String(Object.values(row)[0]))
  }
  await other.query(`CREATE DATABASE ${quote(database)}`)
  for (let n = 1; n <= 3; n++) {
    const [made] = await server.query(`SHOW CREATE TABLE ${quote(database)}.t${n}`)
    await other.query(String(made?.['Create Table']).replace('CREATE TABLE `', `CREATE TABLE ${quote(database)}.\``))
    const rows = "SELECT seq, REPEAT('x', seq % 90), NOW() - INTERVAL 1 DAY FROM mysql.seq_1_to_2000"
    await other.query(`INSERT INTO ${quote(database)}.t${n} (id, text, updated_at) ${rows}`)
  }
  return {
    async [Symbol.asyncDispose]() {
      await other.query(`DROP DATABASE ${quote(database)}`)
      await other.query(`DROP USER ${user}`)
    },
  }
}
