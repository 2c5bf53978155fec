import { describe, expect, it } from 'vitest'
import { MASK, redactDeep, redactor } from './redact.ts'

const HOSTILE = `p@ss:w/rd?#%"'\\`

describe('redactor', () => {
  const redact = (text: string) => redactor([HOSTILE, 'hunter2', 'mit Leerzeichen!', 'zürich\n1'])(text)

  it.each([
    ['raw', HOSTILE],
    ['URL-encoded', encodeURIComponent(HOSTILE)],
    ['URL-encoded in small letters', encodeURIComponent(HOSTILE).toLowerCase()],
    ['URL-encoded strictly', encodeURIComponent(HOSTILE).replaceAll("'", '%27')],
    ['in base64', Buffer.from(HOSTILE).toString('base64')],
    ['in base64 for URLs', Buffer.from(HOSTILE).toString('base64url')],
    ['JSON-escaped', JSON.stringify(HOSTILE)],
    ['JSON-escaped twice', JSON.stringify(JSON.stringify(HOSTILE))],
    ['in a URL', `mysql://root:${HOSTILE}@db.example:3306/shop`],
    ['in a URL, encoded', `mysql://root:${encodeURIComponent(HOSTILE)}@db.example/shop`],
  ])('masks a hostile secret: %s', (_, text) => {
    const masked = redact(`before ${text} after`)
    expect(masked).toContain(MASK)
    expect(masked).toMatch(/^before .* after$/)
    expect(masked).not.toContain(Buffer.from(HOSTILE).toString('base64').slice(0, 12))
    for (const part of ['ss:w', 'w/rd', 'ss%3', 'rd?', 'rd%3', '#%', '%25']) expect(masked).not.toContain(part)
  })

  it('masks every occurrence, and spaces, letters and line ends in all encodings', () => {
    expect(redact('hunter2, hunter2hunter2')).toBe(`${MASK}, ${MASK}${MASK}`)
    expect(redact('p=mit+Leerzeichen%21 q=mit%20Leerzeichen!')).toBe(`p=${MASK} q=${MASK}`)
    expect(redact('z%C3%BCrich%0A1 z%c3%bcrich%0a1 "zürich\\n1"')).toBe(`${MASK} ${MASK} "${MASK}"`)
  })

  it('leaves no rest where secrets contain or overlap one another', () => {
    expect(redactor(['abc', 'abcdef'])('xabcdefx abcx')).toBe(`x${MASK}x ${MASK}x`)
    expect(redactor(['abcd', 'cdef'])('abcdef')).toBe(MASK)
    expect(redactor(['aaa'])('aaaa')).toBe(MASK)
    expect(redactor(['abc', '***'])('abc *** abc')).toBe(`${MASK} ${MASK} ${MASK}`)
  })

  it('masks short secrets only where a password stands', () => {
    const short = redactor(['a', '$1'])
    expect(short('a cat at password=a, db_pass: "a" and pwd=abc')).toBe(`a cat at password=${MASK}, db_pass: "${MASK}" and pwd=abc`)
    expect(short('mysql://a:a@a/a')).toBe(`mysql://a:${MASK}@a/a`)
    expect(short('costs $1, PASSWORD=$1')).toBe(`costs $1, PASSWORD=${MASK}`)
    expect(short('(using password: YES)')).toBe('(using password: YES)')
  })

  it('masks the password of any URL, and nothing of one without', () => {
    const none = redactor([])
    expect(none('mysql://root:unknown@db:3306/x')).toBe(`mysql://root:${MASK}@db:3306/x`)
    expect(none('{"a":"mysql://u:p@h","b":"x@y"}')).toBe(`{"a":"mysql://u:${MASK}@h","b":"x@y"}`)
    expect(none('http://host:3306/path@x and a@b')).toBe('http://host:3306/path@x and a@b')
  })

  it('changes nothing else, and is not harmed by empty secrets', () => {
    expect(redactor([''])('some text, password="", token: ')).toBe('some text, password="", token: ')
    expect(redactor(['\ud800x1'])('a\ud800x1b')).toBe(`a${MASK}b`)
  })
})

describe('redactDeep', () => {
  it('masks what secret keys hold, whatever it is, and secrets in any text', () => {
    const value = {
      db_host: 'db',
      db_pass: 'x',
      Password: 1234,
      nested: [{ apiToken: { value: 'y' }, note: 'hunter2 was here' }],
      secret: null,
      token: '',
      has_password: true,
      hunter2: 1,
    }
    expect(redactDeep(value, redactor(['hunter2']))).toEqual({
      db_host: 'db',
      db_pass: MASK,
      Password: MASK,
      nested: [{ apiToken: MASK, note: `${MASK} was here` }],
      secret: null,
      token: '',
      has_password: true,
      [MASK]: 1,
    })
    expect(value.db_pass).toBe('x')
  })

  it('keeps what is no secret as it is, NULL and what is left out included', () => {
    const value = [null, 1.5, false, 'hunter2', { password: undefined, left_out: undefined, rows: 0 }]
    expect(redactDeep(null)).toBeNull()
    expect(redactDeep(value, redactor(['hunter2']))).toStrictEqual([null, 1.5, false, MASK, { password: undefined, left_out: undefined, rows: 0 }])
  })

  it('masks passwords of URLs where no secret is known', () => {
    expect(redactDeep({ dsn: ['mysql://u:p@h/shop'] })).toEqual({ dsn: [`mysql://u:${MASK}@h/shop`] })
  })

  it('keeps keys that are hostile to objects', () => {
    const text = '{"__proto__":{"password":"x","constructor":1}}'
    expect(JSON.stringify(redactDeep(JSON.parse(text)))).toBe(`{"__proto__":{"password":"${MASK}","constructor":1}}`)
  })
})
