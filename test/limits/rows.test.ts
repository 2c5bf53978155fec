import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Project, project, tableIn } from '../project.ts'
import { type Measured, measured, say } from './measured.ts'
import { allowRollback } from './rollback.ts'
import { ownServers } from './servers.ts'
import { PATIENCE, sized } from './size.ts'

const servers = ownServers({})
const ROWS = sized(100_000, 3_000_000)

/** What the server itself says of all rows. */
async function checksums({ source, target }: Project): Promise<readonly string[]> {
  const of = async ({ server, database }: Project['source']) => String((await server.query(`CHECKSUM TABLE ${database}.large`))[0]?.['Checksum'])
  return await Promise.all([of(source), of(target)])
}

async function expectSame(work: Project): Promise<string> {
  const [source, target] = await checksums(work)
  expect(target).toBe(source)
  expect(target).toMatch(/^\d+$/)
  return target as string
}

test(`a table of ${ROWS} rows, in a heap of 256 MiB`, { timeout: PATIENCE }, async () => {
  await using work = await project({ servers: servers() })
  const { directory, at } = work
  await allowRollback(work)
  await at.query(`CREATE TABLE large (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL, c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL, amount DECIMAL(14,2),
    note VARCHAR(100), updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), KEY (k), KEY (updated_at))`)
  await at.query(`INSERT INTO large SELECT seq, seq * 7919 % 1000003, REPEAT(LPAD(HEX(seq * 2654435761), 12, '0'), 10), REPEAT(LPAD(HEX(seq * 40503), 12, '0'), 5),
    seq * 37 % 1000000 / 100, IF(seq % 5 = 0, NULL, CONCAT('note ', seq)), '2026-01-01 00:00:00' + INTERVAL seq SECOND FROM seq_1_to_${ROWS}`)
  const run = async (what: string, ...args: readonly string[]): Promise<Measured> => {
    const found = await measured({ directory, servers: servers() }, args)
    say(`${ROWS} rows, ${what}`, found)
    return found
  }
  const changed = (found: Measured) => {
    const { strategy, outcome, updated } = tableIn((found.json as { readonly report: Parameters<typeof tableIn>[0] }).report, 'large')
    return { strategy, outcome, updated }
  }
  const onePercent = ROWS / 100

  await run('in full', 'run', '--full', '--json')
  await expectSame(work)

  await at.query('UPDATE large SET k = k + 1 WHERE id % 100 = 7')
  expect(changed(await run('1 % changed, by time', 'run', '--json'))).toEqual({ strategy: 'time', outcome: 'synced', updated: onePercent })
  await expectSame(work)

  await run('verify', 'verify')

  await at.query('UPDATE large SET k = k + 1, updated_at = updated_at WHERE id % 100 = 11')
  expect(changed(await run('1 % changed, by digest', 'run', '--reconcile', '--json'))).toEqual({ strategy: 'digest', outcome: 'synced', updated: onePercent })
  const before = await expectSame(work)

  await work.write('sync-config.json', { sync_settings: { backup_before_sync: true } })
  await at.query('UPDATE large SET k = k + 1 WHERE id % 100 = 13')
  await run('1 % changed, by time, with a backup point', 'run', '--json')
  expect(await expectSame(work)).not.toBe(before)
  expect(await readdir(join(directory, 'backups'))).not.toEqual([])

  await run('rollback', 'rollback', '--yes')
  expect((await checksums(work))[1]).toBe(before)
  await run('after the rollback', 'run', '--json')
  await expectSame(work)
})
