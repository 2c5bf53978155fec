import { describeSource, mysqlFixture, testPair, VALUE_CORPUS, ZERO_DATES } from '@dbsync/testkit'
import { openSource } from './source.ts'

const { signal } = new AbortController()

describeSource('mysql', {
  corpus: [...VALUE_CORPUS, ...ZERO_DATES],
  async open() {
    await using opened = new AsyncDisposableStack()
    const { source: server, database } = opened.use(await testPair())
    const fixture = opened.use(await mysqlFixture(server, database))
    const { host, port, user, password } = server
    const limits = { connections: 3, batchRows: 1_000, compress: false }
    const source = opened.use(await openSource({ host, port, user, password }, { directory: '/', signal, limits, warn() {} }))
    const kept = opened.move()
    return { source, database, create: fixture.create, insert: fixture.insert, [Symbol.asyncDispose]: () => kept.disposeAsync() }
  },
})
