import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { startServer } from '@dbsync/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Project, project } from './project.ts'

const exec = promisify(execFile)
const ROOT = join(import.meta.dirname, '..')
const PACKAGE = join('node_modules', '@dbsync', 'cli')

let folder = ''
/** The tarball of the command line, as it would be published. */
let tarball = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dbsync-packed-'))
  await exec(process.execPath, [join(ROOT, 'scripts', 'bundle.ts'), join(folder, 'package')])
  tarball = await pack(join(folder, 'package'))
})
afterAll(async () => await rm(folder, { recursive: true }))

test('the packed program, outside the workspace, with nothing but what its package.json asks for', async () => {
  const program = await unpack()
  await using work = await project()
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20))')
  await work.at.query("INSERT INTO t VALUES (1, 'one'), (2, 'two')")
  const { stdout: help } = await run(program, work, ['--help'])
  expect(help).toContain('Bring the targets in step with the source.')
  const { stdout: targets } = await run(program, work, ['targets'])
  for (const plugin of ['plugin-mysql-source', 'plugin-mysql-target', 'plugin-state-json']) expect(targets).toContain(`@dbsync/${plugin}`)
  await run(program, work, ['run', '--json'])
  await work.same()
})

test('what the bundle loads late: TLS, compression, character sets and names of errors', async () => {
  const [key, cert] = [join(folder, 'server.key'), join(folder, 'server.pem')]
  await exec('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-subj', '/CN=server', '-days', '2'])
  await using source = await startServer({ settings: { ssl_cert: cert, ssl_key: key } })
  await using target = await startServer()
  const program = await unpack()
  const params = { db_ssl: { mode: 'required' } }
  await using work = await project({ servers: { source, target }, params, config: { performance_settings: { compress: true } } })
  await source.query(`ALTER USER '${work.sourceUser}' REQUIRE SSL`)
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, `列` VARCHAR(20) CHARACTER SET gbk)')
  await work.at.query("INSERT INTO t VALUES (1, '漢字')")
  await run(program, work, ['run', '--json'])
  await work.same()
  await source.query(`REVOKE ALL PRIVILEGES, GRANT OPTION FROM '${work.sourceUser}'`)
  await expect(run(program, work, ['run', '--json'])).rejects.toMatchObject({ code: 3, stdout: expect.stringContaining('GRANT SELECT') as string })
})

test('a packed plugin, installed from its file with an empty data folder and without a network', async () => {
  const program = await unpack()
  await using work = await project({ config: { state: { type: 'sqlite', path: 'state.sqlite' } } })
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY)')
  const plugin = await pack(join(ROOT, 'docs', 'example-plugin'))
  await run(program, work, ['plugins', 'install', `file://${plugin}`], { npm_config_offline: 'true' })
  await run(program, work, ['run', '--json'])
  await work.same()
  expect(await readFile(join(work.directory, 'state.sqlite'), 'latin1')).toContain(work.database)
})

test('the packed program, installed by npm with its dependencies from the registry', { timeout: 300_000 }, async ({ skip }) => {
  const reachable = await exec('npm', ['view', '@oclif/plugin-help', 'version', '--fetch-retries=0', '--fetch-timeout=10000'], { cwd: folder }).then(
    () => true,
    () => false,
  )
  if (!reachable) skip('the npm registry cannot be reached: what npm makes of the package.json has not been tried')
  const home = await mkdtemp(join(folder, 'npm-'))
  await exec('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', home, tarball], { cwd: home })
  await using work = await project()
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY)')
  await run(join(home, 'node_modules', '.bin', 'dbsync'), work, ['run', '--json'])
  await work.same()
  const { stdout } = await run(join(home, 'node_modules', '.bin', 'dbsync'), work, ['help', 'run'])
  expect(stdout).toContain('USAGE')
})

/** Makes the tarball of a package; answers its path. */
async function pack(from: string): Promise<string> {
  const { stdout } = await exec('npm', ['pack', '--json', '--pack-destination', folder, from], { cwd: folder })
  const [packed] = JSON.parse(stdout) as readonly { readonly filename: string }[]
  return join(folder, packed?.filename ?? '')
}

/** An installation from the tarball, with its dependencies as the workspace has them: no other module can be found from there. */
async function unpack(): Promise<string> {
  const home = await mkdtemp(join(folder, 'home-'))
  const root = join(home, PACKAGE)
  await mkdir(root, { recursive: true })
  await exec('tar', ['-xzf', tarball, '-C', root, '--strip-components=1'])
  const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { readonly dependencies: object }
  for (const name of Object.keys(dependencies)) {
    const link = join(home, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(join(ROOT, 'packages', 'cli', 'node_modules', name), link)
  }
  return join(root, 'bin', 'run.js')
}

/** Runs the program in the project's folder, with a home of its own. Throws unless it exits 0. */
function run(program: string, work: Project, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const home = join(work.directory, '.home')
  const folders = { HOME: home, DBSYNC_DATA_DIR: join(home, 'data'), DBSYNC_CACHE_DIR: join(home, 'cache'), DBSYNC_CONFIG_DIR: join(home, 'config') }
  return exec(process.execPath, [program, ...args], { cwd: work.directory, env: { PATH: process.env.PATH, ...folders, ...env } })
}
