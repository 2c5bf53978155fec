import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Project, project, type Report } from '../project.ts'
import { type Measured, measured, say } from './measured.ts'
import { ownServers } from './servers.ts'
import { ALL, PATIENCE, sized } from './size.ts'

const servers = ownServers({})
const TABLES = sized(300, 10_000)

/** Statements of a run that go to neither table. */
const FIXED = 120

const name = (i: number) => `t_${String(i).padStart(5, '0')}`

/** Every fifth has rows. */
async function makeTables({ at }: Project): Promise<void> {
  for (let i = 0; i < TABLES; i++) {
    await at.query(`CREATE TABLE ${name(i)} (id INT PRIMARY KEY, name VARCHAR(50), n INT,
      updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), KEY (updated_at))`)
    if (i % 5 === 0) await at.query(`INSERT INTO ${name(i)} SELECT seq, CONCAT('n', seq), seq, '2026-01-01' FROM seq_1_to_20`)
  }
}

/** Not by the clock, which says more of the machine. */
function expectStatements({ statements }: Measured, most: { readonly source: number; readonly target: number }): void {
  expect(statements.source, 'statements at the source').toBeLessThanOrEqual(most.source * TABLES + FIXED)
  expect(statements.target, 'statements at the target').toBeLessThanOrEqual(most.target * TABLES + FIXED)
}

const outcomes = ({ json }: Measured): Record<string, number> => {
  const { tables } = (json as { readonly report: Report }).report
  const groups = Map.groupBy(tables, ({ outcome, strategy }) => `${outcome} ${strategy}`)
  return Object.fromEntries([...groups].map(([what, some]) => [what, some.length]))
}

test(`${TABLES} tables of one database`, { timeout: PATIENCE }, async () => {
  await using work = await project({ servers: servers() })
  const { directory } = work
  await makeTables(work)
  const run = async (what: string, ...args: readonly string[]): Promise<Measured> => {
    const found = await measured({ directory, servers: servers() }, args)
    say(`${TABLES} tables, ${what}`, found, TABLES)
    return found
  }

  const first = await run('the first run', 'run', '--json')
  expect(outcomes(first)).toEqual({ 'synced full': TABLES })
  expectStatements(first, { source: 13, target: 12 })
  await work.same()

  const byTime = await run('nothing changed, by time', 'run', '--json')
  expect(outcomes(byTime)).toEqual({ 'unchanged time': TABLES })
  expectStatements(byTime, { source: 10, target: 4 })

  const byDigest = await run('nothing changed, by digest', 'run', '--reconcile', '--json')
  expect(outcomes(byDigest)).toEqual({ 'unchanged digest': TABLES })
  expectStatements(byDigest, { source: 10, target: 3 })

  await work.at.query(`UPDATE ${name(TABLES - 5)} SET n = n + 1 WHERE id = 7`)
  const one = await run('one row of one table changed', 'run', '--json')
  expect(outcomes(one)).toEqual({ 'synced time': 1, 'unchanged time': TABLES - 1 })
  await work.same({ tables: [name(TABLES - 5)] })

  const dryRun = await run('a dry run', 'run', '--dry-run')
  expectStatements(dryRun, { source: 10, target: 4 })
  const verified = await run('verify', 'verify')
  expectStatements(verified, { source: 8, target: 3 })

  const status = await run('status', 'status')
  expect(status.statements.source + status.statements.target).toBeLessThan(5)
  expect(status.stdout.match(/^t_\d{5} /gm)).toHaveLength(TABLES)

  const state = await stat(join(directory, 'sync_status', `${work.database}.json`))
  if (ALL) process.stdout.write(`limits: ${TABLES} tables: ${(state.size / 1e6).toFixed(1)} MB of state\n`)
  expect(state.size / TABLES).toBeLessThan(1_300)
})
