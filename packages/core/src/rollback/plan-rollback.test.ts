import { expect, test } from 'vitest'
import type { BackupCheck, BackupTable, RestoreTable } from '../contract/backups.ts'
import { planRollback, type RollbackRequest } from './plan-rollback.ts'
import { bench, point, signal, unproved } from './testing.ts'

const table = (database: string, name: string): BackupTable => ({ database, name, rows: 1, digest: null })
const request = (over: Partial<RollbackRequest> = {}): RollbackRequest => ({ point: undefined, database: undefined, allow: [], signal, ...over })
const restoring = { kind: 'restore' }

test('an unfinished rollback is looked for in the databases of the target and of all points', async () => {
  const { ends, backups } = bench([point('a', { tables: [table('gone', 't'), table('shop', 't')] }), unproved(point('file')), point('b')])
  const asked: (readonly string[])[] = []
  backups.unfinished = async (databases) => void asked.push(databases)
  await planRollback(ends, request())
  expect(asked).toEqual([['shop', 'gone']])
})

test.each([undefined, 'latest', 'old.sql.gz', 'old', '/backups/old.sql.gz', 'run-1'])(
  'the rollback that was stopped is finished by the point %s, without a look at it',
  async (wanted) => {
    const { ends, backups } = bench([point('old.sql.gz', { run: 'run-1' })])
    backups.check = () => Promise.reject(new Error('looked at'))
    const pending = { point: 'old.sql.gz', databases: ['shop'], note: null }
    backups.unfinished = async () => pending
    expect(await planRollback(ends, request({ point: wanted }))).toEqual({ kind: 'finish', pending })
  },
)

test('a point is read as a whole, and nothing is restored to prove it', async () => {
  const { ends, backups } = bench([point('old')])
  const before = { ...backups }
  const restores: boolean[] = []
  backups.check = async (of, options) => {
    restores.push(options.restore)
    expect(options.signal).toBe(signal)
    return await before.check(of, options)
  }
  expect(await planRollback(ends, request())).toMatchObject({ ...restoring, check: { verdict: 'intact' } })
  expect(restores).toEqual([false])
})

test('a damaged point is refused with all that is wrong with it', async () => {
  const damaged: BackupCheck = { verdict: 'damaged', findings: ['no end', 'no sum'], tables: [] }
  const listed = bench([point('old')])
  listed.backups.check = async () => damaged
  await expect(planRollback(listed.ends, request())).rejects.toMatchObject({
    code: 'ROLLBACK_POINT_DAMAGED',
    kind: 'refused',
    message: expect.stringContaining('no end; no sum'),
  })
  const elsewhere = bench([])
  elsewhere.backups.check = async () => damaged
  await expect(planRollback(elsewhere.ends, request({ file: unproved(point('file')) }))).rejects.toMatchObject({ code: 'ROLLBACK_POINT_DAMAGED' })
})

test('a file that lies elsewhere is taken instead of any point', async () => {
  const { ends } = bench([point('old')])
  const plan = await planRollback(ends, request({ point: 'old', file: unproved(point('file')), database: 'shop' }))
  expect(plan).toMatchObject({ ...restoring, point: { name: 'file' }, staying: [] })
})

test('a point of another server is refused until that is allowed', async () => {
  const { ends } = bench([point('old', { server: { id: 'before', label: 'the server before' } })])
  await expect(planRollback(ends, request({ allow: ['destructive'] }))).rejects.toMatchObject({ code: 'ROLLBACK_OTHER_SERVER', kind: 'refused' })
  expect(await planRollback(ends, request({ allow: ['new-server'] }))).toMatchObject(restoring)
})

test('a server under another name is the same server', async () => {
  const { ends } = bench([point('old', { server: { id: 'server', label: 'its old name' } })])
  expect(await planRollback(ends, request())).toMatchObject(restoring)
})

test('history is lost only where that is allowed', async () => {
  const { ends } = bench([point('old')])
  expect(await planRollback(ends, request({ allow: ['new-server'] }))).toMatchObject({ loseHistory: false })
  expect(await planRollback(ends, request({ allow: ['destructive'] }))).toMatchObject({ loseHistory: true })
})

test('tables that only later points of the target hold stay as they are, and are told', async () => {
  const { ends } = bench([
    unproved(point('file')),
    point('third', { tables: [table('shop', 't'), table('shop', 'u'), table('stock', 't')] }),
    point('elsewhere', { target: 'other', tables: [table('shop', 'v')] }),
    point('second', { tables: [table('shop', 'u')] }),
    point('first'),
    point('earlier', { tables: [table('shop', 'w')] }),
  ])
  expect(await planRollback(ends, request({ point: 'first' }))).toMatchObject({
    staying: [
      { database: 'shop', name: 'u' },
      { database: 'stock', name: 't' },
    ],
  })
  expect(await planRollback(ends, request({ point: 'third' }))).toMatchObject({ staying: [] })
})

test('the plan holds the tables of the point, those that were not there among them, and their databases once and in order', async () => {
  const { ends, backups } = bench([point('old', { tables: [table('stock', 't'), table('shop', 't'), { ...table('stock', 'new'), absent: true }] })])
  const looked: (readonly RestoreTable[])[] = []
  const before = { ...backups }
  backups.preview = async (of, tables, stop) => {
    looked.push(tables)
    return await before.preview(of, tables, stop)
  }
  const tables = [
    { database: 'stock', name: 't', rows: 1 },
    { database: 'shop', name: 't', rows: 1 },
    { database: 'stock', name: 'new', absent: true },
  ]
  const plan = await planRollback(ends, request())
  expect(plan).toMatchObject({ ...restoring, databases: ['shop', 'stock'], preview: { tables: [{ name: 't' }, { name: 't' }, { name: 'new' }] } })
  expect(plan).toHaveProperty('tables', tables)
  expect(looked).toEqual([tables])
})

test('a point without a table is nothing to go back to', async () => {
  const { ends } = bench([point('old', { tables: [] })])
  await expect(planRollback(ends, request())).rejects.toMatchObject({ code: 'ROLLBACK_NOTHING', kind: 'config' })
})

test('the tables of a file go where it says, and where the user says as far as it does not', async () => {
  const { ends, backups } = bench([unproved(point('file'))])
  backups.check = async () => ({ verdict: 'unproved', findings: [], tables: ['', 'stock'].map((database) => ({ database, name: 't', rows: 1 })) })
  await expect(planRollback(ends, request({ point: 'file' }))).rejects.toMatchObject({
    code: 'ROLLBACK_WHERE',
    kind: 'config',
    hint: expect.stringContaining('--database'),
  })
  expect(await planRollback(ends, request({ point: 'file', database: 'shop' }))).toMatchObject({
    tables: [
      { database: 'shop', name: 't' },
      { database: 'stock', name: 't' },
    ],
    databases: ['shop', 'stock'],
  })
})
