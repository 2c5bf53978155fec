import { type CronFields, parseCron } from '@dbsync/core'

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/**
 * The `OnCalendar` lines of a cron expression that the configuration has accepted. Every value is written out, which both sides read alike. Where a day of the
 * month and a weekday are given, cron takes either one: two lines, of which systemd takes either one as well.
 */
export function onCalendar(cron: string): readonly string[] {
  const fields = parseCron(cron)
  if (typeof fields === 'string') throw new Error(`the schedule ${JSON.stringify(cron)} ${fields}: the configuration was not checked first`)
  const { weekdays, days } = fields
  if (weekdays === undefined || days === undefined) return [calendar(fields)]
  return [calendar({ ...fields, weekdays: undefined }), calendar({ ...fields, days: undefined })]
}

function calendar({ minutes, hours, days, months, weekdays }: CronFields): string {
  const week = weekdays === undefined ? '' : `${weekdays.map((day) => WEEKDAYS[day]).join(',')} `
  return `${week}*-${list(months)}-${list(days)} ${list(hours)}:${list(minutes)}:00`
}

/** `00,15,30`, and from three in a row on `09..17`. */
function list(values: readonly number[] | undefined): string {
  if (values === undefined) return '*'
  const runs: [number, number][] = []
  for (const value of values) {
    const last = runs.at(-1)
    if (last?.[1] === value - 1) last[1] = value
    else runs.push([value, value])
  }
  const two = (value: number) => String(value).padStart(2, '0')
  return runs.map(([from, to]) => (from === to ? two(from) : `${two(from)}${to - from > 1 ? '..' : ','}${two(to)}`)).join(',')
}
