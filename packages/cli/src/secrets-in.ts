/**
 * Every text of `resolved` that `masked`, the same value as it may be shown, does not show: the secrets. Of a URL with a password
 * the password counts too, as drivers repeat it alone.
 */
export function secretsIn(resolved: unknown, masked: unknown): readonly string[] {
  if (typeof resolved === 'string') return resolved === masked || resolved === '' ? [] : [resolved, ...passwordOf(resolved)]
  if (typeof resolved === 'number') return resolved === masked ? [] : [String(resolved)]
  if (typeof resolved !== 'object' || resolved === null) return []
  const shown = new Map(Object.entries(typeof masked === 'object' && masked !== null ? masked : {}))
  return Object.entries(resolved).flatMap(([name, value]) => secretsIn(value, shown.get(name)))
}

function passwordOf(text: string): readonly string[] {
  const [, password] = /:\/\/[^/\s:@]*:([^/\s@]+)@/.exec(text) ?? []
  return password === undefined ? [] : [password]
}
