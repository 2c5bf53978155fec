import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { HOSTILE, jobOf, planOf } from './testing.ts'
import { unitBase, unitsOf } from './units.ts'

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

it('what was due while the machine was off is caught up', () => {
  const { service, timer } = unitsOf(planOf([]), jobOf('full-weekly', '0 1 1 * 0'), {})
  expect(timer).toContain('OnCalendar=*-*-01 01:00:00\nOnCalendar=Sun *-*-* 01:00:00\nPersistent=true\n')
  expect(service).toContain('WorkingDirectory=/home/me/my sync\nExecStart=/opt/node /opt/dbsync schedule run --quiet -- full-weekly\n')
})

it('units of the system run as the owner of the folder', () => {
  expect(unitsOf(planOf([]), jobOf('daily'), { user: '1000' }).service).toContain('\nUser=1000\n')
  expect(unitsOf(planOf([]), jobOf('daily'), {}).service).not.toContain('User=')
})

it('every job has a file name of its own, whatever it is called', () => {
  const names = ['daily', 'Daily', 'a b', 'a/b', 'a.b', '../x', '-x', HOSTILE, '🙂'.repeat(50), 'x'.repeat(100)]
  const bases = names.map((name) => unitBase('0123456789ab', name))
  expect(new Set(bases).size).toBe(names.length)
  for (const base of bases) expect(base).toMatch(/^dbsync-0123456789ab-[A-Za-z0-9._-]{0,80}$/)
})

it.runIf(hasSystemd)('systemd reads them as they are meant, hostile names too', async () => {
  await using stack = new AsyncDisposableStack()
  const parent = await mkdtemp(join(tmpdir(), 'dbsync-units-'))
  stack.defer(() => rm(parent, { recursive: true }))
  const directory = join(parent, `${HOSTILE.replaceAll('/', '')} `)
  await mkdir(directory)
  const plan = planOf([jobOf(HOSTILE)], directory)
  const installation = { ...plan.installation, node: process.execPath, program: join(directory, 'dbsync'), config: `${HOSTILE}.json` }
  const { base, service, timer } = unitsOf({ ...plan, installation }, jobOf(HOSTILE), {})
  const units = join(parent, 'units')
  await mkdir(units)
  await writeFile(join(units, `${base}.service`), service)
  await writeFile(join(units, `${base}.timer`), timer)
  const verified = spawnSync('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', join(units, `${base}.timer`), join(units, `${base}.service`)], {
    encoding: 'utf8',
  })
  expect({ status: verified.status, stderr: verified.stderr }).toEqual({ status: 0, stderr: '' })
  // What systemd makes of the words, undone as its manual describes it: the colon has switched `$` off.
  // A lone percent sign would be a specifier.
  expect((service + timer).replace(/^#.*$/gm, '')).not.toMatch(/(?<!%)(?:%%)*%(?!%)/)
  const [, words = ''] = /^ExecStart=:(.*)$/m.exec(service) ?? []
  const read = [...words.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) =>
    (plain ?? quoted?.replace(/\\(.)/g, '$1') ?? '').replaceAll('%%', '%'),
  )
  expect(read).toEqual([process.execPath, join(directory, 'dbsync'), 'schedule', 'run', '--quiet', `--config=${HOSTILE}.json`, '--', HOSTILE])
  expect(service).toContain(`WorkingDirectory=${directory.replaceAll('%', '%%')}/\n`)
})
