import type { PluginContext, Source } from '@dbsync/core/plugin'
import { connect, connectionPool, type MysqlConnection, type MysqlOptions, otherObjects, readDefinitions, requireSameServer, visibility } from '@dbsync/mysql'
import { examineSource } from './examine/examine.ts'
import { openSnapshot } from './snapshot.ts'

const SYSTEM = new Set(['information_schema', 'mysql', 'performance_schema', 'sys', 'ndbinfo'])

/** Connects once, to know the server and to answer questions; each snapshot brings connections of its own. */
export async function openSource(options: MysqlOptions, context: PluginContext): Promise<Source> {
  const first = await connect(options, 'source', context.signal)
  const { server } = first
  let pool = connectionPool([first])
  let current: MysqlConnection = first

  /** Questions one at a time, over a connection that is made anew where it was lost: nothing of a snapshot hangs on it. */
  async function ask<T>(question: (connection: MysqlConnection) => Promise<T>): Promise<T> {
    if (!current.alive) {
      await using opened = new AsyncDisposableStack()
      const again = opened.use(await connect(options, 'source', context.signal))
      requireSameServer(server, again.server)
      opened.move()
      current = again
      pool = connectionPool([current])
    }
    await using lease = await pool.lease(context.signal)
    return await question(lease.connection)
  }

  return {
    identity: async () => ({ id: server.id, label: server.label }),
    databases: () =>
      ask(async (connection) => {
        const names = (await connection.query('SHOW DATABASES')).map(([name]) => name ?? '')
        return names.filter((name) => !SYSTEM.has(name.toLowerCase())).sort()
      }),
    objects: (database) => ask((connection) => otherObjects(connection, database)),
    definitions: (database, kinds) => ask((connection) => readDefinitions(connection, database, kinds)),
    examine: (request) => ask((connection) => examineSource(connection, options, request)),
    visibility: (database) => ask((connection) => visibility(connection, database)),
    // One of the connections that the user allows is the one for questions.
    open: ({ readers, signal }) => openSnapshot(options, server, Math.max(1, Math.min(readers, context.limits.connections - 1)), signal),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}
