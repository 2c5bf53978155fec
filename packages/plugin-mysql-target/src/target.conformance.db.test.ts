import { connect, describeTables, type MysqlOptions } from '@dbsync/mysql'
import { describeTarget, mysqlFixture, quote, type ServerClient, testPair, VALUE_CORPUS, ZERO_DATES } from '@dbsync/testkit'
import { openTarget } from './target.ts'

const { signal } = new AbortController()
const limits = { connections: 4, batchRows: 1_000, compress: false }
const login = ({ host, port, user, password }: ServerClient): MysqlOptions => ({ host, port, user, password })

const open = (way: { readonly bulkInsert?: boolean; readonly localInfile?: boolean }) => async () => {
  await using opened = new AsyncDisposableStack()
  const { source, target: server, database } = opened.use(await testPair())
  await server.query(`CREATE DATABASE ${quote(database)}`)
  const fixture = opened.use(await mysqlFixture(source, database))
  const reader = opened.use(await connect(login(source), 'source', signal))
  const another = () => openTarget({ ...login(server), ...way }, { directory: '/', signal, limits, warn() {} })
  const target = opened.use(await another())
  const kept = opened.move()
  return {
    target,
    database,
    another,
    serverTables: async () =>
      (await server.query('SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?', [database])).map(({ name }) => String(name)),
    async schema(table: Parameters<typeof fixture.create>[0]) {
      await fixture.create(table)
      const [schema] = await describeTables(reader, database, [table.name])
      await fixture.drop(table)
      if (schema === undefined) throw new Error(`no table ${table.name}`)
      return schema
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

const corpus = [...VALUE_CORPUS, ...ZERO_DATES]
describeTarget('mysql, by bulk statements', { open: open({}), corpus })
describeTarget('mysql, by LOAD DATA', { open: open({ bulkInsert: false }), corpus, only: 'writing' })
describeTarget('mysql, by INSERT', { open: open({ bulkInsert: false, localInfile: false }), corpus, only: 'writing' })
