import { type Config, type LoadedConfig, planRun, type Snapshot, type Source, type StateStore, type TableSchema, type Target } from '@dbsync/core'
import { declaredSecrets } from '../load-project.ts'
import { openEnd } from '../open-endpoints.ts'
import { printable } from '../printable.ts'
import type { Registry } from '../registry.ts'
import { secretsIn } from '../secrets-in.ts'
import type { Desk } from './desk.ts'

/** What the first run will do, in numbers. */
export type FirstRun = {
  readonly targets: readonly {
    readonly name: string
    readonly tables: number
    readonly rows: number
    readonly bytes: number
    /** How many tables go which way. */
    readonly strategies: Readonly<Record<string, number>>
    readonly refused: readonly string[]
  }[]
  readonly warnings: readonly string[]
  readonly estimateMs: number
  /** Bytes a second that were read for the estimate; left out: there was too little to read. */
  readonly measured?: number
}

const SAMPLE_MS = 1000
const SAMPLE_LEAST = 200_000
/** What a target takes on an ordinary machine, and what a table costs whatever its size. */
const BYTES_PER_SECOND = 12_000_000
const MS_PER_TABLE = 60

/** Plans the run as it would be planned, with the files that are not written yet. Writes nothing and takes no lock. */
export async function firstRun(loaded: LoadedConfig, desk: Desk): Promise<FirstRun> {
  const { registry, session } = desk
  const { signal } = session.interrupt
  const declared = declaredSecrets(registry)
  const config = await loaded.resolve({ signal, declared })
  for (const secret of secretsIn(config, loaded.masked(declared))) session.secrets.add(secret)
  await using ends = await openReadOnly(config, registry, desk)
  await using prepared = await planRun(ends, { ...config, maxRetries: 0 }, { run: 'init', signal, lock: false })
  const { plan } = prepared
  const targets = plan.targets.map(({ name, databases }) => {
    const tables = databases.flatMap((database) => database.tables)
    const sum = (pick: (schema: TableSchema) => number) => tables.reduce((total, { schema }) => total + pick(schema), 0)
    const groups = Map.groupBy(tables, ({ strategy }) => strategy.kind)
    return {
      name,
      tables: tables.length,
      rows: sum(({ estimate }) => estimate?.rows ?? 0),
      bytes: sum(({ estimate }) => estimate?.bytes ?? 0),
      strategies: Object.fromEntries([...groups].map(([kind, members]) => [kind, members.length])),
      refused: tables.flatMap(({ refused }) => (refused === undefined ? [] : [refused.message])),
    }
  })
  const [first] = plan.targets
  const schemas = (first?.databases ?? []).flatMap(({ tables }) => tables.map(({ schema }) => schema))
  const measured = await readingSpeed(prepared.snapshot, schemas, signal)
  const speed = Math.min(BYTES_PER_SECOND, measured ?? BYTES_PER_SECOND)
  const work = targets.reduce((total, { tables, bytes }) => total + tables * MS_PER_TABLE + (bytes / speed) * 1000, 0)
  const unplanned = (plan.unplanned ?? []).map(({ error }) => error.message)
  return {
    targets,
    warnings: [...unplanned, ...plan.warnings].map(printable),
    estimateMs: work,
    ...(measured === undefined ? {} : { measured }),
  }
}

type Ends = { readonly source: Source; readonly targets: ReadonlyMap<string, Target>; readonly state: StateStore } & AsyncDisposable

async function openReadOnly(config: Config, registry: Registry, desk: Desk): Promise<Ends> {
  const { signal } = desk.session.interrupt
  await using stack = new AsyncDisposableStack()
  const options = { signal, warn: (message: string) => void desk.warnings.push(message), readOnly: true } as const
  const state = stack.use(await openEnd(registry.stateStores, 'state store', 'state store', config.state, config, options))
  const source = stack.use(await openEnd(registry.sources, 'source', 'source', config.source, config, options))
  const targets = new Map<string, Target>()
  for (const target of config.targets) {
    targets.set(target.name, stack.use(await openEnd(registry.targets, 'target', `target ${printable(target.name)}`, target, config, options)))
  }
  const opened = stack.move()
  return { source, targets, state, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** Reads the beginning of the largest table, for a second at most: how fast rows come depends on the way to the server most of all. */
async function readingSpeed(snapshot: Snapshot, schemas: readonly TableSchema[], signal: AbortSignal): Promise<number | undefined> {
  const schema = schemas.toSorted((a, b) => (b.estimate?.bytes ?? 0) - (a.estimate?.bytes ?? 0))[0]
  if (schema === undefined || (schema.estimate?.bytes ?? 0) < SAMPLE_LEAST) return undefined
  const started = performance.now()
  let bytes = 0
  for await (const batch of snapshot.read({ schema, limit: 50_000, batchRows: 1000, batchBytes: 1_000_000, signal })) {
    bytes += batch.bytes.length
    if (performance.now() - started > SAMPLE_MS) break
  }
  return bytes < SAMPLE_LEAST ? undefined : (bytes / (performance.now() - started)) * 1000
}
