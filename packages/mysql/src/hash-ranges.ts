import type { RowRange } from '@dbsync/core/plugin'

type HashRange = Extract<RowRange, { by: 'hash' }>

const SPACE = 1n << 64n

/**
 * Splits the 2^64 hashes, or one range of them, into a power of two of equal parts: each part is then all hashes with the same leading bits,
 * and the digests of all parts take one pass over the table.
 */
export function splitHashes(rows: number, rowsPerRange: number, within?: HashRange): readonly HashRange[] {
  const from = within === undefined ? 0n : BigInt(within.from)
  const to = within === undefined ? SPACE : BigInt(within.to)
  const wanted = Math.max(1, Math.min(rows / rowsPerRange, 2 ** 20))
  let parts = 1n << BigInt(Math.ceil(Math.log2(wanted)))
  if (within !== undefined && parts < 2n) parts = 2n
  while (parts > 1n && (to - from) % parts !== 0n) parts /= 2n
  const width = (to - from) / parts
  return Array.from({ length: Number(parts) }, (_, i) => ({
    by: 'hash' as const,
    from: String(from + width * BigInt(i)),
    to: String(from + width * BigInt(i + 1)),
  }))
}

/** The shift that takes a hash to the number of its part, for a range that is all hashes with the same leading bits; `undefined` for any other. */
export function shiftOf(range: HashRange): number | undefined {
  const from = BigInt(range.from)
  const width = BigInt(range.to) - from
  if (width <= 0n || (width & (width - 1n)) !== 0n || from % width !== 0n) return undefined
  return width.toString(2).length - 1
}

/** The rows whose hash lies in one of these ranges. Ranges of one width cost one computation of the hash per row. */
export function hashCondition(hash: string, ranges: readonly HashRange[]): string {
  const tests = [...Map.groupBy(ranges, shiftOf)].map(([shift, group]) => {
    if (shift === undefined) return group.map((range) => `(${hash} >= ${BigInt(range.from)} AND ${hash} < ${BigInt(range.to)})`).join(' OR ')
    return `${hash} >> ${shift} IN (${group.map((range) => BigInt(range.from) >> BigInt(shift)).join(', ')})`
  })
  return tests.join(' OR ') || 'FALSE'
}
