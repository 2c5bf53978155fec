import { isSecretName } from '../config/secret-names.ts'
import type { JsonValue } from '../model/json.ts'

export const MASK = '***'

/** Shorter secrets would mask half of every text: they are masked only where a password stands. */
const SHORTEST = 3

/** `scheme://user:password@host`, of any password without spaces, slashes and quotes: nobody has to know it. */
const DSN_PASSWORD = /(?<=:\/\/[^\s:/@"'<>]*:)[^\s/"'<>]*(?=@)/g

/**
 * Makes the function that masks these secrets in any text: as they are, URL-encoded (either case, spaces as `%20` or `+`, or as a form is sent), JSON-escaped
 * (once or twice, as in a log of a log) and in base64, and the password of any URL. Pass text that is shown, logged or stored through it.
 */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const known = [...new Set(secrets)].filter((secret) => secret !== '')
  const forms = new Set(known.filter((secret) => secret.length >= SHORTEST).flatMap(formsOf))
  const short = known.filter((secret) => secret.length < SHORTEST).map(inPasswordPlace)
  return (text) => {
    let masked = maskAll(text, forms)
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

function formsOf(secret: string): readonly string[] {
  const wellFormed = secret.replace(/\p{Surrogate}/gu, '\ufffd')
  const percent = encodeURIComponent(wellFormed)
  const strict = percent.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
  // Of the marks that others leave as they are it encodes all but the star, and the tilde too.
  const inForm = new URLSearchParams({ '': wellFormed }).toString().slice(1)
  const encoded = [percent, strict, encodeURI(wellFormed), inForm, percent.replaceAll('%20', '+'), strict.replaceAll('%20', '+')]
  const once = JSON.stringify(secret).slice(1, -1)
  const twice = JSON.stringify(once).slice(1, -1)
  // Shorter ones are too likely to be part of something else.
  const base64 = secret.length < 6 ? [] : (['base64', 'base64url'] as const).map((form) => Buffer.from(wellFormed).toString(form).replaceAll('=', ''))
  return [secret, once, twice, ...base64, ...encoded, ...encoded.map((text) => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))]
}

/** Places may overlap (two secrets with a common part): they are joined first, so that no rest of one is left. */
function maskAll(text: string, forms: ReadonlySet<string>): string {
  const places: { start: number; end: number }[] = []
  for (const form of forms) {
    for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) places.push({ start: at, end: at + form.length })
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
  const forms = [...new Set(formsOf(secret))].map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|')
  return new RegExp(
    `(?<=:\\/\\/[^\\s:/@]*:)(?:${forms})(?=@)|(?<=(?:pass(?:word|wd|phrase)?|pwd|secret|token)["']?\\s*[=:]\\s*["']?)(?:${forms})(?![\\w])`,
    'gi',
  )
}
