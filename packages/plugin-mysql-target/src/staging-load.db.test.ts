import { connect } from '@dbsync/mysql'
import { expect, test } from 'vitest'
import { type Dialect, rowStaging } from './staging.ts'
import { startLoad } from './staging-load.ts'
import { rig } from './test-rig.ts'

const never = new AbortController().signal

test('a load that brings fewer rows than were sent fails, though the server warns of nothing', async () => {
  await using r = await rig()
  await r.at('source', 'CREATE TABLE few (id INT PRIMARY KEY)', 'INSERT INTO few VALUES (1), (2), (3)')
  await r.at('target', 'CREATE TABLE few (id INT PRIMARY KEY)')
  const work = await r.work('few', 'merge')
  const { host, port, user, password } = r.server
  await using connection = await connect({ host, port, user, password }, 'target', never)
  const dialect: Dialect = { flavour: 'mariadb', loadData: true }
  const staging = rowStaging(work, dialect)
  const sent = async (load: string): Promise<number> => {
    const loading = await startLoad(connection, { staging: { ...staging, load }, live: work.schema.table, dialect, signal: never })
    for await (const rows of r.rows('few')) await loading.write(rows)
    return await loading.end()
  }
  expect(await sent(staging.load)).toBe(3)
  await expect(sent(staging.load.replace(' (`id`)', ' IGNORE 1 LINES (`id`)'))).rejects.toMatchObject({
    code: 'MYSQL_LOAD_INEXACT',
    message: expect.stringContaining('3 rows were sent, 2 arrived'),
  })
  await connection.execute(`DROP TABLE \`${staging.table.database}\`.\`${staging.table.name}\``)
})
