import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { quote } from '@dbsync/testkit'
import { describe, expect, test } from 'vitest'
import { dbsync, said } from './dbsync.ts'
import { type Project, project } from './project.ts'
import { KEYS, terminal } from './terminal.ts'

const { enter, ctrlC, up, down, space } = KEYS

/** A folder with nothing in it, beside servers with something to copy. */
async function emptyFolder(work: Project, name = 'fresh'): Promise<string> {
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), updated_at DATETIME NOT NULL)')
  await work.at.query("INSERT INTO t VALUES (1, 'one', '2024-01-01'), (2, 'two', '2024-01-02')")
  await work.at.query('CREATE TABLE tmp_x (id INT PRIMARY KEY)')
  const folder = join(work.directory, name)
  await mkdir(folder)
  return folder
}

const written = async (folder: string): Promise<readonly string[]> => (await readdir(folder)).sort()

/** Flags that answer every question. */
function answers(work: Project): Readonly<Record<string, string>> {
  const { source, target } = work
  return {
    source: source.server.host,
    'source-port': String(source.server.port),
    'source-user': work.sourceUser,
    'source-password': 'env:SOURCE_PW',
    'source-tls': 'disabled',
    databases: String((work.params.db_list as readonly string[])[0]),
    tables: '*',
    exclude: 'tmp_*',
    target: `mysql://${work.targetUser}@${target.server.host}:${target.server.port}/%7Bdatabase%7D_copy?password=env:TARGET_PW`,
    lookback: '20',
    'reconcile-every': '3d',
    backup: '',
    verify: '',
    schedule: 'hourly',
  }
}

const flags = (given: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(given).flatMap(([name, value]) => (value === '' ? [`--${name}`] : [`--${name}`, value]))

const secrets = ({ password }: Project) => ({ SOURCE_PW: password, TARGET_PW: password })

test('question by question on a terminal, to a first run that went well', async () => {
  await using work = await project()
  const folder = await emptyFolder(work)
  await using at = terminal(['init'], { cwd: folder })
  const { source, target } = work
  const asked: readonly (readonly [question: string | RegExp, ...keys: readonly string[]])[] = [
    ['? Host, or an address', source.server.host, enter],
    ['? Port', String(source.server.port), enter],
    ['? User', work.sourceUser, enter],
    ['? Where is the password of the source', enter],
    ['? The password of the source', 'wrong', enter],
    // What does not work is said at once, and asked again.
    [/Access denied[\s\S]*\? Correct the answers/, enter],
    ['? Host, or an address', enter],
    ['? Port', enter],
    ['? User', enter],
    ['? Where is the password of the source', enter],
    ['? The password of the source', work.password, enter],
    [/✓ MariaDB[\s\S]*\? Which databases/, enter],
    ['? Which tables', enter],
    ['? Tables to leave out', 'tmp_*', enter],
    [/by time: rows newer by[\s\S]*\? Where does the copy go/, enter],
    ['? A name for this target', enter],
    ['? Host name or address', target.server.host, enter],
    ['? Port of the server', String(target.server.port), enter],
    ['? User that may', work.targetUser, enter],
    ['? Where is the password of target copy', enter],
    ['? The password of target copy', work.password, enter],
    ['? Anything else to set', enter],
    ['? Name of the copy', '{database}_copy', enter],
    ['? Another target', enter],
    ['? Minutes to read again', enter],
    ['? Compare whole tables', enter],
    ['? Keep what a run changes', enter],
    ['? Compare both ends', enter],
    ['? When should it run', space, enter],
    [/1 copied in full\), about \d rows[\s\S]*\? Write these files/, enter],
    ['? Start the first run now', enter],
  ]
  for (const [question, ...keys] of asked) {
    await at.sees(question)
    at.press(...keys)
  }
  expect(await at.ended(), at.screen()).toBe(0)
  expect(at.screen()).not.toContain(work.password)
  expect(at.screen()).toMatch(/all 1\s+table\s+reached/)
  await work.at.query('DROP TABLE tmp_x')
  await work.same()
  expect((await stat(join(folder, '.env'))).mode & 0o777).toBe(0o600)
  const params = await readFile(join(folder, 'params.json'), 'utf8')
  expect(params).not.toContain(work.password)
  expect(JSON.parse(params)).toMatchObject({ db_pass: 'env:SOURCE_PASSWORD', targets: { copy: { password: 'env:COPY_PASSWORD' } } })
  const valid = await dbsync(['config', 'validate', '--json'], { cwd: folder })
  expect(valid.json, said(valid)).toMatchObject({ valid: true, warnings: [] })
})

describe('Ctrl-C', () => {
  /** Everything else is answered by flags. */
  const QUESTIONS: Readonly<Record<string, string>> = {
    source: '? Host, or an address',
    'source-port': '? Port',
    'source-user': '? User',
    'source-password': '? Where is the password of the source',
    databases: '? Which databases',
    tables: '? Which tables',
    exclude: '? Tables to leave out',
    lookback: '? Minutes to read again',
    'reconcile-every': '? Compare whole tables',
    backup: '? Keep what a run changes',
    verify: '? Compare both ends',
    schedule: '? When should it run',
  }

  test('at any question leaves nothing behind', async () => {
    await using work = await project()
    const folder = await emptyFolder(work)
    const all = answers(work)
    const stop = async (args: readonly string[], path: readonly (readonly [string, ...(readonly string[])])[], last: string) => {
      await using at = terminal(['init', ...args], { cwd: folder, env: secrets(work) })
      for (const [question, ...keys] of path) {
        await at.sees(question)
        at.press(...keys)
      }
      await at.sees(last)
      at.press(ctrlC)
      expect(await at.ended(), `${last}\n${at.screen()}`).toBe(130)
      expect(at.screen()).toContain('Nothing was written')
      expect(await written(folder), last).toEqual([])
    }
    for (const [flag, question] of Object.entries(QUESTIONS)) {
      const { [flag]: _asked, ...others } = all
      await stop(flags(others), [], question)
    }
    await stop(flags(all), [], '? Write these files')

    const { target: _target, ...others } = all
    const ofTarget = [
      ['? Where does the copy go', enter],
      ['? A name for this target', enter],
      ['? Host name or address', work.target.server.host, enter],
      ['? Port of the server', String(work.target.server.port), enter],
      ['? User that may', work.targetUser, enter],
      ['? Where is the password of target copy', down, enter],
      ['? Name of the variable', 'TARGET_PW', enter],
      ['? Anything else to set', enter],
      ['? Name of the copy', '{database}_copy', enter],
      ['? Another target', enter],
    ] as const
    for (const [index, [question]] of ofTarget.entries()) await stop(flags(others), ofTarget.slice(0, index), question)
  }, 180_000)

  test('before the first run: the files are there', async () => {
    await using work = await project()
    const folder = await emptyFolder(work)
    await using at = terminal(['init', ...flags(answers(work))], { cwd: folder, env: secrets(work) })
    await at.sees('? Write these files')
    at.press(enter)
    await at.sees('? Start the first run now')
    at.press(ctrlC)
    expect(await at.ended(), at.screen()).toBe(130)
    expect(at.screen()).toContain('The files are written')
    expect(await written(folder)).toEqual(['params.json', 'sync-config.json'])
  })
})

test('by flags alone, with names that are hostile', async () => {
  await using work = await project({ suffix: '-`\'"; ../\n*ü' })
  const folder = await emptyFolder(work)
  await work.at.query(`CREATE TABLE ${quote("__proto__`'\n../")} (id INT PRIMARY KEY)`)
  await work.at.query(`INSERT INTO ${quote("__proto__`'\n../")} VALUES (7)`)
  const { tables: _all, 'source-tls': _tls, ...given } = answers(work)
  const outcome = await dbsync(['init', '--json', ...flags(given), '--run'], { cwd: folder, env: secrets(work) })
  expect(outcome.code, said(outcome)).toBe(0)
  expect(outcome.json).toMatchObject({
    files: [
      { name: 'sync-config.json', action: 'created' },
      { name: 'params.json', action: 'created' },
    ],
    firstRun: { targets: [{ name: 'copy', tables: 2, rows: expect.any(Number) as number }] },
    run: { report: { status: 'ok' } },
  })
  await work.at.query('DROP TABLE tmp_x')
  await work.same()
  const shown = await dbsync(['config', 'show', '--json'], { cwd: folder, env: secrets(work) })
  expect(shown.stdout).toContain('lookback_minutes')
  expect(JSON.parse(await readFile(join(folder, 'sync-config.json'), 'utf8'))).toMatchObject({
    sync_settings: { reconcile_every: '3d', backup_before_sync: true },
    table_settings: { exclude_tables: ['tmp_*'] },
    schedules: { hourly: {} },
  })
})

test('the same name on a terminal: shown harmlessly, written exactly', async () => {
  await using work = await project({ suffix: "-\u001b[31m`'\n../" })
  const folder = await emptyFolder(work)
  const { databases: _asked, ...given } = answers(work)
  await using at = terminal(['init', ...flags(given), '--no-run'], { cwd: folder, env: secrets(work) })
  await at.sees('\\u{1b}[31m')
  at.press(enter)
  await at.sees('? Write these files')
  at.press(enter)
  expect(await at.ended(), at.screen()).toBe(0)
  const { db_list: list } = JSON.parse(await readFile(join(folder, 'params.json'), 'utf8')) as { readonly db_list: readonly string[] }
  expect(list.map((pattern) => pattern.replaceAll(/\\([\s\S])/g, '$1'))).toEqual([work.database])
})

test('a long list is narrowed before anything is ticked', async () => {
  await using work = await project()
  const folder = await emptyFolder(work)
  for (let index = 0; index < 35; index++) await work.at.query(`CREATE TABLE n_${index} (id INT PRIMARY KEY)`)
  const { tables: _asked, ...given } = answers(work)
  await using at = terminal(['init', ...flags(given), '--no-run'], { cwd: folder, env: secrets(work) })
  for (const [question, ...keys] of [
    ['? Which tables', up, enter],
    ['? There are 37. Show those', 'n_3', enter],
    [/n_3 [\s\S]*n_34 /, 'a', enter],
    ['? Write these files', enter],
  ] as const) {
    await at.sees(question)
    at.press(...keys)
  }
  expect(await at.ended(), at.screen()).toBe(0)
  const { table_list: list } = JSON.parse(await readFile(join(folder, 'params.json'), 'utf8')) as { readonly table_list: readonly string[] }
  expect(new Set(list.map((pattern) => pattern.split('.').at(-1)))).toEqual(new Set(['n_3', 'n_30', 'n_31', 'n_32', 'n_33', 'n_34']))
})

test('without somebody to ask it names every flag that is missing, and writes nothing', async () => {
  await using work = await project()
  const folder = await emptyFolder(work)
  for (const args of [[], ['--yes'], ['--json']]) {
    const outcome = await dbsync(['init', ...args], { cwd: folder })
    expect(outcome.code, said(outcome)).toBe(2)
    for (const flag of ['--source', '--source-user', '--databases', '--target']) expect(`${outcome.stdout}${outcome.stderr}`).toContain(flag)
  }
  const wrong = [
    [2, '--schedule', 'sometimes'],
    [2, '--source', 'postgres://h/db'],
    [2, '--source-password', 'secret-in-a-flag'],
    [2, '--target', 'mysql://h/x?colour=red'],
    [2, '--target', 'duckdb:?path=x'],
    [3, '--source-port', '1'],
    [3, '--databases', 'not_there'],
    [3, '--target', 'mysql://u@127.0.0.1:1/{database}_copy'],
  ] as const
  for (const [code, flag, value] of wrong) {
    const outcome = await dbsync(['init', '--yes', ...flags({ ...answers(work), [flag.slice(2)]: value })], { cwd: folder, env: secrets(work) })
    expect(outcome.code, `${flag} ${value}\n${said(outcome)}`).toBe(code)
    expect(said(outcome)).not.toContain('secret-in-a-flag')
  }
  expect(await written(folder)).toEqual([])
})

test('an old project: its files are the answers, and change only when that was agreed to', async () => {
  await using work = await project()
  const folder = await emptyFolder(work)
  await mkdir(join(folder, 'scripts'))
  const { db_pass: _pass, db_host: _host, ...rest } = work.params
  const params = `// ours\n${JSON.stringify({ ...rest, our_own_key: 1, lookback_minutes: 30 }, null, 4)}\n`
  const env = `DB_HOST=${work.source.server.host}\nDB_PASSWORD=${work.password}\nTARGET_PASSWORD=${work.password}\n`
  await writeFile(join(folder, 'scripts', 'params.json'), params)
  await writeFile(join(folder, '.env'), env, { mode: 0o600 })
  const content = (name: string) => readFile(join(folder, name), 'utf8')

  const refused = await dbsync(['init', '--yes'], { cwd: folder })
  expect(refused.code, said(refused)).toBe(2)
  expect(refused.stderr).toContain('our_own_key')
  expect(refused.stderr).toContain('INIT_EXISTS')
  expect(await content('scripts/params.json')).toBe(params)

  await using at = terminal(
    ['init', '--lookback', '5', '--schedule', 'none', ...flags({ databases: '*', tables: '*', exclude: 'tmp_*', backup: '', verify: '' })],
    {
      cwd: folder,
    },
  )
  for (const question of ['? Host', '? Port', '? User', '? Where is the password', '? Another target', '? Compare whole tables']) {
    await at.sees(question)
    at.press(enter)
  }
  await at.sees(/- +"lookback_minutes": 30[\s\S]*\+ +"lookback_minutes": 5[\s\S]*scripts\/params.json will change/)
  at.press('n', enter)
  expect(await at.ended(), at.screen()).toBe(1)
  expect(await content('scripts/params.json')).toBe(params)

  const outcome = await dbsync(['init', '--yes', '--overwrite', '--run', '--lookback', '5'], { cwd: folder })
  expect(outcome.code, said(outcome)).toBe(0)
  expect(await content('.env')).toBe(env)
  const after = await content('scripts/params.json')
  expect(after).toContain('// ours')
  expect(after).toContain('"our_own_key": 1')
  expect(after).toContain('"lookback_minutes": 5')
  await work.same()
  const again = await dbsync(['init', '--json'], { cwd: folder })
  expect(again.json, said(again)).toMatchObject({ files: [{ action: 'unchanged' }, { action: 'unchanged' }, { action: 'unchanged' }] })
})

test('a profile gets files of its own, which begin as copies of the plain ones and leave those alone', async () => {
  await using work = await project()
  const folder = await emptyFolder(work)
  const init = async (...args: readonly string[]) => {
    const outcome = await dbsync(['init', '--yes', ...args], { cwd: folder, env: secrets(work) })
    expect(outcome.code, said(outcome)).toBe(0)
    return outcome
  }
  await init(...flags(answers(work)))
  const plain = await Promise.all(['params.json', 'sync-config.json'].map((name) => readFile(join(folder, name), 'utf8')))

  const staging = await init('--profile', 'staging', '--lookback', '45', '--no-run')
  expect(staging.stdout).toContain('dbsync run --profile staging')
  expect(await Promise.all(['params.json', 'sync-config.json'].map((name) => readFile(join(folder, name), 'utf8')))).toEqual(plain)
  expect(JSON.parse(await readFile(join(folder, 'params.staging.json'), 'utf8'))).toEqual({ ...(JSON.parse(plain[0] ?? '') as object), lookback_minutes: 45 })
  expect(await readFile(join(folder, 'sync-config.staging.json'), 'utf8')).toBe(plain[1])
  const shown = await dbsync(['config', 'show', '--json', '--profile', 'staging'], { cwd: folder, env: secrets(work) })
  expect(shown.json).toMatchObject({ values: expect.arrayContaining([expect.objectContaining({ key: 'lookback_minutes', value: 45 })]) })

  // A file of its own, and a run that reads it.
  const named = await init('--params', 'conf/one.json', '--config', 'conf/two.json', '--run')
  expect(named.stdout).toContain('conf/one.json (created)')
  await work.at.query('DROP TABLE tmp_x')
  await work.same()
  const bad = await dbsync(['init', '--yes', '--profile', '../x'], { cwd: folder, env: secrets(work) })
  expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining('NO_SUCH_PROFILE')])
  expect(await written(folder)).toEqual(expect.arrayContaining(['conf', 'params.json', 'params.staging.json', 'sync-config.json', 'sync-config.staging.json']))
})
