import { describe, expect, it } from 'vitest'
import { parseCron } from './cron.ts'

const every = { minutes: undefined, hours: undefined, days: undefined, months: undefined, weekdays: undefined }

describe('five fields', () => {
  it.each([
    ['* * * * *', every],
    [' 5  4 \t * * * ', { ...every, minutes: [5], hours: [4] }],
    ['*/20 9-17/4 1,15 jan-MAR *', { minutes: [0, 20, 40], hours: [9, 13, 17], days: [1, 15], months: [1, 2, 3], weekdays: undefined }],
    ['0 0 * * 5-7', { ...every, minutes: [0], hours: [0], weekdays: [0, 5, 6] }],
    ['0 0 * * 7,sun', { ...every, minutes: [0], hours: [0], weekdays: [0] }],
    ['0 0 * * */2', { ...every, minutes: [0], hours: [0], weekdays: [0, 2, 4, 6] }],
    ['0 0 * * 0-7', { ...every, minutes: [0], hours: [0] }],
    ['0 0 29 2 *', { ...every, minutes: [0], hours: [0], days: [29], months: [2] }],
    ['0 0 30 2 mon', { ...every, minutes: [0], hours: [0], days: [30], months: [2], weekdays: [1] }],
  ])('%j', (text, fields) => {
    expect(parseCron(text)).toEqual(fields)
  })
})

describe('what programs read differently, or not at all, is refused', () => {
  it.each([
    ['* * * *', 'five fields'],
    ['0 * * * * *', 'five fields'],
    ['@daily', 'five fields'],
    ['', 'five fields'],
    ['60 * * * *', 'minute'],
    ['* 24 * * *', 'hour'],
    ['* * 0 * *', 'day of the month'],
    ['* * * 13 *', 'month'],
    ['* * * * 8', 'day of the week'],
    ['5/15 * * * *', 'minute'],
    ['*/0 * * * *', 'minute'],
    ['*/99 * * * *', 'minute'],
    ['* 22-2 * * *', 'hour'],
    ['* * L * *', 'day of the month'],
    ['* * ? * *', 'day of the month'],
    ['* * * * mon#2', 'day of the week'],
    ['1, * * * *', 'minute'],
    ['-1 * * * *', 'minute'],
    ['1e1 * * * *', 'minute'],
    ['0 0 31 4,6 *', 'never run'],
    ['0 0 30 2 *', 'never run'],
    ['0 0 */2 * mon', 'disagree'],
    ['0 0 1 * */2', 'disagree'],
  ])('%j: %s', (text, reason) => {
    expect(parseCron(text)).toContain(reason)
  })
})
