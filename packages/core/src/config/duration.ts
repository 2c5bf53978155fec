const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** `90s`, `45m`, `2h`, `1d`, `2w` in milliseconds. */
export function parseDuration(text: string): number {
  const [, amount, unit] = /^(\d{1,6})([smhdw])$/.exec(text.trim()) ?? []
  if (amount === undefined || unit === undefined) throw new Error(`"${text}" is not a time such as 90s, 45m, 2h or 1d`)
  return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]
}
