import { expect, test } from 'vitest'
import { MASK, redactor } from './redact.ts'

const smallCodes = (text: string) => text.replace(/%../g, (code) => code.toLowerCase())
const strictly = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
const asForm = (text: string) => new URLSearchParams({ '': text }).toString().slice(1)

test.each([`it's (so)! hot*`, 'ZÜRICH: a/b?c#d', '50% + 7 ~ x', '\ud800 half a pair'])('nothing of %j is left, however a URL writes it', (secret) => {
  const redact = redactor([secret])
  const wellFormed = secret.toWellFormed()
  const plus = [encodeURIComponent(wellFormed), strictly(wellFormed)].map((text) => text.replaceAll('%20', '+'))
  for (const text of [encodeURIComponent(wellFormed), strictly(wellFormed), encodeURI(wellFormed), ...plus, asForm(secret)]) {
    expect(redact(`?p=${text}&q=1`)).toBe(`?p=${MASK}&q=1`)
    expect(redact(`?p=${smallCodes(text)}&q=1`)).toBe(`?p=${MASK}&q=1`)
  }
})

test.each(["it's/x", 'ZÜRICH: a~b', 'half [and] {half}|^'])('nothing of %j is left in the parts of a URL, whatever the case of its codes', (secret) => {
  const redact = redactor([secret])
  const url = new URL('postgres://h/')
  url.password = secret
  url.search = `p=${secret}`
  url.hash = secret
  expect([url.password, url.search, url.hash].map(redact)).toEqual([MASK, `?p=${MASK}`, `#${MASK}`])
  const mixed = url.password.replace(/%(.)(.)/g, (_, first, second) => `%${first.toUpperCase()}${second.toLowerCase()}`)
  expect(redact(mixed)).toBe(MASK)
})

test('base64 is masked with its padding left or none, in both alphabets', () => {
  for (const secret of ['hunter2', 'hunter22', 'hunter222', 'ÿþ>?~ÿÿ', '\ud800hunter']) {
    const redact = redactor([secret])
    const [text, forUrls] = (['base64', 'base64url'] as const).map((form) => Buffer.from(secret).toString(form))
    const [, bare = '', padding] = /^([^=]+)(=*)$/.exec(text ?? '') ?? []
    expect(redact(`Basic ${text}`)).toBe(`Basic ${MASK}${padding}`)
    expect(redact(`Basic ${bare}.`)).toBe(`Basic ${MASK}.`)
    expect(redact(`Basic ${forUrls}.`)).toBe(`Basic ${MASK}.`)
  }
})

test('base64 of a secret shorter than six characters may be part of any word, and stays', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  expect(redactor(['abcde'])(`abcde ${base64('abcde')}`)).toBe(`${MASK} ${base64('abcde')}`)
  expect(redactor(['abcdef'])(`abcdef ${base64('abcdef')}`)).toBe(`${MASK} ${MASK}`)
})

test('a part of a secret is no secret', () => {
  expect(redactor(['\ud800x1y'])('x1y')).toBe('x1y')
  expect(redactor(['correct horse'])('correct, horse, correct+, %20horse')).toBe('correct, horse, correct+, %20horse')
})

test('a secret of three characters is masked wherever it stands, one of two is not', () => {
  expect(redactor(['abc'])('xabcx')).toBe(`x${MASK}x`)
  expect(redactor(['ab'])('xabx ab')).toBe('xabx ab')
})
