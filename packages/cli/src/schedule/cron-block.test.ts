import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cronBlock, cronLines, cronWord, takeApart } from './cron-block.ts'
import { projectId } from './installation.ts'
import { HOSTILE, jobOf, planOf } from './testing.ts'

/** What the programs do with a command before a shell sees it; all end it at a `%` without a backslash. */
const CRONS: readonly (readonly [string, (command: string) => string])[] = [
  ['takes the backslash before % and \\ away (Vixie)', (command) => untilPercent(command, /\\([%\\])/g)],
  ['takes the backslash before % away (Debian, cronie)', (command) => untilPercent(command, /\\(%)/g)],
  ['leaves everything to the shell (BusyBox)', (command) => command],
]

const untilPercent = (command: string, escaped: RegExp): string => command.replace(/(?<!\\)%.*/s, '').replace(escaped, '$1')

describe('words', () => {
  for (const [cron, through] of CRONS) {
    it(`reach the program as they are through a cron that ${cron}`, () => {
      for (const word of [HOSTILE, '%', '\\', "'", '\\\\', '\\%', "%'\\", 'a b', '-x', 'plain']) {
        // The program, not the shell's own echo, which may read backslashes.
        const line = through(`/bin/echo ${cronWord(word)}`)
        expect(execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' })).toBe(`${word}\n`)
      }
    })
  }

  it('a folder of any name is entered, and the job gets its name', async () => {
    await using stack = new AsyncDisposableStack()
    const directory = await mkdtemp(join(tmpdir(), `dbsync ${HOSTILE.replaceAll('/', '')}`))
    stack.defer(() => rm(directory, { recursive: true }))
    const plan = planOf([jobOf(HOSTILE)], directory)
    const program = { ...plan, installation: { ...plan.installation, node: '/bin/sh', program: '-c' } }
    const [line] = cronLines(program)
    const command = line?.text.slice('0 2 * * * '.length) ?? ''
    for (const [, through] of CRONS) {
      const shown = through(command).replace(' -c schedule ', ` -c 'pwd; for word; do last=$word; done; /bin/echo "$last"' `)
      expect(execFileSync('/bin/sh', ['-c', shown], { encoding: 'utf8' })).toBe(`${directory}\n${HOSTILE}\n`)
    }
  })
})

describe('the block', () => {
  const block = cronBlock(planOf([jobOf('daily'), jobOf('b')]))
  const id = '0123456789ab'

  it('is found, and the rest stays as it is', () => {
    const others = ['# mine\n0 1 * * * true', '\n\n@daily x\r\n# >>> dbsync ffffffffffff other\n* * * * * y\n# <<< dbsync ffffffffffff\n  ']
    const parts = takeApart(`${others[0]}\n${block}${others[1]}`, id)
    expect(parts).toMatchObject({ before: `${others[0]}\n`, after: others[1] })
    expect(parts.lines).toHaveLength(3)
    expect(takeApart(others.join(''), id)).toEqual({ before: others.join(''), lines: [], after: '' })
  })

  it.each([
    ['its end is gone', block.replace(/# <<<.*\n/, '')],
    ['its start is gone', block.replace(/# >>>.*\n/, '')],
    ['it is there twice', block + block],
    ['start and end are swapped', block.split('\n').reverse().join('\n')],
    ['it holds a line of somebody else', block.replace('# <<<', '0 0 * * * precious\n# <<<')],
  ])('nothing is touched where %s', (_, crontab) => {
    expect(() => takeApart(`0 1 * * * mine\n${crontab}`, id)).toThrow(expect.objectContaining({ code: 'SCHEDULE_DAMAGED' }))
  })

  it('is nothing where there is no job', () => {
    expect(cronBlock(planOf([]))).toBe('')
  })
})

it('two projects, and one project with two files, are apart', () => {
  const { installation } = planOf([])
  const ids = [installation, { ...installation, directory: '/x' }, { ...installation, config: 'a' }, { ...installation, params: 'a' }].map(projectId)
  expect(new Set(ids).size).toBe(4)
  expect(projectId({ ...installation, config: './a' })).toBe(ids[2])
  expect(projectId({ ...installation, node: '/other' })).toBe(ids[0])
})
