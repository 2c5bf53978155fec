import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Outcome, said } from './dbsync.ts'
import { type Project, project } from './project.ts'
import { positions } from './rollback/positions.ts'
import { snapshot, triggers } from './rollback/snapshot.ts'

const ODD = '`odd ``t"\'\n../é`'

async function journalled(): Promise<Project> {
  const work = await project({ suffix: " `q'", backups: true, config: { backup_settings: { mode: 'journal' } } })
  await work.target.server.query(`GRANT ALL ON \`\\_dbsync\\_restore\\_%\`.* TO ${work.targetUser}@'%'`)
  await work.at.query(
    'CREATE TABLE parent (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40) UNIQUE, at TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6))',
  )
  await work.at.query(
    `CREATE TABLE ${ODD} (k VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, parent INT, CONSTRAINT \`\`\`k\` FOREIGN KEY (parent) REFERENCES parent (id))`,
  )
  await work.at.query('CREATE TABLE __proto__ (a INT, b TEXT)')
  await work.at.query('INSERT INTO parent (id, name) SELECT seq, MD5(seq) FROM seq_1_to_2000')
  await work.at.query(`INSERT INTO ${ODD} SELECT CONCAT('key ', seq), seq FROM seq_1_to_100`)
  await work.at.query("INSERT INTO __proto__ SELECT seq % 20, IF(seq % 3, 'a', NULL) FROM seq_1_to_200")
  return work
}

const CHANGES: readonly (readonly string[])[] = [
  ["UPDATE parent SET name = CONCAT('new ', id) WHERE id % 100 = 7", 'DELETE FROM __proto__ LIMIT 1', "INSERT INTO __proto__ VALUES (3, '😀')"],
  [
    `UPDATE ${ODD} SET k = UPPER(k) WHERE parent < 10`,
    `DELETE FROM ${ODD} WHERE parent = 50`,
    'DELETE FROM parent WHERE id = 50',
    "INSERT INTO parent (name) VALUES ('later')",
    'CREATE TABLE late (id INT PRIMARY KEY)',
  ],
  ['ALTER TABLE parent ADD COLUMN more INT DEFAULT 5 AFTER id', 'UPDATE parent SET more = id WHERE id < 20'],
]

type Run = { readonly report: { readonly backups?: readonly { readonly name: string; readonly kind: string; readonly bytes: number }[] } }

async function ok(outcome: Promise<Outcome>): Promise<unknown> {
  const ended = await outcome
  expect(ended.code, said(ended)).toBe(0)
  return ended.json
}

const pointsOf = async ({ directory }: Project): Promise<readonly string[]> =>
  (await readdir(join(directory, 'backups', 'database'))).filter((name) => name.startsWith('backup_point') && name.includes('.journal'))

const state = async (work: Project) => [await snapshot(work.target), await triggers(work.target), await positions(work)]

test('a run in journal mode takes down what it changes, and every such run can be taken back', { timeout: 120_000 }, async () => {
  await using work = await journalled()
  await ok(work.dbsync('run', '--json'))
  const before: unknown[] = []
  const names: string[] = []
  for (const changes of CHANGES) {
    before.push(await state(work))
    for (const sql of changes) await work.at.query(sql)
    const { report } = (await ok(work.dbsync('run', '--json'))) as Run
    expect(report.backups, JSON.stringify(report)).toMatchObject([{ kind: 'journal' }])
    names.push(report.backups?.[0]?.name ?? '')
    await work.same()
  }
  const quiet = (await ok(work.dbsync('run', '--json'))) as Run
  expect(quiet.report.backups ?? []).toEqual([])

  const [, second = ''] = names
  await ok(work.dbsync('backup', 'check', second, '--json'))
  await ok(work.dbsync('rollback', second, '--yes', '--json'))
  expect(await state(work)).toEqual(before[1])
  const left = await pointsOf(work)
  expect(left).toHaveLength(2)
  expect(left).not.toContain(second)
  await ok(work.dbsync('run', '--json'))
  await work.same()

  // A run that is killed leaves a point too.
  const then = await state(work)
  await work.at.query("UPDATE parent SET name = CONCAT('killed ', id) WHERE id % 2")
  const there = (await pointsOf(work)).length
  const killed = work.start('run', '--json')
  while ((await pointsOf(work)).length === there) await sleep(2)
  await sleep(Math.random() * 100)
  killed.process.kill('SIGKILL')
  await killed.ended
  const newest = (await pointsOf(work)).toSorted().at(-1) ?? ''
  const { code, stdout } = await work.dbsync('rollback', newest.replace('.unfinished', ''), '--yes', '--json')
  // Where it was killed before its first commit there is nothing to take back.
  expect(code === 0 || stdout.includes('BACKUP_POINT_UNKNOWN'), stdout).toBe(true)
  // What it staged goes with the next run.
  const tables = [...(await snapshot(work.target))].filter(([name]) => !name.startsWith('_dbsync_'))
  expect(new Map(tables)).toEqual(then[0])
  await ok(work.dbsync('run', '--json'))
  await work.same()
})
