import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config, SyncEvent } from '@dbsync/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openLog } from './log.ts'

const LOG_FILE = join('logs', 'incremental-sync.log')

let directory: string
const lost: string[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dbsync-log-'))
  lost.length = 0
})
afterEach(() => rm(directory, { recursive: true }))

const open = (more: Partial<Config['log']> = {}, echo?: (lines: string) => void) =>
  openLog({
    config: { log: { file: join(directory, LOG_FILE), format: 'json', level: 'info', ...more } },
    ...(echo === undefined ? {} : { echo }),
    run: 'r1',
    redact: (text) => text.replaceAll('hunter2', '***'),
    onLost: (message) => void lost.push(message),
  })
const lines = async () =>
  (await readFile(join(directory, LOG_FILE), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
const stamp = (seconds: number) => ({ v: 1, run: 'r1', at: new Date(seconds * 1000).toISOString() }) as const
const progress = (seconds: number): SyncEvent => ({ ...stamp(seconds), type: 'table.progress', id: 't', phase: 'copy', rows: seconds, bytes: 0 })

test('only its owner can read it', async () => {
  const log = await open()
  log.warning('x')
  log.close()
  expect((await stat(join(directory, 'logs'))).mode & 0o777).toBe(0o700)
  expect((await stat(join(directory, LOG_FILE))).mode & 0o777).toBe(0o600)
})

test('one JSON object a line, without secrets and escapes that could break it', async () => {
  const log = await open()
  log.listener({ ...stamp(0), type: 'warning', id: 'a"\n', message: 'the password "hunter2"' })
  log.failure(new Error('hunter2 again'))
  log.close()
  const [first, second] = await lines()
  expect(first).toMatchObject({ level: 'warn', run: 'r1', id: 'a"\n', message: 'the password "***"', msg: 'warning' })
  expect(second).toMatchObject({ level: 'error', error: { code: 'UNEXPECTED', message: '*** again' }, msg: 'failed' })
  expect(JSON.stringify(second)).not.toContain('hunter2')
})

test('progress is thinned to one line in ten seconds', async () => {
  const log = await open()
  for (const second of [0, 1, 9, 10, 11, 25]) log.listener(progress(second))
  log.close()
  expect((await lines()).map(({ rows }) => rows)).toEqual([0, 10, 25])
})

test('runs follow each other in one file', async () => {
  for (const message of ['a', 'b']) {
    const log = await open()
    log.warning(message)
    log.close()
  }
  expect((await lines()).map(({ msg }) => msg)).toEqual(['a', 'b'])
})

test('a large file makes room, five old ones are kept', async () => {
  await mkdir(join(directory, 'logs'))
  for (let age = 0; age < 8; age++) {
    await writeFile(join(directory, LOG_FILE), `${age}${' '.repeat(10 * 1024 * 1024)}`)
    const log = await open()
    log.close()
  }
  expect((await readdir(join(directory, 'logs'))).sort()).toEqual(['', '.1', '.2', '.3', '.4', '.5'].map((end) => `incremental-sync.log${end}`))
  expect((await readFile(join(directory, `${LOG_FILE}.1`), 'utf8'))[0]).toBe('7')
  expect((await readFile(join(directory, `${LOG_FILE}.5`), 'utf8'))[0]).toBe('3')
})

test('where no log can be written, the run is told and goes on', async () => {
  await writeFile(join(directory, 'logs'), 'in the way')
  const log = await open()
  log.warning('x')
  log.close()
  expect(log.path).toBeUndefined()
  expect(lost).toEqual([expect.stringMatching(/^there is no log of this run: .*incremental-sync\.log cannot be written \(E\w+\)$/)])
})

test('a full disk is told once, and the run goes on', async () => {
  const log = await open({ file: '/dev/full' })
  for (const message of ['a', 'b']) log.warning(message)
  log.close()
  expect(lost).toEqual([expect.stringContaining('cannot be written (ENOSPC)')])
})

test('a link is not followed: the run is told, and goes on', async () => {
  const elsewhere = join(directory, 'elsewhere')
  await writeFile(elsewhere, 'as it was')
  await mkdir(join(directory, 'logs'))
  await symlink(elsewhere, join(directory, LOG_FILE))
  const log = await open()
  log.warning('x')
  log.close()
  expect(lost).toEqual([expect.stringContaining('is a symbolic link: set log_file')])
  expect(await readFile(elsewhere, 'utf8')).toBe('as it was')
})

test('lines for people, the report under one tag, and nothing below the level', async () => {
  const shown: string[] = []
  const log = await open({ format: 'text', level: 'warn' })
  log.entry('purge', { rows: 3 })
  log.warning('hunter2')
  log.close()
  const echoed = await open({ format: 'text', file: join(directory, 'other.log') }, (lines) => void shown.push(lines))
  echoed.entry('purge', { rows: 3 })
  echoed.report('The run finished.\n  with hunter2')
  for (const second of [0, 1]) echoed.listener(progress(second))
  echoed.close()
  const text = async (file: string) => (await readFile(join(directory, file), 'utf8')).replaceAll(/^\S+Z /gm, '')
  expect(await text(LOG_FILE)).toBe('WARN  r1 ***\n')
  const all = await text('other.log')
  expect(all).toContain('INFO  r1 purge {"rows":3}\nINFO  r1 SYNC_REPORT The run finished.\nINFO  r1 SYNC_REPORT   with ***\nINFO  r1 table.progress {')
  expect(all).toContain('DEBUG r1 table.progress {')
  expect(shown.join('')).toBe(await readFile(join(directory, 'other.log'), 'utf8'))
})
