import { HOSTILE_NAMES } from '@dbsync/testkit'
import { describe, expect, it } from 'vitest'
import { decodeName, encodeFolder, encodeName, isHashed, type Style } from './names.ts'

const styles: readonly Style[] = ['kept', 'escaped', 'apart']

describe('encodeName', () => {
  it('leaves ordinary names as they are', () => {
    for (const name of ['shop1', 'tenant_042', 'a-b.c', 'x'.repeat(64)]) expect([encodeName(name, 'kept'), encodeName(name, 'escaped')]).toEqual([name, name])
    expect(encodeName('ShopDB', 'kept')).toBe('ShopDB')
    expect([encodeName('ShopDB', 'escaped'), encodeName('shop', 'apart')]).toEqual(['%53hop%44%42', '%73hop'])
  })

  it.each(styles)('makes safe and short file names of hostile ones: %s', (style) => {
    for (const name of HOSTILE_NAMES) {
      const encoded = encodeName(name, style)
      expect(encoded, JSON.stringify(name)).toMatch(/^[A-Za-z0-9%][A-Za-z0-9%_.~-]*$/)
      expect(encoded.length).toBeLessThanOrEqual(110)
      expect(encoded).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)|^sync-state$/i)
      expect(isHashed(encoded) ? name : decodeName(encoded)).toBe(name)
    }
    const different = new Set(HOSTILE_NAMES.map((name) => encodeName(name, style)))
    expect(different.size).toBe(HOSTILE_NAMES.length)
  })

  it('makes names that differ in more than case', () => {
    for (const style of ['escaped', 'apart'] as const) {
      expect(new Set(HOSTILE_NAMES.map((name) => encodeName(name, style).toLowerCase())).size).toBe(HOSTILE_NAMES.length)
    }
  })

  it('makes folders without dots, and none of names that are too long', () => {
    expect([encodeFolder('a.json'), encodeFolder(''), encodeFolder('..')]).toEqual(['a%2Ejson', '%', '%2E%2E'])
    expect([encodeFolder('x'.repeat(111)), encodeFolder('.'.repeat(100))]).toEqual([undefined, undefined])
  })
})

describe('decodeName', () => {
  it.each(['.hidden', 'my notes', '%41%zz', '%4', '%2e', 'a%2Fb%', 'con', 'sync-state', '', '%C3', '%uD83D%uDE00', '_x', 'é'])(
    'knows that "%s" is not of its making',
    (encoded) => {
      expect(decodeName(encoded)).toBeUndefined()
    },
  )
})
