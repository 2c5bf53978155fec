import { randomBytes } from 'node:crypto'
import { type ServerClient, serverClient } from './client.ts'
import { pairAddress } from './pair.ts'

export interface TestPair extends AsyncDisposable {
  readonly source: ServerClient
  readonly target: ServerClient
  /** The test's own database: it is there at the source, and not yet at the target. */
  readonly database: string
}

/** The run's two servers, with a database name that no other test has. Disposing drops it on both. */
export async function testPair(suffix = ''): Promise<TestPair> {
  const address = await pairAddress()
  const source = serverClient(address.source)
  const target = serverClient(address.target)
  const database = `t_${randomBytes(5).toString('hex')}${suffix}`
  await source.query(`CREATE DATABASE ${quote(database)}`)
  return {
    source,
    target,
    database,
    async [Symbol.asyncDispose]() {
      for (const server of [source, target]) {
        const names = await server.query('SELECT schema_name AS name FROM information_schema.schemata WHERE LEFT(schema_name, ?) = ?', [
          database.length,
          database,
        ])
        for (const { name } of names) await server.query(`DROP DATABASE ${quote(String(name))}`)
        await server.close()
      }
    },
  }
}

/** An identifier for use in SQL. */
export const quote = (name: string): string => `\`${name.replaceAll('`', '``')}\``
