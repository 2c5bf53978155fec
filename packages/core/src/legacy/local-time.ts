/** Whether times can be read in this zone: an IANA name or an offset such as `+02:00`. */
export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** The zone of this process. */
export const localZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

export type Moment = {
  /** Milliseconds since 1970. */
  readonly ms: number
  /** The text named its zone itself. */
  readonly zoned: boolean
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)? ?(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/i

/**
 * An ISO-like time, in `zone` unless it names one itself; `undefined` where it is none. Of the two moments that a clock shows when it is set back it is the
 * earlier one, and in the gap when it is set forward the earlier reading: what is read from there on reads more, never less.
 */
export function parseMoment(text: string, zone: string): Moment | undefined {
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', named] = TIME.exec(text.trim()) ?? []
  if (year === undefined) return undefined
  const wall = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}Z`
  const ms = Date.parse(wall)
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== wall) return undefined
  if (named !== undefined) {
    const offset = /^(z|utc)$/i.test(named) ? 0 : minutesOf(named)
    return offset === undefined ? undefined : { ms: ms - offset * 60_000, zoned: true }
  }
  const readings = [ms - DAY_MS, ms + DAY_MS].map((near) => ms - offsetAt(near, zone))
  const shown = readings.filter((reading) => reading + offsetAt(reading, zone) === ms)
  return { ms: Math.min(...(shown.length > 0 ? shown : readings)), zoned: false }
}

const DAY_MS = 86_400_000

function minutesOf(offset: string): number | undefined {
  const [, sign, hours = '', minutes = '00'] = /^([+-])(\d\d):?(\d\d)?$/.exec(offset) ?? []
  if (Number(hours) > 15 || Number(minutes) > 59) return undefined
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Milliseconds that the zone's clocks are ahead of UTC at a moment. */
function offsetAt(ms: number, zone: string): number {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'iso8601',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
    formats.set(zone, format)
  }
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]))
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type))
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) - Math.floor(ms / 1000) * 1000
}
