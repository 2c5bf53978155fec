import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { said } from './dbsync.ts'
import { seeded } from './faults/kit.ts'
import { project } from './project.ts'

/** Pairs of runs that are started at about the same time. `pnpm torture` asks for many more. */
const STARTS = Number(process.env.DBSYNC_DOUBLE_STARTS ?? 4)

test(`${STARTS} double starts: one run works, the other one waits for nothing or finds its work done, and nothing is doubled`, {
  timeout: 60_000 + STARTS * 20_000,
}, async () => {
  const random = seeded()
  await using work = await project()
  const { at } = work
  await at.query('CREATE TABLE keyless (a INT, b INT)')
  await at.query('CREATE TABLE stamped (id INT PRIMARY KEY, v INT, updated_at DATETIME(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6))')
  await at.query('INSERT INTO keyless SELECT seq % 100, seq % 7 FROM seq_1_to_700')
  await at.query('INSERT INTO stamped (id, v) SELECT seq, seq FROM seq_1_to_1500')
  let refused = 0
  for (let trial = 0; trial < STARTS; trial++) {
    await at.query('INSERT INTO keyless VALUES (1, 1), (1, 1)')
    await at.query(`UPDATE stamped SET v = v + 1 WHERE id % 40 = ${random.next(40)}`)
    const first = work.start('run', '--json', ...(random.next(3) === 0 ? ['--full'] : []))
    await sleep(random.next(4) === 0 ? 0 : random.next(500))
    const second = work.start('run', '--json', ...(random.next(3) === 0 ? ['--reconcile'] : []))
    const outcomes = await Promise.all([first.ended, second.ended])
    const codes = outcomes.map(({ code }) => code)
    const text = outcomes.map(said).join('\n')
    expect(codes, text).toContain(0)
    for (const outcome of outcomes.filter(({ code }) => code !== 0)) {
      expect(outcome.code, text).toBe(4)
      expect((outcome.json as { readonly error: { readonly code: string } }).error.code).toBe('RUN_LOCKED')
      refused++
    }
    await work.same()
    expect(await work.target.server.query(`SHOW TABLES FROM ${work.target.database} LIKE '%dbsync%'`)).toEqual([])
  }
  process.stdout.write(`${STARTS} double starts: ${refused} refused, all equal\n`)
})
