import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { dbsync, type Outcome, said } from '../dbsync.ts'
import { type Project, project } from '../project.ts'
import { linkPlugin } from './plugins.ts'

/** What is looked for: pieces that stay readable however the whole is quoted or escaped, and the whole in encodings that leave nothing readable. */
type Secret = { readonly value: string; readonly traces: readonly string[] }

function nasty(middle: string): Secret {
  const [first, second] = [randomBytes(6).toString('hex'), randomBytes(6).toString('hex')]
  const value = `${first}@:/?#%2f"'\\ $HOME \`id\` ${middle} é☃ <b>&amp; .*[a-z]+(${second}`
  const bytes = Buffer.from(value)
  return { value, traces: [first, second, bytes.toString('base64').slice(0, 40), bytes.toString('base64url').slice(0, 40), bytes.toString('hex').slice(0, 60)] }
}

const SECRETS = {
  source: nasty('plain'),
  target: nasty('two\nlines'),
  hook: nasty('address'),
  signature: nasty('hmac'),
  key: nasty('key'),
  plugin: nasty('declared'),
}
const TRACES = Object.values(SECRETS).flatMap(({ traces }) => traces)

/** Everything that ran, and what it printed. */
const outcomes: { readonly args: readonly string[]; readonly outcome: Outcome }[] = []

async function ran(work: Project, code: number | readonly number[], args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const outcome = await dbsync(args, { cwd: work.directory, env: { HOOK: `http://127.0.0.1:1/${encodeURIComponent(SECRETS.hook.value)}`, ...env } })
  outcomes.push({ args, outcome })
  expect.soft([code].flat(), `${args.join(' ')}: ${said(outcome)}`).toContain(outcome.code)
  return outcome
}

test('no secret is printed, written, or seen in the list of processes, whatever goes well or wrong', { timeout: 400_000 }, async () => {
  await using work = await planted()
  await using seen = watchProcesses()

  const good: readonly (readonly string[])[] = [
    ['config', 'show', '--sources'],
    ['config', 'show', '--json'],
    ['run', '--dry-run'],
    ['run', '--verbose', '--report', 'page.html'],
    ['run', '--full', '--json', '--report', 'page2.html'],
    ['verify', '--verbose'],
    ['backup', 'create', '--json'],
    ['backup', 'check', 'latest'],
    ['rollback', 'latest', '--dry-run'],
    ['state', 'export', 'state.json'],
    ['status', '--run', 'latest', '--report', 'page3.html'],
    ['schedule', 'install', '--print', '--with', 'systemd-system'],
    ['schedule', 'run', 'daily'],
  ]
  for (const args of good) await ran(work, 0, args)
  await ran(work, [0, 1], ['doctor', '--json'])
  // Nobody listens there, and the command repeats what it knows.
  await ran(work, 1, ['doctor', '--alert-test', '--json'])

  // The key of a service account that nothing can sign with.
  for (const args of [['run', '--json'], ['doctor']]) await ran(work, [1, 2, 3, 70], [...args, '--params', 'warehouse.json'])

  // A plugin that repeats what it was given, in every way that there is.
  for (const way of ['warning', 'error', 'sync-error', 'rejection', 'exception', 'report']) {
    const talk = way === 'exception' ? '--json' : '--verbose'
    const { stdout, stderr } = await ran(work, [2, 3, 70], ['run', '--params', 'leaky.json', talk], { LEAK_BY: way })
    // What it said is there, without the secret. The other two only warn, and write a file.
    expect.soft(stdout + stderr, way).toContain(['error', 'sync-error', 'rejection', 'exception'].includes(way) ? '***' : 'LEAKY')
  }

  // The password is wrong now, then nobody listens.
  await work.source.server.query(`ALTER USER ${work.sourceUser}@'%' IDENTIFIED BY 'another'`)
  for (const args of [['run', '--json'], ['doctor'], ['schedule', 'run', 'daily', '--json']]) await ran(work, [0, 1, 3], args)
  await ran(work, 3, ['run', '--verbose'], { DB_PORT: '1' })

  // Files that cannot be read, with the secret beside the fault.
  const params = JSON.stringify(work.params).replace(/}$/, `,"db_pass":${JSON.stringify(SECRETS.source.value)} "x"}`)
  await work.write('params.json', params)
  for (const args of [['run'], ['doctor', '--json']]) await ran(work, [1, 2], args)
  await work.write('params.json', { ...work.params, db_pass: [SECRETS.source.value], db_port: SECRETS.source.value.length })
  await ran(work, 2, ['config', 'validate', '--json'])

  for (const { args, outcome } of outcomes) expect.soft(tracesIn(outcome.stdout + outcome.stderr), `${args.join(' ')}: ${said(outcome)}`).toEqual([])
  expect(seen.traces(), 'in the list of processes').toEqual([])
  const files = await written(work)
  for (const name of ['page.html', 'state.json', 'crash.json', 'logs/incremental-sync.log', 'logs/db-backup.log']) expect([...files.keys()]).toContain(name)
  expect([...files.keys()].some((name) => name.endsWith('.sql.gz') || name.endsWith('.sql'))).toBe(true)
  for (const [name, text] of files) expect.soft(tracesIn(text), name).toEqual([])
})

/** Every kind of secret, in every kind of place. */
async function planted(): Promise<Project> {
  const alerts = { webhooks: [{ url: 'env:HOOK', secret: 'cmd:cat secrets/signature' }], command: 'echo "$HOOK" >&2; cat >&2; exit 3' }
  const work = await project({ backups: true, config: { alerts, schedules: { daily: {} } } })
  const { copy } = work.params.targets as { readonly copy: object }
  const passwords = [
    { server: work.source.server, user: work.sourceUser, secret: SECRETS.source },
    { server: work.target.server, user: work.targetUser, secret: SECRETS.target },
  ]
  for (const { server, user, secret } of passwords) await server.query(`ALTER USER ${user}@'%' IDENTIFIED BY '${secret.value.replaceAll(/['\\]/g, '\\$&')}'`)
  await work.write('secrets/target', `${SECRETS.target.value}\n`)
  await work.write('secrets/signature', SECRETS.signature.value)
  const params = { ...work.params, db_pass: SECRETS.source.value, targets: { copy: { ...copy, password: 'file:secrets/target' } } }
  await work.write('params.json', params)
  const key = `-----BEGIN PRIVATE KEY-----\n${SECRETS.key.value}\n-----END PRIVATE KEY-----\n`
  await work.write('secrets/key.json', { type: 'service_account', project_id: 'p', client_email: 'a@b.example', private_key: key, private_key_id: 'k' })
  const bigquery = { type: 'bigquery', dataset: 'd', project: 'p', auth: 'key', key_file: 'secrets/key.json', api_endpoint: 'http://127.0.0.1:1' }
  await work.write('warehouse.json', { ...params, targets: { warehouse: bigquery } })
  await work.write('leaky.json', { ...params, targets: { leaky: { type: 'leaky', pin: SECRETS.plugin.value } } })
  await linkPlugin(work, 'dbsync-plugin-leaky', LEAKY)
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, v INT, updated_at DATETIME NOT NULL)')
  await work.at.query("INSERT INTO t VALUES (1, 1, '2024-01-01')")
  return work
}

const LEAKY = `
const open = async ({ pin }, { warn }) => {
  const told = 'login as ' + JSON.stringify({ pin }) + ' ' + pin + ' ' + encodeURIComponent(pin) + ' ' + Buffer.from(pin).toString('base64')
  const cause = Object.assign(new Error(told), { sql: told, config: { pin } })
  warn(told)
  switch (process.env.LEAK_BY) {
    case 'error': throw new Error(told, { cause })
    case 'sync-error': throw Object.assign(new Error(told, { cause }), { name: 'SyncError', brand: 'dbsync.error/1', code: 'LEAKY', kind: 'connection', hint: told })
    case 'rejection': Promise.reject(cause); break
    case 'exception': setTimeout(() => { throw cause }, 5); break
    case 'report': process.report.writeReport('crash.json', new Error('stopped')); break
  }
  await new Promise((done) => setTimeout(done, 50))
  throw Object.assign(new Error('the end'), { name: 'SyncError', brand: 'dbsync.error/1', code: 'LEAKY', kind: 'connection' })
}
export default async () => ({
  apiVersion: 1,
  targets: [{ type: 'leaky', summary: 'x', options: [{ name: 'pin', kind: 'secret', required: true, description: 'x' }], open }],
})
`

const tracesIn = (text: string): readonly string[] => TRACES.filter((trace) => text.includes(trace))

/** All files of the project but those in which secrets were put. */
async function written(work: Project): Promise<ReadonlyMap<string, string>> {
  const planted = /^(?:secrets\/|(?:params|warehouse|leaky)\.json$|dbsync-plugin-leaky\/)/
  const files = new Map<string, string>()
  for (const entry of await readdir(work.directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const name = path.slice(work.directory.length + 1)
    if (!entry.isFile() || planted.test(name)) continue
    const bytes = await readFile(path)
    files.set(name, (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'))
  }
  return files
}

/** Looks at the arguments of every process of the machine, again and again. */
function watchProcesses() {
  const found = new Set<string>()
  let going = true
  const watching = (async () => {
    while (going) {
      const processes = (await readdir('/proc')).filter((name) => /^\d/.test(name))
      // One that has ended meanwhile has nothing to show.
      const lines = await Promise.all(processes.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')))
      for (const trace of tracesIn(lines.join('\n'))) found.add(trace)
      await sleep(100)
    }
  })()
  return {
    traces: () => [...found],
    async [Symbol.asyncDispose]() {
      going = false
      await watching
    },
  }
}
