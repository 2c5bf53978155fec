import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { API_VERSION, type Contribution, type OptionSpec, type StateStore, SyncError } from '@dbsync/core'
import { type Fault, type MemoryDatabase, memoryDatabase, memorySource, memoryStore, memoryTarget, putTable } from '@dbsync/core/memory'
import type { ProjectFlags } from '../load-project.ts'
import type { PluginHost } from '../registry.ts'
import type { Session } from '../session.ts'

const CONNECTION: readonly OptionSpec[] = [
  { name: 'host', kind: 'string', description: 'Host.' },
  { name: 'port', kind: 'number', description: 'Port.' },
  { name: 'user', kind: 'string', description: 'User.' },
  { name: 'password', kind: 'secret', description: 'Password.' },
]

export interface Bench extends AsyncDisposable {
  readonly directory: string
  readonly host: PluginHost
  readonly flags: ProjectFlags
  readonly source: MemoryDatabase
  readonly target: MemoryDatabase
  /** As one command gets it; `stop` is what a signal does. */
  session(): Session & { readonly stop: () => void }
}

/** A folder with a configuration whose ends are in memory: the database `shop` with the table `users`. */
export async function bench(faults: { readonly source?: Fault; readonly target?: Fault } = {}): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'dbsync-cli-'))
  const source = memoryDatabase('source')
  const target = memoryDatabase('target')
  const store = memoryStore()
  putTable(
    source,
    {
      table: { database: 'shop', name: 'users' },
      columns: [
        { name: 'id', type: { kind: 'int', bits: 32, unsigned: false }, nullable: false },
        { name: 'name', type: { kind: 'text' }, nullable: true },
      ],
      key: ['id'],
      uniqueKeys: [],
      foreignKeys: [],
      referencedBy: [],
      triggers: [],
      transactional: true,
    },
    [
      ['1', 'a'],
      ['2', 'b'],
    ],
  )
  await writeFile(
    join(directory, 'params.json'),
    JSON.stringify({
      db_host: 'db',
      db_user: 'u',
      db_pass: 'env:SECRET',
      db_list: 'shop',
      state: { type: 'memory' },
      targets: { copy: { type: 'memory' } },
    }),
  )
  const contribution: Contribution = {
    apiVersion: API_VERSION,
    sources: [{ type: 'mysql', summary: 'In memory.', options: CONNECTION, open: async () => memorySource(source, faults.source && { fault: faults.source }) }],
    targets: [
      { type: 'memory', summary: 'In memory.', options: [], open: async () => memoryTarget(target, faults.target && { fault: faults.target }) },
      { type: 'shared', summary: 'In memory, for tenants.', options: [], open: async () => memoryTarget(target, { supports: { sharedTables: true } }) },
    ],
    stateStores: [{ type: 'memory', summary: 'In memory.', options: [], open: async (_, { signal }) => stoppedBy(signal, store) }],
  }
  const plugin = { name: 'memory', version: '1.0.0', type: 'core', hooks: { 'dbsync:register': [] } }
  return {
    directory,
    source,
    target,
    host: { getPluginsList: () => [plugin], runHook: async () => ({ successes: [{ plugin, result: contribution }], failures: [] }) },
    flags: { cwd: directory, env: { SECRET: 'hunter2' }, paramsPath: undefined, configPath: undefined, overrides: {} },
    session: () => {
      const controller = new AbortController()
      const interrupt = {
        signal: controller.signal,
        received: () => (controller.signal.aborted ? ('SIGTERM' as const) : undefined),
        onStop: () => {},
        [Symbol.dispose]: () => {},
      }
      return { interrupt, secrets: new Set(), stop: () => controller.abort(new SyncError('CANCELLED', 'Stopped.', { kind: 'cancelled' })) }
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  }
}

/** As a store does that waits for its turn: once its signal has fired, nothing is written any more. */
const stoppedBy = (signal: AbortSignal, store: StateStore): StateStore => ({
  ...store,
  write: async (...entry) => {
    signal.throwIfAborted()
    return store.write(...entry)
  },
})
