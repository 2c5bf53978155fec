import { isSecretName } from '../config/secret-names.ts'
import type { JsonValue } from '../model/json.ts'

export const MASK = '***'

/** Shorter secrets would mask half of every text: they are masked only where a password stands. */
const SHORTEST = 3

/** `scheme://user:password@host`, of any password without spaces, slashes and quotes: nobody has to know it. */
const DSN_PASSWORD = /(?<=:\/\/[^\s:/@"'<>]*:)[^\s/"'<>]*(?=@)/g

/**
 * Makes the function that masks these secrets in any text: as they are, URL-encoded by whatever rules (spaces as `+`, too), JSON-escaped
 * (once or twice, as in a log of a log) and in base64, and the password of any URL. Pass text that is shown, logged or stored through it.
 */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const known = [...new Set(secrets)].filter((secret) => secret !== '')
  const long = [...new Set(known.filter((secret) => secret.length >= SHORTEST).flatMap(formsOf))].map((form) => new RegExp(form, 'g'))
  const short = known.filter((secret) => secret.length < SHORTEST).map(inPasswordPlace)
  return (text) => {
    let masked = maskAll(text, long)
    for (const pattern of short) masked = masked.replace(pattern, MASK)
    return masked.replace(DSN_PASSWORD, MASK)
  }
}

/** A copy with every text redacted, and the values of keys such as `password`, `db_pass`, `secret` and `token` masked whatever they are. */
export function redactDeep(value: JsonValue, redact: (text: string) => string = redactor([])): JsonValue {
  if (typeof value === 'string') return redact(value)
  if (typeof value !== 'object' || value === null) return value
  if (isArray(value)) return value.map((item) => redactDeep(item, redact))
  // fromEntries makes own keys, `__proto__` included.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [redact(key), maskedMember(key, item, redact)]))
}

/** Whether there is a secret may be told; what it is may not. */
function maskedMember(key: string, item: JsonValue | undefined, redact: (text: string) => string): JsonValue | undefined {
  if (item === undefined || item === null || typeof item === 'boolean' || item === '') return item
  return isSecretName(key) ? MASK : redactDeep(item, redact)
}

const isArray = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value)

/** As sources of regular expressions. */
function formsOf(secret: string): readonly string[] {
  const wellFormed = secret.toWellFormed()
  const once = JSON.stringify(secret).slice(1, -1)
  const twice = JSON.stringify(once).slice(1, -1)
  // Shorter ones are too likely to be part of something else.
  const base64 = secret.length < 6 ? [] : (['base64', 'base64url'] as const).map((form) => Buffer.from(wellFormed).toString(form).replaceAll('=', ''))
  return [...[secret, once, twice, ...base64].map(literal), [...wellFormed].map(perhapsEncoded).join('')]
}

/** Which characters are encoded, and how the codes are written, differs from one encoder to the next. */
function perhapsEncoded(char: string): string {
  const codes = [...Buffer.from(char)].map(
    (byte) =>
      `%${byte
        .toString(16)
        .padStart(2, '0')
        .replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)}`,
  )
  return `(?:${literal(char)}|${codes.join('')}${char === ' ' ? '|\\+' : ''})`
}

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

/** Places may overlap (two secrets with a common part): they are joined first, so that no rest of one is left. */
function maskAll(text: string, forms: readonly RegExp[]): string {
  const places: { start: number; end: number }[] = []
  for (const form of forms) {
    form.lastIndex = 0
    for (let found = form.exec(text); found !== null; found = form.exec(text)) {
      places.push({ start: found.index, end: form.lastIndex })
      form.lastIndex = found.index + 1
    }
  }
  places.sort((a, b) => a.start - b.start)
  let masked = ''
  let done = 0
  for (const { start, end } of places) {
    if (start >= done) masked += text.slice(done, start) + MASK
    done = Math.max(done, end)
  }
  return masked + text.slice(done)
}

/** After `scheme://user:`, and after `password=`, `"pwd": "` and the like, where the secret is the whole value. */
function inPasswordPlace(secret: string): RegExp {
  const forms = formsOf(secret).join('|')
  return new RegExp(
    `(?<=:\\/\\/[^\\s:/@]*:)(?:${forms})(?=@)|(?<=(?:pass(?:word|wd|phrase)?|pwd|secret|token)["']?\\s*[=:]\\s*["']?)(?:${forms})(?![\\w])`,
    'gi',
  )
}
