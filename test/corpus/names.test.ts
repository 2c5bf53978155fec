import { quote, startServer, type TestServer } from '@dbsync/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { project } from '../project.ts'
import { ALL, shuffled } from './matrix.ts'
import { NAMES } from './names.ts'
import { chance, SEED } from './random.ts'

/** What a server keeps for itself. */
const SYSTEM = ['information_schema', 'mysql', 'performance_schema', 'sys']
/** With room for what the copy adds to its end. */
const EVERY = NAMES.map((name) => [...name].slice(0, 60).join('')).filter((name) => !SYSTEM.includes(name.toLowerCase()))
const DATABASES = ALL ? EVERY : shuffled(EVERY, chance(SEED)).slice(0, 15)

let server: TestServer

// A server of their own, since nobody can share a database that is called `con` or `..`.
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

test(`${DATABASES.length} databases, each under a name that hurts, in one run (seed ${SEED})`, { timeout: 600_000 }, async () => {
  await using work = await project({ servers: { source: server, target: server } })
  for (const [i, name] of DATABASES.entries()) {
    await server.query(`CREATE DATABASE ${quote(name)}`)
    await server.query(`CREATE TABLE ${quote(name)}.${quote(name)} (id INT PRIMARY KEY, v VARCHAR(20))`)
    await server.query(`INSERT INTO ${quote(name)}.${quote(name)} VALUES (1, ?), (2, 'x')`, [`${i}`])
  }
  await server.query(`GRANT SELECT ON *.* TO ${work.sourceUser}@'%'`)
  await server.query(`GRANT ALL ON *.* TO ${work.targetUser}@'%'`)
  const { copy } = work.params['targets'] as { readonly copy: object }
  await work.write('params.json', {
    ...work.params,
    db_list: DATABASES.map((name) => name.replaceAll(/[*?[\]{}()|!\\]/g, '\\$&')),
    targets: { copy: { ...copy, database: '{database}_2' } },
  })
  const rowsOf = async (suffix: string) => {
    const rows = DATABASES.map(async (name) => await server.query(`SELECT id, v FROM ${quote(`${name}${suffix}`)}.${quote(name)} ORDER BY id`))
    return await Promise.all(rows)
  }
  for (const change of ["UPDATE {t} SET v = 'x'", "INSERT INTO {t} VALUES (3, 'new')", 'DELETE FROM {t} WHERE id = 1']) {
    const outcome = await work.dbsync('run', '--allow', 'deletes')
    expect(outcome.code, said(outcome)).toBe(0)
    expect(await rowsOf('_2')).toEqual(await rowsOf(''))
    for (const name of DATABASES) await server.query(change.replace('{t}', () => `${quote(name)}.${quote(name)}`))
  }
  const found = await server.query('SELECT schema_name AS name FROM information_schema.schemata')
  const there = new Set(found.map(({ name }) => String(name)))
  expect(DATABASES.flatMap((name) => [name, `${name}_2`]).filter((name) => !there.has(name))).toEqual([])
  const expected = new Set([...DATABASES, ...DATABASES.map((name) => `${name}_2`), ...SYSTEM, work.database])
  expect([...there].filter((name) => !expected.has(name))).toEqual([])
})
