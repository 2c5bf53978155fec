import { expect, it } from 'vitest'
import { isZone, parseMoment } from './local-time.ts'

const utc = (text: string, zone: string) => {
  const moment = parseMoment(text, zone)
  return moment && `${new Date(moment.ms).toISOString()}${moment.zoned ? ' zoned' : ''}`
}

it.each([
  ['2026-01-15 10:30:00', 'UTC', '2026-01-15T10:30:00.000Z'],
  ['2026-01-15T10:30:00', 'Europe/Berlin', '2026-01-15T09:30:00.000Z'],
  ['2026-07-15T10:30:00.123456', 'Europe/Berlin', '2026-07-15T08:30:00.123Z'],
  ['2026-07-15 10:30', 'Asia/Kathmandu', '2026-07-15T04:45:00.000Z'],
  ['2026-07-15', '+02:00', '2026-07-14T22:00:00.000Z'],
  ['2026-07-15T10:30:00Z', 'Asia/Tokyo', '2026-07-15T10:30:00.000Z zoned'],
  ['2026-07-15 10:30:00 +0530', 'Asia/Tokyo', '2026-07-15T05:00:00.000Z zoned'],
  ['2026-07-15 10:30:00-03', 'Asia/Tokyo', '2026-07-15T13:30:00.000Z zoned'],
  // Twice on that day: the earlier one. Never on that day: the earlier reading.
  ['2025-10-26 02:30:00', 'Europe/Berlin', '2025-10-26T00:30:00.000Z'],
  ['2025-03-30 02:30:00', 'Europe/Berlin', '2025-03-30T00:30:00.000Z'],
])('%s in %s is %s', (text, zone, moment) => expect(utc(text, zone)).toBe(moment))

it.each(['', 'yesterday', '2026-02-30 10:00:00', '2026-01-01 25:00:00', '15.01.2026', '2026-01-15 10:30:00 CET', '1700000000', '2026-01-01T00:00:00+99:00'])(
  '%j is no time',
  (text) => expect(parseMoment(text, 'UTC')).toBeUndefined(),
)

it('knows zones', () => {
  expect(['UTC', 'Europe/Berlin', '+02:00', 'Berlin', ''].map(isZone)).toEqual([true, true, true, false, false])
})
