import { expect, it } from 'vitest'
import { ownerOf } from './owner.ts'

const sure = (...names: string[]) => ({ names: new Set(names), plausible: () => false })

it('finds where the database ends, whoever has underscores', () => {
  const known = sure('a', 'a_b', 'shop.eu', 'büro_1')
  expect(ownerOf('a_b_c', 'c', known)).toEqual({ kind: 'one', database: 'a_b', table: 'c' })
  expect(ownerOf('a_b_c', 'b_c', known)).toEqual({ kind: 'one', database: 'a', table: 'b_c' })
  expect(ownerOf('shop.eu_x.y', 'x.y', known)).toEqual({ kind: 'one', database: 'shop.eu', table: 'x.y' })
  expect(ownerOf('büro_1_größe', 'größe', known)).toEqual({ kind: 'one', database: 'büro_1', table: 'größe' })
  expect(ownerOf('a___proto__', '__proto__', known)).toEqual({ kind: 'one', database: 'a', table: '__proto__' })
})

it('names what it does not know, and takes no part of a name for a table', () => {
  expect(ownerOf('a_b_c', 'c', sure('a'))).toEqual({ kind: 'none', database: 'a_b' })
  expect(ownerOf('a_b_c', 'd', sure('a'))).toEqual({ kind: 'none', database: undefined })
  expect(ownerOf('_c', 'c', sure('a', ''))).toEqual({ kind: 'none', database: undefined })
  expect(ownerOf('a_', '', sure('a'))).toEqual({ kind: 'none', database: undefined })
  expect(ownerOf('a_b_c', 'c', { names: new Set(), plausible: (name) => name === 'a_b' })).toMatchObject({ kind: 'one', database: 'a_b' })
})

it('a file that repeats its whole name belongs to the one database it may begin with', () => {
  expect(ownerOf('a_b_c', 'a_b_c', sure('a', 'b'))).toEqual({ kind: 'one', database: 'a', table: 'b_c' })
  expect(ownerOf('a_b_c', 'a_b_c', sure('a', 'a_b'))).toEqual({ kind: 'several', databases: ['a', 'a_b'] })
})

it('accents may be taken apart by the file system, but no two databases become one', () => {
  const [composed, apart] = ['caf\u00e9', 'cafe\u0301']
  expect(ownerOf(`${apart}_t`, 't', sure(composed))).toEqual({ kind: 'one', database: composed, table: 't' })
  expect(ownerOf(`${apart}_t`, 't', sure(composed, apart))).toEqual({ kind: 'one', database: apart, table: 't' })
  expect(ownerOf(`${apart}_t_\u00e9`, 't_e\u0301', sure(composed))).toEqual({ kind: 'one', database: composed, table: 't_e\u0301' })
})

const SEED = Number(process.env['DBSYNC_SEED'] ?? 20260401)

it(`random tenants and tables: the right one or none, never a wrong one (seed ${SEED})`, () => {
  const random = generator(SEED)
  const pick = <T>(all: readonly T[]) => all[Math.floor(random() * all.length)] as T
  const name = () =>
    Array.from({ length: 1 + Math.floor(random() * 5) }, () => pick(['_', '_', '.', 'a', 'b', 'é', 'e\u0301', '表', '😀', '-', ' ', '__proto__'])).join('')
  let found = 0
  for (let round = 0; round < 3000; round++) {
    const tenants = Array.from({ length: 1 + Math.floor(random() * 6) }, name)
    const [tenant, table] = [pick(tenants), name()]
    const known = sure(...tenants)
    const whole = `${tenant}_${table}`
    const right = JSON.stringify([tenant, table])
    const owner = ownerOf(whole, table, known)
    expect(owner, right).toEqual({ kind: 'one', database: tenant, table })
    // Without the tenant among them, a name in another spelling may be meant, and nothing else.
    const others = ownerOf(whole, table, sure(...tenants.filter((each) => each !== tenant)))
    const meant = others.kind === 'one' ? `${others.database}_${others.table}` : whole
    expect(meant.normalize('NFC'), right).toBe(whole.normalize('NFC'))
    // Repeated as a whole: right where it is the only one.
    const repeated = ownerOf(whole, whole, known)
    if (repeated.kind === 'one') found++
    const possible = repeated.kind === 'several' ? repeated.databases : repeated.kind === 'one' && repeated.table === table ? [repeated.database] : []
    expect(possible, right).toContain(tenant)
  }
  expect(found).toBeGreaterThan(500)
})

function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
