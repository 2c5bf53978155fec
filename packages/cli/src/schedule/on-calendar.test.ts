import { execFileSync, spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { onCalendar } from './on-calendar.ts'
import { jobOf } from './testing.ts'
import { clock, lastDue, nextDue } from './times.ts'

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

it.each([
  ['0 * * * *', ['*-*-* *:00:00']],
  ['*/20 9-17 * * mon-fri', ['Mon,Tue,Wed,Thu,Fri *-*-* 09..17:00,20,40:00']],
  ['0 0 1,15 * sun', ['*-*-01,15 00:00:00', 'Sun *-*-* 00:00:00']],
  ['0 0 1-2 3 *', ['*-03-01,02 00:00:00']],
])('%s', (cron, calendar) => {
  expect(onCalendar(cron)).toEqual(calendar)
})

it('what the configuration would have refused is a fault', () => {
  expect(() => onCalendar('0 0 */2 * 1')).toThrow('was not checked')
})

describe('both libraries agree', () => {
  it
    .runIf(hasSystemd)
    .each([
      '0 * * * *',
      '0 2 * * *',
      '0 1 * * 0',
      '*/7 * * * *',
      '59 23 31 * *',
      '0 0 29 2 *',
      '30 4 1,15 * 5',
      '0 12 * jan-mar/2 1-5',
      '15,45 9-17/2 10-20 * sat,sun',
      '5 0 * 8 7',
    ])('the next runs of %s are the same for cron and for systemd', async (cron) => {
    const from = new Date('2026-11-21T12:34:56Z')
    const expected: string[] = []
    for (let at = from; expected.length < 8; ) {
      const next = await nextDue(jobOf('x', cron), at, 'UTC')
      if (next === null) break
      expected.push(next.toISOString())
      at = next
    }
    const calendars = onCalendar(cron).flatMap((calendar) => systemdRuns(calendar, from, 8))
    expect([...new Set(calendars)].sort().slice(0, 8)).toEqual(expected)
  })
})

function systemdRuns(calendar: string, from: Date, count: number): readonly string[] {
  const text = execFileSync('systemd-analyze', ['calendar', calendar, `--iterations=${count}`, `--base-time=@${from.getTime() / 1000}`], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, TZ: 'UTC', LC_ALL: 'C' },
  })
  return [...text.matchAll(/(?:Next elapse|Iter\. #\d+): \w+ (\S+) (\S+) UTC/g)].map(([, date, time]) => new Date(`${date}T${time}Z`).toISOString())
}

it('times are those of the zone, also where the clock changes', async () => {
  const night = jobOf('x', '30 2 * * *')
  const spring = await nextDue(night, new Date('2027-03-27T12:00:00Z'), 'Europe/Berlin')
  expect(spring?.toISOString()).toBe('2027-03-28T01:00:00.000Z')
  expect(clock(new Date('2027-03-29T00:30:00Z'), 'Europe/Berlin')).toBe('2027-03-29 02:30 Europe/Berlin')
  expect((await lastDue(night, new Date('2027-03-29T00:30:01Z'), 'Europe/Berlin'))?.toISOString()).toBe('2027-03-29T00:30:00.000Z')
})
