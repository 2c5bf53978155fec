import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { loadSql, startServer, type TestServer } from '@dbsync/testkit'
import { SAKILA } from '../samples.ts'
import { CHANGES } from './changes.ts'
import { compareByChecksum } from './compare.ts'
import { movedByRun } from './moved.ts'
import { runDbsync } from './run-dbsync.ts'
import { command, heading, say } from './say.ts'

const keep = process.argv.includes('--keep')
const folder = await mkdtemp(join(tmpdir(), 'dbsync-demo-'))
const servers: TestServer[] = []

/** Also after Ctrl-C: the servers end with this process, the folder is ours. */
async function cleanUp(): Promise<void> {
  await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))
  await rm(folder, { recursive: true, force: true })
}

process.on('SIGINT', () => {
  void cleanUp().finally(() => process.exit(130))
})

try {
  const same = await demo()
  if (!same) process.exitCode = 5
  if (keep) await untilInterrupted()
} finally {
  await cleanUp()
}

async function demo(): Promise<boolean> {
  heading('Two private MariaDB servers, Sakila in the first, a user that may SELECT and nothing else')
  servers.push(...(await Promise.all([startServer(), startServer()])))
  const [source, target] = servers as [TestServer, TestServer]
  await source.query('CREATE DATABASE sakila')
  await loadSql(source, 'sakila', SAKILA)
  await source.query("CREATE USER reader@'%' IDENTIFIED BY 'reads-only'")
  await source.query("GRANT SELECT ON sakila.* TO reader@'%'")
  await target.query("CREATE USER writer@'%' IDENTIFIED BY 'writes-here'")
  await target.query("GRANT ALL ON `sakila\\_copy`.* TO writer@'%'")
  await target.query("GRANT ALL ON `\\_dbsync\\_restore\\_%`.* TO writer@'%'")
  await writeConfiguration(source, target)
  say(`source 127.0.0.1:${source.port}, target 127.0.0.1:${target.port}, configuration in ${folder}`)

  heading('The first run copies everything')
  await runDbsync(folder, ['run'])

  heading('A little work at the source: new, changed and deleted rows')
  for (const { sql, what } of CHANGES) {
    command(sql)
    await source.query(sql.replaceAll(/\b(FROM|INTO|UPDATE) (\w+)/g, '$1 sakila.$2'))
    say(what)
  }

  heading('What a run would do now (it writes nothing)')
  await runDbsync(folder, ['run', '--dry-run', '--table', 'actor'])

  heading('The second run moves what changed, deletes too')
  await runDbsync(folder, ['run'])

  heading('Before its first write it kept what it changed: back to that point, and forward again')
  await runDbsync(folder, ['rollback', '--yes'])
  await runDbsync(folder, ['run'])
  await runDbsync(folder, ['verify'])

  heading('What moved, by the log that every run writes')
  for (const line of await movedByRun(folder)) say(line)

  heading('Are both sides equal? Asked with plain SQL that is not dbsync')
  const same = await compareByChecksum({ server: source, database: 'sakila' }, { server: target, database: 'sakila_copy' })
  next(source, target)
  return same
}

async function writeConfiguration(source: TestServer, target: TestServer): Promise<void> {
  const params = {
    db_host: '127.0.0.1',
    db_port: source.port,
    db_user: 'reader',
    db_pass: 'env:SOURCE_PASSWORD',
    db_list: ['sakila'],
    targets: { copy: { type: 'mysql', host: '127.0.0.1', port: target.port, user: 'writer', password: 'env:TARGET_PASSWORD', database: '{database}_copy' } },
  }
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'params.json'), `${JSON.stringify(params, null, 2)}\n`, { mode: 0o600 })
  await writeFile(join(folder, 'sync-config.json'), `${JSON.stringify({ sync_settings: { default_mode: 'incremental' } }, null, 2)}\n`)
  await writeFile(join(folder, '.env'), 'SOURCE_PASSWORD=reads-only\nTARGET_PASSWORD=writes-here\n', { mode: 0o600 })
}

function next(source: TestServer, target: TestServer): void {
  heading(keep ? 'Your turn' : 'What to type next')
  if (!keep) {
    command('bin/demo --keep')
    say('the same, and the servers stay for you to play with')
    command('cp examples/params-minimal.json params.json && node_modules/.bin/dbsync run --dry-run')
    say('with your own databases, once params.json names them; README.md says more')
    return
  }
  const program = relative(folder, join(import.meta.dirname, '../../node_modules/.bin/dbsync'))
  command(`cd ${folder} && ${program} run`)
  say('another run')
  for (const [server, database] of [[source, 'sakila'] as const, [target, 'sakila_copy'] as const]) {
    command(`mariadb --socket=${server.socket} --user=root --password=${server.password} ${database}`)
  }
  say('the source and the target. Ctrl-C here stops both and removes everything.')
}

function untilInterrupted(): Promise<never> {
  setInterval(() => {}, 60_000)
  return new Promise(() => {})
}
