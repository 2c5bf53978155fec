import { expect, it } from 'vitest'
import { type MemoryDatabase, memoryDatabase, memoryStore, memoryTarget, putTable, type Row } from '../memory/index.ts'
import { StateRecorder } from '../state/recorder.ts'
import { executePurge, type PurgeEnds, planPurge } from './purge.ts'

const { signal } = new AbortController()
const shared = { supports: { sharedTables: true as const } }

/** A shared target in which each of some tenants has two tables, and the state that says so. */
async function fleet(...tenants: readonly string[]) {
  const db = memoryDatabase()
  const state = memoryStore()
  for (const tenant of tenants) {
    for (const name of ['orders', 'users']) put(db, tenant, name, [['1'], ['2']])
    const recorder = await StateRecorder.open(state, tenant)
    for (const name of ['orders', 'users']) recorder.record('bq', name, { sync_status: 'SUCCESS' })
    await recorder.flush()
  }
  let fault: () => void = () => {}
  const target = memoryTarget(db, { ...shared, fault: (point) => (point === 'run' ? fault() : undefined) })
  const ends: PurgeEnds = { targets: [{ name: 'bq', type: 'memory', database: '{database}', target }], everywhere: true, state }
  return {
    db,
    ends,
    rows: (tenant: string) => [...(db.databases.get(tenant)?.values() ?? [])].reduce((sum, { rows }) => sum + rows.length, 0),
    known: async () => (await state.list('database/')).map(({ key }) => key.slice('database/'.length)),
    failAfter(statements: number) {
      let left = statements
      fault = () => {
        if (left-- === 0) throw new Error('killed')
      }
    },
  }
}

function put(db: MemoryDatabase, database: string, name: string, rows: readonly Row[]): void {
  const columns = [{ name: 'id', type: { kind: 'int', bits: 32 }, nullable: false }] as const
  const rest = { key: ['id'], uniqueKeys: [], foreignKeys: [], referencedBy: [], triggers: [], transactional: true }
  putTable(db, { table: { database, name }, columns, ...rest }, rows)
}

const purge = async (ends: PurgeEnds, ...patterns: string[]) => executePurge(ends, await planPurge(ends, patterns, signal), signal)

it('takes one tenant out of the target and the state, and no other', async () => {
  const here = await fleet('shop6', 'shop7', "it's *")
  expect(await planPurge(here.ends, ['shop7'], signal)).toMatchObject({ databases: ['shop7'], parts: [{ target: 'bq', tables: [{ rows: 2 }, { rows: 2 }] }] })
  expect(here.rows('shop7')).toBe(4)
  expect(await purge(here.ends, 'shop7', "it's \\*")).toMatchObject({ rows: 8 })
  expect(['shop6', 'shop7', "it's *"].map(here.rows)).toEqual([4, 0, 0])
  expect(await here.known()).toEqual(['shop6'])
  expect([...here.db.locks]).toEqual([])
})

it('finishes what was stopped half way, and then there is nothing more', async () => {
  const here = await fleet('shop7')
  here.failAfter(1)
  await expect(purge(here.ends, 'shop7')).rejects.toThrow('killed')
  expect([here.rows('shop7'), await here.known()]).toEqual([2, ['shop7']])
  here.failAfter(99)
  expect(await purge(here.ends, 'shop7')).toMatchObject({ rows: 2 })
  expect([here.rows('shop7'), await here.known()]).toEqual([0, []])
  await expect(purge(here.ends, 'shop7')).rejects.toMatchObject({ code: 'PURGE_UNKNOWN', message: expect.stringContaining('shop7') })
})

it('says so where rows are there again, and forgets nothing', async () => {
  const here = await fleet('shop7')
  const [at] = here.ends.targets
  if (at === undefined) throw new Error('no target')
  // A statement of a killed run that ends in between.
  const late = { ...at, target: { ...at.target, run: async () => {} } }
  await expect(purge({ ...here.ends, targets: [late] }, 'shop7')).rejects.toMatchObject({
    code: 'PURGE_LEFT',
    kind: 'data',
    message: expect.stringContaining('orders (2), users (2)'),
  })
  expect(await here.known()).toEqual(['shop7'])
})

it('takes a pattern for one database only', async () => {
  const here = await fleet('shop6', 'shop7')
  await expect(purge(here.ends, 'shop*')).rejects.toMatchObject({ code: 'PURGE_SEVERAL', hint: expect.stringContaining('shop6, shop7') })
  await expect(purge(here.ends, 'x*')).rejects.toMatchObject({ code: 'PURGE_UNKNOWN', hint: expect.stringContaining('shop6, shop7') })
  expect(here.rows('shop7')).toBe(4)
  expect(await purge(here.ends, '*7')).toMatchObject({ databases: ['shop7'] })
})

it('waits for nobody, and leaves a tenant alone that a run works on', async () => {
  const here = await fleet('shop7')
  const [at] = here.ends.targets
  await using _ = await at?.target.lock('shop7', signal)
  await expect(purge(here.ends, 'shop7')).rejects.toMatchObject({ code: 'RUN_LOCKED' })
  expect(here.rows('shop7')).toBe(4)
})

it('drops no database of its own, and keeps what the state knows of other targets', async () => {
  const here = await fleet('shop7')
  const own = { name: 'copy', type: 'memory', database: '{database}', target: memoryTarget(memoryDatabase()) }
  await expect(purge({ ...here.ends, targets: [...here.ends.targets, own] }, 'shop7')).rejects.toMatchObject({
    code: 'PURGE_UNSUPPORTED',
    hint: expect.stringContaining('--target bq'),
  })
  const recorder = await StateRecorder.open(here.ends.state, 'shop7')
  recorder.record('copy', 'orders', { sync_status: 'SUCCESS' })
  await recorder.flush()
  await purge({ ...here.ends, everywhere: false }, 'shop7')
  expect((await StateRecorder.open(here.ends.state, 'shop7')).state?.tables).toMatchObject({ orders: { targets: { copy: { sync_status: 'SUCCESS' } } } })
  expect((await StateRecorder.open(here.ends.state, 'shop7')).state?.tables['users']).toBeUndefined()
})

it('takes no misspelled name where every name leads to the same tenant', async () => {
  const here = await fleet('shop7')
  const [at] = here.ends.targets
  if (at === undefined) throw new Error('no target')
  await expect(purge({ ...here.ends, targets: [{ ...at, database: 'shop7' }] }, 'shop8')).rejects.toMatchObject({ code: 'PURGE_UNKNOWN' })
  expect(here.rows('shop7')).toBe(4)
})
