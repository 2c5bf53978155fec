import { expect, it } from 'vitest'
import { quotaDay } from './quota-day.ts'

it('is the day in California, at every hour of four years', () => {
  const california = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Los_Angeles' })
  const wrong: string[] = []
  for (let at = Date.UTC(2024, 0, 1); at < Date.UTC(2028, 0, 1); at += 3_600_000) {
    for (const moment of [new Date(at - 1), new Date(at)]) if (quotaDay(moment) !== california.format(moment)) wrong.push(moment.toISOString())
  }
  expect(wrong).toEqual([])
})
