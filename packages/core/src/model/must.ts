/** The value under a key that is there by construction: its absence is a bug, not a user's mistake. */
export function mustHave<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key)
  if (value === undefined) throw new Error(`nothing under ${String(key)}`)
  return value
}
