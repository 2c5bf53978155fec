/** Of `names` in a new order the most that can stay where they are: all others are moved between them. */
export function staying(now: readonly string[], wanted: readonly string[]): ReadonlySet<string> {
  const places = wanted.map((name) => now.indexOf(name))
  // The longest increasing run through the old places.
  const best: { length: number; before: number }[] = []
  for (const [i, place] of places.entries()) {
    let found = { length: 1, before: -1 }
    for (let j = 0; j < i; j++) {
      if ((places[j] as number) < place && (best[j]?.length ?? 0) >= found.length) found = { length: (best[j]?.length ?? 0) + 1, before: j }
    }
    best.push(found)
  }
  let at = best.reduce((longest, { length }, i) => (length > (best[longest]?.length ?? 0) ? i : longest), 0)
  const stay = new Set<string>()
  while (at >= 0 && wanted[at] !== undefined) {
    stay.add(wanted[at] as string)
    at = best[at]?.before ?? -1
  }
  return stay
}
