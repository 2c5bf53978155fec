import { quote } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { type Outcome, said } from '../dbsync.ts'
import { project } from '../project.ts'

/** Sets the title of a window, rings, goes back, turns text around, and pretends to be a line of ours. */
const ESCAPES = '\u001b]0;owned\u0007\u001b[2J\r\b\u009b31m\u202e\u2066\n'
const NAME = `${ESCAPES}forged: <img src=x>'"\`;`
const HARMFUL = /(?!\n|\t)\p{Cc}|[\u202a-\u202e\u2066-\u2069]|^forged/mu

const expectHarmless = (what: string, text: string) => expect.soft(HARMFUL.exec(text)?.[0], `${what}\n${JSON.stringify(text)}`).toBeUndefined()

test('names, values and words of a server are shown harmlessly in every view, and copied exactly', async () => {
  await using work = await project({ backups: true, suffix: `${ESCAPES}x`, config: { log_settings: { format: 'text', level: 'debug' } } })
  const create = `CREATE TABLE ${quote(NAME)} (${quote(`id${ESCAPES}x`)} INT PRIMARY KEY, ${quote(NAME)} VARCHAR(99) COMMENT ${work.at.escape(NAME)}, updated_at DATETIME) COMMENT ${work.at.escape(NAME)}`
  await work.at.query(create)
  await work.at.query(`INSERT INTO ${quote(NAME)} VALUES (1, ?, NOW()), (2, 'x', NULL)`, [NAME])
  const shows = async (code: number, ...args: readonly string[]): Promise<Outcome> => {
    const outcome = await work.dbsync(...args)
    expect.soft(outcome.code, said(outcome)).toBe(code)
    expectHarmless(args.join(' '), outcome.stdout + outcome.stderr)
    return outcome
  }

  await shows(0, 'run', '--dry-run')
  await shows(0, 'run', '--verbose', '--report', 'page.html')
  await work.same()
  await work.target.server.query(`UPDATE ${quote(work.target.database)}.${quote(NAME)} SET ${quote(NAME)} = ? WHERE ${quote(`id${ESCAPES}x`)} = 1`, [
    `${NAME}!`,
  ])
  await shows(5, 'verify', '--level', 'rows', '--verbose')
  for (const args of [['status'], ['state', 'show'], ['backup', 'list'], ['rollback', 'latest', '--dry-run'], ['config', 'show', '--sources'], ['doctor']])
    await shows(args[0] === 'status' ? 1 : 0, ...args)

  await shows(0, 'run', '--full', '--json')

  // What is wrong is told with the name in it: by us, by the server, and by the parser of flags.
  await work.at.query(`ALTER TABLE ${quote(NAME)} DROP COLUMN ${quote(NAME)}, ADD ${quote(NAME)} GEOMETRY NOT NULL DEFAULT ST_GeomFromText('POINT(0 0)')`)
  await work.dbsync('run')
  expectHarmless('page', (await work.read('page.html')).replaceAll('\n', ' '))
  expect(await work.read('page.html')).not.toContain('<img')
  await shows(2, 'run', '--table', `${ESCAPES}[`)
  await shows(2, 'run', `--${ESCAPES}`)
  await work.write('params.json', { ...work.params, db_user: `u${ESCAPES}`, [NAME]: NAME, db_pass: 'x' })
  await shows(3, 'run', '--verbose')
  await shows(2, 'config', 'validate')
  expectHarmless('log', await work.read('logs/incremental-sync.log'))
})
