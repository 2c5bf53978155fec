import { expect, it } from 'vitest'
import { type MemoryDatabase, memoryDatabase, memoryStore, memoryTarget, putTable } from '../memory/index.ts'
import { StateRecorder } from '../state/recorder.ts'
import { executePurge, type PurgeEnds, type PurgeTarget, planPurge } from './purge.ts'

const { signal } = new AbortController()
const [KILLED = ''] = memoryTarget(memoryDatabase()).render({ type: 'drop-table', table: { database: 'shop7', name: 'orders' } })

/** A target with shared tables, in which each of some tenants has an order. */
function shared(name: string, { tenants = [] as readonly string[], database = '{database}', leftovers = [] as readonly string[] } = {}) {
  const db = memoryDatabase()
  for (const tenant of tenants) putOrders(db, tenant)
  const target = { ...memoryTarget(db, { supports: { sharedTables: true } }), leftovers: async () => leftovers }
  return { db, at: { name, type: 'memory', database, target } satisfies PurgeTarget }
}

function putOrders(db: MemoryDatabase, database: string): void {
  const columns = [{ name: 'id', type: { kind: 'int', bits: 32 }, nullable: false }] as const
  const rest = { key: ['id'], uniqueKeys: [], foreignKeys: [], referencedBy: [], triggers: [], transactional: true }
  putTable(db, { table: { database, name: 'orders' }, columns, ...rest }, [['1']])
}

const separate = (name: string): PurgeTarget => ({ name, type: 'memory', database: '{database}', target: memoryTarget(memoryDatabase()) })

async function endsOf(targets: readonly { readonly at: PurgeTarget }[], ...known: readonly string[]): Promise<PurgeEnds> {
  const state = memoryStore()
  for (const database of known) {
    const recorder = await StateRecorder.open(state, database)
    recorder.record('bq', 'orders', { sync_status: 'SUCCESS' })
    await recorder.flush()
  }
  return { targets: targets.map(({ at }) => at), everywhere: true, state }
}

const purge = async (ends: PurgeEnds, ...patterns: string[]) => executePurge(ends, await planPurge(ends, patterns, signal), signal)

it('finds a tenant of which the state knows nothing, where one of the targets has rows', async () => {
  const [one, two] = [shared('bq', { tenants: ['shop6'] }), shared('lake', { tenants: ['shop6', 'shop7'] })]
  const ends = await endsOf([one, two], 'shop6')
  expect(await planPurge(ends, ['shop7', 'shop6'], signal)).toMatchObject({ databases: ['shop7', 'shop6'], inState: ['shop6'] })
  expect(await purge(ends, 'shop7')).toMatchObject({
    rows: 1,
    inState: [],
    parts: [
      { target: 'bq', tables: [] },
      { target: 'lake', tables: [{ rows: 1 }] },
    ],
  })
  expect(two.db.databases.get('shop6')?.size).toBe(1)
})

it('removes what a killed run left, with rows and without', async () => {
  const beside = shared('bq', { tenants: ['shop7'], leftovers: [KILLED] })
  expect(await planPurge(await endsOf([beside]), ['shop7'], signal)).toMatchObject({ parts: [{ leftovers: [KILLED], tables: [{ rows: 1 }] }] })
  const alone = shared('bq', { tenants: ['shop6'], leftovers: [KILLED] })
  putOrders(alone.db, 'shop7')
  const nothing: PurgeTarget = { ...alone.at, target: { ...alone.at.target, purge: async () => [] } }
  expect(await purge(await endsOf([{ at: nothing }]), 'shop7')).toMatchObject({ rows: 0, parts: [{ leftovers: [KILLED] }] })
  expect(alone.db.databases.get('shop7')?.size).toBe(0)
})

it('asks nothing of a target that has no database yet, and forgets the tenant all the same', async () => {
  const empty = shared('bq')
  const refuse = async (): Promise<never> => {
    throw new Error('there is no such dataset')
  }
  const ends = await endsOf([{ at: { ...empty.at, target: { ...empty.at.target, purge: refuse, leftovers: refuse } } }], 'shop7')
  expect(await purge(ends, 'shop7')).toMatchObject({ rows: 0, parts: [{ leftovers: [], tables: [] }] })
  expect(await ends.state.list('')).toEqual([])
  await expect(purge(ends, 'shop7')).rejects.toMatchObject({ code: 'PURGE_UNKNOWN', kind: 'config' })
})

it('takes no unknown name where a single target leads every name to one tenant', async () => {
  const [each, all] = [shared('bq', { tenants: ['shop8'] }), shared('lake', { tenants: ['shop7'], database: 'shop7' })]
  await expect(purge(await endsOf([each, all], 'shop7'), 'shop8')).rejects.toMatchObject({ code: 'PURGE_UNKNOWN' })
  expect([each.db.databases.get('shop8')?.size, all.db.databases.get('shop7')?.size]).toEqual([1, 1])
})

it('names the targets that can be purged, and only those', async () => {
  const hint = async (...targets: readonly { readonly at: PurgeTarget }[]) => {
    const plan = planPurge(await endsOf(targets, 'shop7'), ['shop7'], signal)
    const error: unknown = await plan.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'PURGE_UNSUPPORTED', kind: 'config' })
    return (error as { hint: string }).hint.match(/--target \w+/g)
  }
  expect(await hint(shared('bq'), { at: separate('copy') }, shared('lake'))).toEqual(['--target bq', '--target lake'])
  expect(await hint({ at: separate('copy') })).toBeNull()
})

it('leaves a tenant alone while somebody holds its place in the state, and holds it to the end itself', async () => {
  const here = shared('bq', { tenants: ['shop7'], database: 'x_{database}' })
  putOrders(here.db, 'x_shop7')
  const ends = await endsOf([here], 'shop7')
  {
    await using _ = await ends.state.lock('bq/x_shop7')
    await expect(purge(ends, 'shop7')).rejects.toMatchObject({ code: 'RUN_LOCKED' })
    expect(here.db.databases.get('x_shop7')?.size).toBe(1)
  }
  const held: string[] = []
  const remove = async (key: string) => {
    held.push(...here.db.locks)
    await expect(ends.state.lock('bq/x_shop7')).rejects.toMatchObject({ code: 'RUN_LOCKED' })
    await ends.state.delete(key)
  }
  await purge({ ...ends, state: { ...ends.state, delete: remove } }, 'shop7')
  expect(new Set(held)).toEqual(new Set(['x_shop7']))
  await using _ = await ends.state.lock('bq/x_shop7')
})

it('finds what was synced under another template, too', async () => {
  const { db, at } = shared('bq', { tenants: ['shop7', 'x_shop7', 'x_shop8', 'shop8', 'x_$&', '$&'], database: 'x_{database}' })
  const ends = await endsOf([{ at }])
  const record = async (database: string, ...places: readonly string[]) => {
    const recorder = await StateRecorder.open(ends.state, database)
    for (const [i, target_database] of places.entries()) recorder.record('bq', `t${i}`, { sync_status: 'SUCCESS', target_database })
    await recorder.flush()
  }
  await record('shop7', 'shop7', 'x_shop7', '')
  await record('$&', 'x_$&')
  await record('shop8', 'x_shop8')
  expect(await purge(ends, 'shop7')).toMatchObject({ rows: 2, parts: [{ database: 'x_shop7' }, { database: 'shop7' }] })
  expect(await purge(ends, '[$]&')).toMatchObject({ rows: 1, parts: [{ database: 'x_$&' }] })
  expect([...db.databases].filter(([, tables]) => tables.size > 0).map(([name]) => name)).toEqual(['x_shop8', 'shop8', '$&'])
})

it('leaves the place of another template alone where somebody else came', async () => {
  const { db, at } = shared('bq', { tenants: ['all'], database: '{database}' })
  const ends = await endsOf([{ at }])
  for (const database of ['shop7', 'all']) {
    const recorder = await StateRecorder.open(ends.state, database)
    recorder.record('bq', 'orders', { sync_status: 'SUCCESS', target_database: 'all' })
    await recorder.flush()
  }
  await expect(purge(ends, 'shop7')).rejects.toMatchObject({ code: 'PURGE_UNKNOWN', message: expect.stringContaining('all') })
  expect(db.databases.get('all')?.size).toBe(1)
})
