import { type Fault, startProxy } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { said } from './dbsync.ts'
import { type Project, project } from './project.ts'

const FAULTS: readonly Fault[] = [
  { type: 'cut', afterBytes: 30_000 },
  { type: 'reset', afterBytes: 30_000 },
  { type: 'reset', afterBytes: 4_000 },
  { type: 'reset', afterBytes: 30_000, of: 'requests' },
  { type: 'half-close', afterBytes: 30_000 },
]

test.each(FAULTS.flatMap((fault) => [{ end: 'source', ...fault } as const, { end: 'target', ...fault } as const]))(
  'a $type of the connection to the $end after $afterBytes bytes costs no row',
  async ({ end, ...fault }) => {
    await using work = await project()
    await using proxy = await startProxy(work[end].server)
    await fill(work)
    await work.write('params.json', end === 'source' ? { ...work.params, db_port: proxy.port } : withTargetPort(work, proxy.port))
    for (const args of [['run'], ['run', '--full'], ['run']]) {
      proxy.setFault(fault, 1)
      const outcome = await work.dbsync(...args)
      expect(outcome.code, said(outcome)).toBe(0)
      proxy.setFault(undefined)
      await work.same()
      await work.at.query('UPDATE t1 SET text = CONCAT(id, text) WHERE id % 3 = 0')
      await work.at.query('DELETE FROM t2 ORDER BY id LIMIT 5')
    }
  },
)

async function fill({ at }: Project): Promise<void> {
  await at.query('CREATE TABLE t1 (id INT PRIMARY KEY, text VARCHAR(200))')
  await at.query('CREATE TABLE t2 (id INT PRIMARY KEY, updated_at DATETIME NOT NULL DEFAULT NOW() ON UPDATE NOW())')
  await at.query("INSERT INTO t1 SELECT seq, REPEAT('x', seq % 90) FROM seq_1_to_3000")
  await at.query('INSERT INTO t2 (id) SELECT seq FROM seq_1_to_3000')
}

function withTargetPort({ params }: Project, port: number): unknown {
  const { copy } = params.targets as { readonly copy: object }
  return { ...params, targets: { copy: { ...copy, port } } }
}
