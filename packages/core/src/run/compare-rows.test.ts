import { describe, expect, it } from 'vitest'
import { FINGERPRINT_COLUMNS } from '../contract/reader.ts'
import { packRows, type RowBatch } from '../model/rows.ts'
import type { Column } from '../model/schema.ts'
import { compareRows } from './compare-rows.ts'
import { keyText } from './fingerprints.ts'

const SEED = Number(process.env['SEED'] ?? 4711)
const KEY: readonly Column[] = ['a', 'b'].map((name) => ({ name, type: { kind: 'text' }, nullable: false }))
type Row = readonly [key: string, hash: string | null]

const batch = (rows: readonly Row[]): RowBatch =>
  packRows(
    [...KEY, ...FINGERPRINT_COLUMNS],
    rows.map(([key, hash]) => [key, 'k'.repeat(key.length * 90), hash, '1']),
  )
/** Spoils a batch once the next one is asked for. */
async function* inBatches(rows: readonly Row[], size: number): AsyncGenerator<RowBatch> {
  for (let start = 0; start < rows.length; start += size) {
    const next = batch(rows.slice(start, start + size))
    yield next
    next.bytes.fill(0x58)
  }
}
const packedKey = (key: string) => keyText(packRows(KEY, [[key, 'k'.repeat(key.length * 90)]]).bytes)

describe(`rows of two ends by fingerprint (seed ${SEED})`, () => {
  it('are told apart in whatever order and batches they come', async () => {
    const random = generator(SEED)
    for (let trial = 0; trial < 300; trial++) {
      const hash = () => (random(20) === 0 ? null : `${random(4)}`)
      const source = Array.from({ length: random(60) }, (_, i): Row => [`${i}`, hash()])
      const target = source.flatMap((row): Row[] => (random(8) === 0 ? [] : [random(4) === 0 ? [row[0], hash()] : row]))
      for (let extra = random(4); extra > 0; extra--) target.splice(random(target.length + 1), 0, [`x${extra}`, hash()])
      if (trial % 3 === 1) target.sort((a, b) => (a[0] < b[0] ? -1 : 1))
      if (trial % 3 === 2) target.sort(() => random(3) - 1)

      const apart = await compareRows(inBatches(source, 1 + random(9)), inBatches(target, 1 + random(9)), KEY.length)
      const found = Object.fromEntries(Object.entries(apart).map(([kind, keys]) => [kind, keys.map(keyText).sort()]))
      expect(found, `trial ${trial}`).toEqual(expected(new Map(source), new Map(target)))
    }
  })

  it('have no hash at either end: nobody knows', async () => {
    const apart = await compareRows(inBatches([['1', null]], 1), inBatches([['1', null]], 1), KEY.length)
    expect(apart.unsure.map(keyText)).toEqual([packedKey('1')])
  })

  it('are left alone at one end when the other one fails', async () => {
    const left = { theirs: false }
    async function* theirs() {
      try {
        yield batch([['1', '1']])
        yield batch([['2', '1']])
      } finally {
        left.theirs = true
      }
    }
    async function* ours() {
      yield batch([['1', '1']])
      throw new Error('gone')
    }
    await expect(compareRows(theirs(), ours(), KEY.length)).rejects.toThrow('gone')
    await expect.poll(() => left.theirs).toBe(true)
  })
})

/** Without a thought of speed. */
function expected(source: ReadonlyMap<string, string | null>, target: ReadonlyMap<string, string | null>) {
  const both = [...source.keys()].filter((key) => target.has(key))
  const isUnsure = (key: string) => source.get(key) === null || target.get(key) === null
  const packed = (keys: readonly string[]) => keys.map(packedKey).sort()
  return {
    missing: packed([...source.keys()].filter((key) => !target.has(key))),
    changed: packed(both.filter((key) => !isUnsure(key) && source.get(key) !== target.get(key))),
    unsure: packed(both.filter(isUnsure)),
    extra: packed([...target.keys()].filter((key) => !source.has(key))),
  }
}

function generator(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (state * 48_271) % 2_147_483_647
    return state % n
  }
}
