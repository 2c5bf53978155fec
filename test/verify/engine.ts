import type { ServerClient } from '@dbsync/testkit'
import { plainConfig } from '../../packages/core/src/config/testing.ts'
import { type Config, planRun, type TableVerification, type VerifyReport, verifyRun } from '../../packages/core/src/index.ts'
import { memoryStore } from '../../packages/core/src/memory/index.ts'
import { openSource } from '../../packages/plugin-mysql-source/src/source.ts'
import { openTarget } from '../../packages/plugin-mysql-target/src/target.ts'

/** The verification without the command around it: hundreds of them a minute. */
export interface VerifyEngine extends AsyncDisposable {
  verify(level: Config['verify']['level'], tables?: readonly string[]): Promise<VerifyReport>
}

export async function verifyEngine(source: ServerClient, target: ServerClient, database: string, copy: string): Promise<VerifyEngine> {
  await using stack = new AsyncDisposableStack()
  const { signal } = new AbortController()
  const context = { directory: '/', signal, limits: { connections: 4, batchRows: 1_000, compress: false }, warn: () => {} }
  const options = ({ host, port, user, password }: ServerClient) => ({ host, port, user, password })
  const from = stack.use(await openSource(options(source), context))
  const to = stack.use(await openTarget(options(target), context))
  const endpoints = { source: from, targets: new Map([['copy', to]]), state: memoryStore() }
  const config: Config = { ...plainConfig, databases: [database], targets: [{ ...plainConfig.source, name: 'copy', database: copy }], parallelTables: 1 }
  const kept = stack.move()
  return {
    async verify(level, tables = []) {
      const wanted = { ...config, tables, verify: { ...config.verify, level } }
      await using prepared = await planRun(endpoints, wanted, { run: 'verify', signal, lock: false, purpose: 'verify' })
      return await verifyRun(prepared, { signal, listeners: [], limit: 20 })
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

export function only({ tables: [table] }: VerifyReport): TableVerification {
  if (table === undefined) throw new Error('no table was verified')
  return table
}
