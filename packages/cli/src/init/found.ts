import { canDigest, type ServerIdentity, type Source, type SourceClock, type TableSchema } from '@dbsync/core'
import { openEnd } from '../open-endpoints.ts'
import type { Known } from './answers.ts'
import { type Desk, revealed, settingOf, textOf } from './desk.ts'

/** Describing reads every definition: of many databases only those that are chosen. */
const DESCRIBED_AT_ONCE = 20

/** The source, as far as it was looked at. */
export interface OpenedSource extends AsyncDisposable {
  readonly source: Source
  readonly identity: ServerIdentity
  readonly options: Readonly<Record<string, unknown>>
  readonly databases: readonly string[]
  /** Tables by database: what was described so far. */
  readonly tables: ReadonlyMap<string, readonly TableSchema[]>
  readonly clock: SourceClock
  readonly digests: boolean
  /** Describes what is not described yet. */
  describe(databases: readonly string[]): Promise<void>
}

export const LIMITS = { connections: 3, batchRows: 1000, compress: false } as const

/** The options of the source as its plugin takes them, secrets included. */
async function sourceOptions(known: Known, desk: Desk): Promise<Readonly<Record<string, unknown>>> {
  const { host = '', port = 3306, user = '', password, tls = 'disabled' } = known
  const value = password === undefined ? undefined : await revealed(desk, password, 'the password of the source')
  const files = ['ca', 'cert', 'key'].flatMap((name) => {
    const path = textOf(desk, `source.options.ssl.${name as 'ca'}`)
    return path === undefined ? [] : [[name, path] as const]
  })
  return {
    ...(host.startsWith('/') ? { socket: host } : { host, port }),
    user,
    ...(value === undefined ? {} : { password: value }),
    ...(tls === 'disabled' ? {} : { ssl: { mode: tls, ...Object.fromEntries(files) } }),
    ...(settingOf(desk, 'compress') === true ? { compress: true } : {}),
  }
}

/** Throws what keeps a run from starting too. */
export async function openSource(known: Known, desk: Desk): Promise<OpenedSource> {
  const { signal } = desk.session.interrupt
  const options = await sourceOptions(known, desk)
  await using stack = new AsyncDisposableStack()
  const warn = (message: string) => void desk.warnings.push(message)
  const endpoint = { type: 'mysql', options, directory: desk.cwd }
  const source = stack.use(await openEnd(desk.registry.sources, 'source', 'source', endpoint, LIMITS, { signal, warn, readOnly: true }))
  const [identity, databases] = await Promise.all([source.identity(), source.databases()])
  const tables = new Map<string, readonly TableSchema[]>()
  let clock: SourceClock = { utc: '', local: '' }
  let digests = false
  const describe = async (names: readonly string[]): Promise<void> => {
    // A snapshot holds locks on definitions: it is closed before anything is asked.
    await using snapshot = await source.open({ readers: 1, signal })
    clock = snapshot.clock
    digests = canDigest(snapshot)
    for (const name of names)
      if (!tables.has(name)) tables.set(name, await snapshot.describe(name, undefined, (_, { message }) => void desk.warnings.push(message)))
  }
  await describe(databases.slice(0, DESCRIBED_AT_ONCE))
  const opened = stack.move()
  return {
    source,
    identity,
    options,
    databases,
    tables,
    get clock() {
      return clock
    },
    get digests() {
      return digests
    },
    describe,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
