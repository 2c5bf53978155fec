import { expect, test } from 'vitest'
import { clocks } from './clocks.ts'
import type { Context } from './context.ts'

/** Only what the check looks at. */
const context = (source: number | undefined, ...targets: readonly number[]): Context => {
  const ends = (aheadMs: number) => ({ ok: true, value: { findings: [], clock: { aheadMs, uncertainMs: 5, zoneMinutes: -330 } } }) as const
  const none = { ok: false, error: new Error('gone') } as const
  return {
    now: new Date(),
    examined: { source: source === undefined ? none : ends(source), targets: new Map(targets.map((each, i) => [`t${i}`, ends(each)])) },
  } as unknown as Context
}

const HOUR = 3_600_000
const warnings = async (...clocksAhead: Parameters<typeof context>) =>
  (await clocks.run(context(...clocksAhead))).filter(({ level }) => level === 'warning').map(({ message }) => message)

test('the clock that differs is named, and two that agree outvote it', async () => {
  expect(await warnings(0, 20)).toEqual([])
  expect(await warnings(9_000, -900)).toEqual([])
  expect(await warnings(2 * HOUR, 10)).toEqual(['The clock of the source is 2 h ahead of the others.'])
  expect(await warnings(-HOUR, -HOUR)).toEqual(['The clock of this machine is 1 h ahead of the others.'])
  expect(await warnings(undefined, -HOUR)).toEqual(['The clock of target t0 is 1 h behind the others.'])
  expect(await warnings(0, 10, HOUR)).toEqual(['The clock of target t1 is 1 h ahead of the others.'])
})

test('zones are told and judged by nobody; without any clock there is nothing to say', async () => {
  const found = await clocks.run(context(0))
  expect(found.at(-1)).toMatchObject({ level: 'ok', message: expect.stringContaining('the source UTC-5:30') })
  expect(() => clocks.run(context(undefined))).toThrow('no end tells its clock')
})
