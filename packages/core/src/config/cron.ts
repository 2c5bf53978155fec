/** When a job is due: the values of each field, ascending; `undefined` is every value. Where both days are restricted, either one will do. */
export type CronFields = {
  readonly minutes: readonly number[] | undefined
  readonly hours: readonly number[] | undefined
  readonly days: readonly number[] | undefined
  readonly months: readonly number[] | undefined
  /** 0 is Sunday. */
  readonly weekdays: readonly number[] | undefined
}

type Field = { readonly name: string; readonly min: number; readonly max: number; readonly names?: readonly string[] }

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const MINUTE: Field = { name: 'minute', min: 0, max: 59 }
const HOUR: Field = { name: 'hour', min: 0, max: 23 }
const DAY: Field = { name: 'day of the month', min: 1, max: 31 }
const MONTH: Field = { name: 'month', min: 1, max: 12, names: MONTHS }
// 7 is Sunday too.
const WEEKDAY: Field = { name: 'day of the week', min: 0, max: 7, names: WEEKDAYS }
const LONGEST_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * Reads the five fields that every cron program understands in the same way: `*`, numbers, names of months and weekdays, ranges, steps
 * and lists. What only some of them know, or read differently, is refused. The answer is the fields, or what is wrong as the end of "the schedule …".
 */
export function parseCron(text: string): CronFields | string {
  const parts = text.trim().split(/[ \t]+/)
  const [minute, hour, day, month, weekday] = parts
  if (minute === undefined || hour === undefined || day === undefined || month === undefined || weekday === undefined || parts.length !== 5)
    return 'must have five fields: minute hour day month weekday'
  if (isStepped(day, weekday) || isStepped(weekday, day))
    return 'restricts the day of the month and the day of the week, one of them with "*/": cron programs disagree on what that means; write the days out'
  const fields = [values(minute, MINUTE), values(hour, HOUR), values(day, DAY), values(month, MONTH), values(weekday, WEEKDAY)] as const
  const fault = fields.find((field) => typeof field === 'string')
  if (typeof fault === 'string') return fault
  const [minutes, hours, days, months, raw] = fields as readonly (readonly number[] | undefined)[]
  const weekdays = raw === undefined ? undefined : ascending(raw.map((value) => value % 7))
  if (days !== undefined && weekdays === undefined && neverFalls(days, months)) return 'names a day that no month has: it would never run'
  return { minutes, hours, days, months, weekdays: weekdays?.length === 7 ? undefined : weekdays }
}

const isStepped = (field: string, other: string): boolean => field.startsWith('*/') && other !== '*'

const neverFalls = (days: readonly number[], months: readonly number[] | undefined): boolean =>
  (months ?? LONGEST_MONTH.map((_, index) => index + 1)).every((month) => days.every((day) => day > (LONGEST_MONTH[month - 1] ?? 0)))

const ascending = (numbers: readonly number[]): readonly number[] => [...new Set(numbers)].sort((a, b) => a - b)

function values(text: string, field: Field): readonly number[] | undefined | string {
  if (text === '*') return undefined
  const wrong = `has ${JSON.stringify(text.slice(0, 40))} for the ${field.name}, which must be *, or numbers from ${field.min} to ${field.max}, as in 1,15 or 9-17 or */5`
  const found: number[] = []
  for (const item of text.split(',')) {
    const [, range = '', low = '', high, step] = /^(\*|([0-9]+|[a-z]+)(?:-([0-9]+|[a-z]+))?)(?:\/([0-9]+))?$/i.exec(item) ?? []
    // `5/15` is one minute to some programs and four to others.
    if (range === '' || (step !== undefined && range !== '*' && high === undefined)) return wrong
    const first = range === '*' ? field.min : numberOf(low, field)
    const last = range === '*' ? (field === WEEKDAY ? 6 : field.max) : high === undefined ? first : numberOf(high, field)
    const by = step === undefined ? 1 : Number(step)
    if (first === undefined || last === undefined || first > last || by < 1 || by > field.max) return wrong
    for (let value = first; value <= last; value += by) found.push(value)
  }
  return ascending(found)
}

function numberOf(text: string, { min, max, names }: Field): number | undefined {
  const named = names?.indexOf(text.toLowerCase()) ?? -1
  if (named >= 0) return named + min
  return /^[0-9]{1,2}$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined
}
