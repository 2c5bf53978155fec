/** Engines that make one call, or one OR, of two pieces have a limit to how deep they may lie in each other, and a table may have a thousand columns. */
const AT_ONCE = 100

/** Joins pieces by `join`, which makes one piece of several: where there are many, groups of them first. */
export function inGroups(pieces: readonly string[], join: (pieces: readonly string[]) => string): string {
  if (pieces.length <= AT_ONCE) return join(pieces)
  const groups = Array.from({ length: Math.ceil(pieces.length / AT_ONCE) }, (_, i) => pieces.slice(i * AT_ONCE, (i + 1) * AT_ONCE))
  return inGroups(groups.map(join), join)
}
