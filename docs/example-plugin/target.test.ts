import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
// In a repository of its own: from '@dbsync/core/plugin' and '@dbsync/testkit'.
import { packRows } from '../../packages/core/src/model/rows.ts'
import { plainSchema } from '../../packages/testkit/src/fixture.ts'
import { describeTarget } from '../../packages/testkit/src/target.ts'
import register from './register.js'

const database = 'it\'s ../a "database"'
const never = new AbortController().signal

// At once: the suite opens a target to see what it supports.
const directory = await mkdtemp(join(tmpdir(), 'dbsync-target-sqlite-'))
afterAll(async () => await rm(directory, { recursive: true }))

async function open(folder: string) {
  const [provider] = (await register()).targets
  return await provider.open({ folder }, { directory })
}

function inFile(folder: string, sql: string): Record<string, unknown>[] {
  using db = new DatabaseSync(join(directory, folder, `${encodeURIComponent(database)}.sqlite`))
  return db.prepare(sql).all()
}

describeTarget('sqlite', {
  async open() {
    const target = await open('copies')
    await target.run(target.render({ type: 'create-database', database }), never)
    return {
      target,
      database,
      another: () => open('copies'),
      schema: async (table) => plainSchema({ database, name: table.name }, table),
      serverTables: async () => inFile('copies', "SELECT name FROM sqlite_schema WHERE type = 'table'").map(({ name }) => String(name)),
      async [Symbol.asyncDispose]() {},
    }
  },
})

/** A run in a process of its own: takes the lock, and then copies 2000 rows over and over, each time with another number in them. */
const RUN = `
  import register from ${JSON.stringify(new URL('register.js', import.meta.url))}
  import { batchOf } from ${JSON.stringify(new URL('rows.js', import.meta.url))}
  const { directory, work } = JSON.parse(process.argv[1])
  const { database } = work.schema.table
  const signal = new AbortController().signal
  const target = await (await register()).targets[0].open({ folder: 'killed' }, { directory })
  const lock = await target.lock(database, signal)
  for (let round = 1; ; round++) {
    const writer = await target.open(work, signal)
    for (let start = 0; start < 2000; start += 500) {
      const rows = Array.from({ length: 500 }, (_, i) => [BigInt(start + i), String(round)])
      await writer.write({ table: work.schema.table, upserts: batchOf(work.schema.columns, rows) })
    }
    await writer.commit()
    await writer[Symbol.asyncDispose]()
    console.log(lock.held())
  }
`

it('has all old rows or all new ones after a kill, and the lock is free', async () => {
  const target = await open('killed')
  const columns = [
    { name: 'id', type: { kind: 'int', bits: 64 } },
    { name: 'round', type: { kind: 'text' } },
  ] as const
  const schema = target.fit(plainSchema({ database, name: 't' }, { name: 't', key: ['id'], columns }), { database, name: 't' })
  for (const change of [
    { type: 'create-database', database },
    { type: 'create-table', schema },
  ])
    await target.run(target.render(change), never)
  for (let kill = 0; kill < 4; kill++) {
    const given = JSON.stringify({ directory, work: { disposition: kill % 2 === 0 ? 'replace' : 'merge', schema, existing: schema } })
    const run = spawn(process.execPath, ['--input-type=module', '--eval', RUN, given], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(run.stdout, 'data')
    await expect(target.lock(database, never)).rejects.toMatchObject({ code: 'RUN_LOCKED' })
    await sleep(Math.random() * 60)
    run.kill('SIGKILL')
    await once(run, 'close')
    expect(await target.leftovers(database)).toEqual([])
    expect(inFile('killed', 'SELECT count(*) AS rows, count(DISTINCT round) AS rounds FROM t')).toEqual([{ rows: 2000, rounds: 1 }])
    await (await target.lock(database, never))[Symbol.asyncDispose]()
  }
})

it('keeps all old rows where SQLite refuses one of the new ones', async () => {
  const target = await open('refused')
  const columns = [{ name: 'a', type: { kind: 'text' } }] as const
  const schema = target.fit(plainSchema({ database, name: 't' }, { name: 't', key: ['a'], columns }), { database, name: 't' })
  await target.run(target.render({ type: 'create-database', database }), never)
  await target.run(target.render({ type: 'create-table', schema }), never)
  inFile('refused', "INSERT INTO t VALUES ('old')")
  inFile('refused', 'CREATE UNIQUE INDEX own ON t (length(a))')
  for (const disposition of ['replace', 'merge']) {
    const writer = await target.open({ disposition, schema, existing: schema }, never)
    await writer.write({
      upserts: packRows(schema.columns, [['one'], ['two']]),
      deletes: disposition === 'merge' ? packRows(schema.columns, [['old']]) : undefined,
    })
    await expect(writer.commit()).rejects.toMatchObject({ code: 'SQLITE_REFUSED', kind: 'data' })
    await writer[Symbol.asyncDispose]()
    expect(inFile('refused', 'SELECT * FROM t')).toEqual([{ a: 'old' }])
  }
})

it('overwrites no table that it did not make', async () => {
  const target = await open('theirs')
  await target.run(target.render({ type: 'create-database', database }), never)
  inFile('theirs', "CREATE TABLE t AS SELECT 'precious' AS a")
  expect(await target.describe(database)).toEqual([])
  const schema = target.fit(plainSchema({ database, name: 'T' }, { name: 'T', key: [], columns: [{ name: 'a', type: { kind: 'json' } }] }), {
    database,
    name: 'T',
  })
  const writer = await target.open({ disposition: 'replace', schema, existing: undefined }, never)
  await expect(writer.commit()).rejects.toMatchObject({ code: 'SQLITE_REFUSED', kind: 'data' })
  await writer[Symbol.asyncDispose]()
  expect(inFile('theirs', 'SELECT * FROM t')).toEqual([{ a: 'precious' }])
})

it('says what stands in the way of its folder', async () => {
  await writeFile(join(directory, 'file'), '')
  const target = await open('file/folder')
  await expect(target.lock(database, never)).rejects.toMatchObject({ code: 'SQLITE_REFUSED', kind: 'data', message: expect.stringContaining('file/folder') })
})
