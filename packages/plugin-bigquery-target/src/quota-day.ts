const HOUR_MS = 3_600_000

/**
 * The day as Google's quotas are counted, in California, such as `2026-03-08`. By the rule that holds there since 2007 (summer time from the second Sunday of
 * March to the first one of November, at 2 o'clock): `Intl` would bring 5 MB of tables into memory for this one date.
 */
export function quotaDay(now = new Date()): string {
  const year = now.getUTCFullYear()
  const summer = now.getTime() >= sundayOf(year, 2, 2) + 10 * HOUR_MS && now.getTime() < sundayOf(year, 10, 1) + 9 * HOUR_MS
  return new Date(now.getTime() - (summer ? 7 : 8) * HOUR_MS).toISOString().slice(0, 10)
}

/** Midnight UTC of the so-manieth Sunday of a month, which counts from 0. */
function sundayOf(year: number, month: number, number: number): number {
  const weekday = new Date(Date.UTC(year, month, 1)).getUTCDay()
  return Date.UTC(year, month, 1 + ((7 - weekday) % 7) + 7 * (number - 1))
}
