import type { BackupPoint, Backups, RestoreReceipt, UnfinishedRestore } from '../contract/backups.ts'
import type { StateStore } from '../contract/state-store.ts'
import type { Target } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { memoryStore } from '../memory/store.ts'
import type { JsonValue } from '../model/json.ts'
import { databaseKey, type TargetState, withTargetStates } from '../state/records.ts'
import { type ExecuteRollback, executeRollback } from './execute-rollback.ts'
import { planRollback, type RollbackEnds } from './plan-rollback.ts'

/** A backup point of the table `shop.t`, which the target `copy` had before its first sync. */
export const point = (name: string, over: Partial<NonNullable<BackupPoint['manifest']>> = {}): BackupPoint => ({
  name,
  path: `/backups/${name}`,
  kind: 'dump',
  bytes: 1,
  madeAt: '2026-11-21T02:00:00.000Z',
  manifest: {
    version: 1,
    run: null,
    target: 'copy',
    server: { id: 'server', label: 'a server' },
    consistency: { scope: 'all', detail: '' },
    sha256: '',
    tables: [{ database: 'shop', name: 't', rows: 1, digest: null }],
    state: { tables: { shop: { t: null } } },
    restoredAt: null,
    ...over,
  },
})

/** The same as a file of another tool. */
export function unproved(of: BackupPoint): BackupPoint {
  const { name, path, kind, bytes, madeAt } = of
  return { name, path, kind, bytes, madeAt }
}

export const savedPosition: TargetState = {
  last_sync_time: '2026-11-21T02:00:00.000Z',
  sync_status: 'SUCCESS',
  sync_mode: 'INCREMENTAL',
  records_synced: 3,
  error_message: null,
  updated_at: '2026-11-21T02:00:00.000Z',
  position: { columns: { at: '2026-11-21 01:59:00' } },
  compared_at: '2026-11-20T02:00:00.000Z',
  source_id: 's',
  target_id: 't',
  target_database: 'shop',
}

/** As runs leave the state of these tables of `shop` at the target `copy`. */
export async function knownTables(store: StateStore, names: readonly string[]): Promise<void> {
  const states = new Map(names.map((name) => [name, savedPosition]))
  await store.write(databaseKey('shop'), withTargetStates(undefined, 'shop', 'copy', states, savedPosition.updated_at) as unknown as JsonValue, undefined)
}

export const signal: AbortSignal = new AbortController().signal
export const quiet: ExecuteRollback = { signal, progress: () => {} }

/** A target whose tables are one text, with the moments of a restore at which it can be stopped. */
export function bench(given: readonly BackupPoint[]) {
  const world = {
    points: [...given],
    content: 'new',
    pending: undefined as (UnfinishedRestore & { readonly to: string }) | undefined,
    dieAt: undefined as 'building' | 'swapping' | 'swapped' | 'recorded' | undefined,
    steps: [] as string[],
  }
  const die = (moment: typeof world.dieAt) => {
    if (world.dieAt !== moment) return
    world.dieAt = undefined
    throw new SyncError('LOST', `died when ${moment}`, { kind: 'transient' })
  }
  const receipt: RestoreReceipt = { tables: [{ database: 'shop', name: 't', rows: 1, outcome: 'restored' }], apart: [], missing: [] }
  const complete = async (swapped: (receipt: RestoreReceipt) => Promise<void>) => {
    world.content = world.pending?.to ?? ''
    die('swapped')
    await swapped(receipt)
    die('recorded')
    world.pending = undefined
    return receipt
  }
  const backups: Backups = {
    async create({ state, target }) {
      const made = point(`before_${world.points.length}`, { state, target })
      world.points.unshift(made)
      world.steps.push('kept')
      return made
    },
    journal: () => Promise.reject(new Error('no journal here')),
    list: async () => world.points,
    check: async ({ name, manifest }) => ({
      verdict: name.startsWith('bad') ? 'damaged' : manifest === undefined ? 'unproved' : 'intact',
      findings: [],
      tables: [{ database: '', name: 't', rows: 1 }],
    }),
    preview: async (_point, tables) => ({
      tables: tables.map((table) => ({ ...table, change: 'replace', rowsNow: 1, rowsThen: 1 })),
      statements: [],
      apart: [],
    }),
    async restore({ name }, { databases, note, swapping, swapped }) {
      if (world.pending !== undefined) throw new Error('two at once')
      die('building')
      world.pending = { point: name, databases, note, to: name }
      await swapping()
      die('swapping')
      return await complete(swapped)
    },
    unfinished: async () => world.pending,
    resume: async (_databases, { swapped }) => await complete(swapped),
    async drop({ name }) {
      world.points = world.points.filter((one) => one.name !== name)
    },
  }
  const locks = new Set<string>()
  const target = {
    identity: async () => ({ id: 'server', label: 'a server' }),
    databases: async () => ['shop'],
    async lock(database: string) {
      if (locks.has(database)) throw new SyncError('RUN_LOCKED', 'taken', { kind: 'locked' })
      locks.add(database)
      return { held: () => true, [Symbol.asyncDispose]: async () => void locks.delete(database) }
    },
  } as unknown as Target
  const store = memoryStore()
  const ends: RollbackEnds = { name: 'copy', target, backups, state: store }
  const go = async (wanted?: string, database?: string) => {
    const plan = await planRollback(ends, { point: wanted, database, allow: [], signal })
    return await executeRollback(ends, plan, quiet)
  }
  return { world, ends, go, store, backups }
}
