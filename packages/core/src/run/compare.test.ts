import { describe, expect, it } from 'vitest'
import type { DigestReader } from '../contract/reader.ts'
import { type MemoryDatabase, memoryDatabase, memorySource, memoryTarget, putTable, type Row } from '../memory/index.ts'
import type { Column, TableSchema } from '../model/schema.ts'
import { type Comparison, findings, isHopeless, survey } from './compare.ts'
import { batchesOf } from './differences.ts'

const SEED = Number(process.env['SEED'] ?? 4711)
const TRIALS = Number(process.env['TRIALS'] ?? 20)
const id: Column = { name: 'id', type: { kind: 'int', bits: 32 }, nullable: false }
const text: Column = { name: 'v', type: { kind: 'text' }, nullable: true }
const schemaOf = (key: readonly string[]): TableSchema => ({
  table: { database: 'd', name: 't' },
  columns: [id, text],
  key,
  uniqueKeys: [],
  foreignKeys: [],
  referencedBy: [],
  triggers: [],
  transactional: true,
})

describe(`comparing two ends (seed ${SEED})`, () => {
  it('finds exactly what differs, whatever the edits, with a key', async () => {
    const random = generator(SEED)
    for (let trial = 0; trial < TRIALS; trial++) {
      const size = trial === 0 ? 18_000 : ([0, 1, 300, 1_500][trial % 4] as number)
      const rows = Array.from({ length: size }, (_, i): Row => [String(i * 3), `v${random(50)}`])
      const edits = random(30)
      const { moved, equal } = await settle(schemaOf(['id']), rows, edited(rows, edits, random, true))
      expect(equal, `trial ${trial}`).toBe(true)
      expect(moved, `trial ${trial}`).toBeLessThanOrEqual(edits)
    }
  })

  it('keeps the number of equal rows right, without a key', async () => {
    const random = generator(SEED)
    for (let trial = 0; trial < 2 * TRIALS; trial++) {
      const rows = Array.from({ length: [0, 1, 50, 400][trial % 4] as number }, (): Row => [String(random(20)), random(5) === 0 ? null : `v${random(3)}`])
      const { equal } = await settle(schemaOf([]), rows, edited(rows, random(30), random, false))
      expect(equal, `trial ${trial}`).toBe(true)
    }
  })

  it.each(['source', 'target'] as const)('does not call a range equal of which the %s could not hash every row', async (end) => {
    const { signal } = new AbortController()
    const schema = schemaOf(['id'])
    const [from, to] = [memoryDatabase(), memoryDatabase()]
    for (const db of [from, to]) putTable(db, schema, [['1', 'a']])
    const ends = {
      source: (await memorySource(from).open({ readers: 1, signal })) as unknown as DigestReader,
      target: memoryTarget(to) as unknown as DigestReader,
    }
    const limits = { schema, wanted: schema, batchRows: 100, batchBytes: 1 << 20, signal }
    expect((await survey({ ...ends, ...limits })).unequal).toEqual([])
    const digest: DigestReader['digest'] = async (...asked) => (await ends[end].digest(...asked)).map((one) => ({ ...one, exact: false }))
    expect((await survey({ ...ends, [end]: { ...ends[end], digest }, ...limits })).unequal).toHaveLength(1)
  })

  it('gives up on a table without a key that differs nearly everywhere', async () => {
    const make = (prefix: string) => Array.from({ length: 70_000 }, (_, i): Row => [String(i), `${prefix}${i}`])
    await expect(settle(schemaOf([]), make('a'), make('b'))).rejects.toThrow(TooDifferent)
  })
})

class TooDifferent extends Error {}

async function* differences(comparison: Comparison) {
  const seen = await survey(comparison)
  if (isHopeless(seen, comparison.schema)) throw new TooDifferent()
  for await (const finding of findings(comparison, seen)) yield* batchesOf(comparison, finding)
}

/** Applies the differences to the target; `moved` counts upserts and deletes. */
async function settle(schema: TableSchema, target: readonly Row[], source: readonly Row[]): Promise<{ moved: number; equal: boolean }> {
  const [from, to] = [memoryDatabase(), memoryDatabase()]
  putTable(from, schema, source)
  putTable(to, schema, target)
  const { signal } = new AbortController()
  const snapshot = (await memorySource(from).open({ readers: 1, signal })) as unknown as DigestReader
  const reader = memoryTarget(to)
  const ends = { source: snapshot, target: reader as unknown as DigestReader }
  let moved = 0
  await using writer = await reader.open({ disposition: 'merge', schema, existing: schema }, signal)
  for await (const batch of differences({ ...ends, schema, wanted: schema, batchRows: 100, batchBytes: 1 << 20, signal })) {
    moved += (batch.upserts?.rowCount ?? 0) + (batch.deletes?.rowCount ?? 0)
    await writer.write(batch)
  }
  await writer.commit()
  return { moved, equal: content(from) === content(to) }
}

const content = (db: MemoryDatabase) => JSON.stringify([...(db.databases.get('d')?.get('t')?.rows ?? [])].map((row) => row.map(String).join('|')).sort())

function edited(rows: readonly Row[], count: number, random: (n: number) => number, keyed: boolean): readonly Row[] {
  const result = rows.map((row) => [...row])
  for (let i = 0; i < count; i++) {
    const at = random(result.length + 1)
    const kind = random(3)
    if (kind === 0 && at < result.length) result.splice(at, 1)
    else if (kind === 1 && at < result.length) (result[at] as (string | null)[])[1] = `changed ${random(9)}`
    else result.push([keyed ? String(1_000_000 + i * 7) : String(random(20)), `v${random(3)}`])
  }
  return result as readonly Row[]
}

function generator(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (state * 48_271) % 2_147_483_647
    return state % n
  }
}
