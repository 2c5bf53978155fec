import { readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { type Rows, TABLE_NAMES, type Warehouse, warehouse } from './warehouse.ts'

const TRIALS = Number(process.env.DBSYNC_DUCKDB_KILL_TRIALS ?? 3)

test('a run that is killed leaves each table old or new, and one more run makes all equal', { timeout: 60_000 + TRIALS * 20_000 }, async () => {
  await using work = await warehouse({ rows: 3_000 })
  await work.sync()
  const seed = Number(process.env.DBSYNC_SEED ?? Date.now() % 100_000)
  process.stdout.write(`DuckDB kills: seed ${seed}, ${TRIALS} of them\n`)
  const random = mulberry(seed)
  // How long a run takes that does all there is to do.
  await change(work, 0)
  const start = performance.now()
  await work.sync('--full')
  const usual = performance.now() - start

  let killed = 0
  for (let trial = 1; trial <= TRIALS; trial++) {
    const before = await all(work, (tenant) => work.copy(tenant))
    await change(work, trial)
    const after = await all(work, (tenant) => work.source(tenant))
    const run = work.start('run', '--json', ...(trial % 2 === 0 ? ['--full'] : []))
    // Most of a run's beginning is before its first row.
    const moment = usual * (0.3 + random() * 0.7)
    await Promise.race([sleep(moment), run.ended])
    run.process.kill('SIGKILL')
    const outcome = await run.ended
    if (outcome.code === 'SIGKILL') killed++
    for (const tenant of work.tenants) {
      const now = await work.copy(tenant)
      for (const table of TABLE_NAMES) {
        const what = `${tenant}.${table}, killed after ${Math.round(moment)} of ${Math.round(usual)} ms`
        expect([before.get(tenant)?.[table], after.get(tenant)?.[table]], what).toContainEqual(now[table])
      }
    }
    const rerun = await work.dbsync('run', '--json')
    expect(rerun.code, said(rerun)).toBe(0)
    for (const tenant of work.tenants) expect(await work.copy(tenant), tenant).toEqual(after.get(tenant))
    expect(await readdir(dirname(work.path))).toEqual(['warehouse.duckdb'])
  }
  expect(killed).toBeGreaterThan(0)
})

async function change(work: Warehouse, trial: number): Promise<void> {
  for (const tenant of work.tenants) {
    await work.at(
      tenant,
      `UPDATE orders SET note = 'trial ${trial}', amount = amount + 1 WHERE id MOD 5 = ${trial % 5}`,
      `INSERT INTO orders (id, note) VALUES (${100_000 + trial}, 'new')`,
      `DELETE FROM items WHERE b = ${trial % 5} LIMIT 10`,
      `INSERT INTO log SELECT 'again', seq MOD 3 FROM seq_1_to_20`,
      'DELETE FROM log WHERE n = 1 LIMIT 5',
    )
  }
}

async function all(work: Warehouse, rows: (tenant: string) => Promise<Rows>): Promise<ReadonlyMap<string, Rows>> {
  const found = new Map<string, Rows>()
  for (const tenant of work.tenants) found.set(tenant, await rows(tenant))
  return found
}

/** The same numbers for the same seed. */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
