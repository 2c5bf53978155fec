import { expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { type Project, project } from '../project.ts'
import { measured, say } from './measured.ts'
import { allowRollback } from './rollback.ts'
import { ownServers } from './servers.ts'
import { PATIENCE, sized } from './size.ts'
import { warehouseIn } from './warehouse.ts'

const MB = sized(20, 100)
// A server takes no cell that is larger than a tenth of its redo log.
const servers = ownServers({ max_allowed_packet: '1G', innodb_log_file_size: `${sized(256, 2048)}M`, innodb_buffer_pool_size: `${sized(256, 1024)}M` })

/** By hash: a cell of this size has no hexadecimal text. */
async function cells({ server, database }: Project['source']): Promise<readonly unknown[]> {
  return await server.query(`SELECT id, LENGTH(v) AS size, SHA2(v, 256) AS hash, note FROM ${database}.big ORDER BY id`)
}

test(`a cell of ${MB} MB, in a heap of 256 MiB`, { timeout: PATIENCE }, async () => {
  await using work = await project({ servers: servers(), backups: true })
  const { directory, at } = work
  const { target } = servers()
  await allowRollback(work)
  const run = async (what: string, codes: readonly number[], ...args: readonly string[]) => {
    const found = await measured({ directory, servers: servers() }, args, codes)
    say(`a cell of ${MB} MB, ${what}`, found)
    return found
  }
  const same = async () => expect(await cells(work.target)).toEqual(await cells(work.source))

  // Every byte that a file of rows has to escape, and some that it has not.
  const value = (word: string) => `REPEAT(CONCAT(x'5c000a09ff', '${word}'), ${MB * 100_000})`
  await at.query('CREATE TABLE big (id INT PRIMARY KEY, v LONGBLOB, note VARCHAR(20))')
  await at.query(`INSERT INTO big VALUES (1, ${value('first')}, 'big'), (2, 'small', 'small'), (3, NULL, NULL)`)
  expect((await cells(work.source))[0]).toMatchObject({ size: MB * 1_000_000 })

  await run('in full', [0], 'run', '--full', '--json')
  await same()
  await run('verify', [0], 'verify')

  await at.query(`UPDATE big SET v = ${value('secon')}, note = 'other' WHERE id = 1`)
  const before = await cells(work.target)
  await run('changed, by digest, with a backup point', [0], 'run', '--json')
  await same()
  await run('rollback', [0], 'rollback', '--yes')
  expect(await cells(work.target)).toEqual(before)

  // The server takes less now than the cell has: an INSERT cannot carry it, and LOAD DATA can.
  await target.query(`SET GLOBAL max_allowed_packet = ${16 << 20}`)
  const { copy } = work.params['targets'] as { readonly copy: object }
  await work.write('params.json', { ...work.params, targets: { copy: { ...copy, localInfile: false } } })
  const refused = await run('too large for a statement', [1], 'run', '--json')
  expect(refused.stdout, said(refused)).toMatch(/loading \S+\.big: a row needs a statement of \d+ bytes and max_allowed_packet is 16777216/)
  expect(await cells(work.target)).toEqual(before)
  await work.write('params.json', work.params)
  await run('too large for a statement, by LOAD DATA', [0], 'run', '--json')
  await same()
  await target.query(`SET GLOBAL max_allowed_packet = ${1 << 30}`)
  await run('nothing changed', [0], 'run', '--json')

  let warehouse = await warehouseIn(work)
  const first = await run('into DuckDB', [0, 1], 'run', '--json')
  expect(first.code === 0 || /DUCKDB_MEMORY[^}]*Raise memory_limit/s.test(first.stdout), said(first)).toBe(true)
  if (first.code === 1) {
    warehouse = await warehouseIn(work, { memory_limit: '2GB' })
    await run('into DuckDB with a memory_limit of 2GB', [0], 'run', '--json')
  }
  const there = await warehouse.query('SELECT id::INT, octet_length(v)::INT, sha256(v), note FROM big ORDER BY id')
  expect(there).toEqual((await cells(work.source)).map((row) => Object.values(row as object)))
  await run('verify with DuckDB', [0], 'verify')
})
