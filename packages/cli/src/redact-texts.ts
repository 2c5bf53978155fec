/**
 * A copy in which every text went through `redact`. Keys and shapes stay: what is printed here is data that programs read, and a
 * table called `tokens` is no secret.
 */
export function redactTexts<T>(value: T, redact: (text: string) => string): T {
  if (typeof value === 'string') return redact(value) as T
  if (Array.isArray(value)) return value.map((item: unknown) => redactTexts(item, redact)) as T
  if (typeof value !== 'object' || value === null) return value
  // fromEntries makes own keys, `__proto__` included.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactTexts<unknown>(item, redact)])) as T
}
