import { describe, expect, it } from 'vitest'
import type { TableWriter } from '../contract/target.ts'
import type { Batch, Chunk, Position } from '../model/batch.ts'
import { packRows, type RowBatch } from '../model/rows.ts'
import type { Column, TableSchema } from '../model/schema.ts'
import { type PumpOptions, pump } from './pump.ts'

/*
 * A change log of random transactions over one table, some split over two chunks, is pumped into a table until the end is
 * reached. Each run crashes after a random number of operations: at any write, commit or save. After every trial the table
 * must be what the log says.
 */

const id: Column = { name: 'id', type: { kind: 'int', bits: 32 }, nullable: false }
const v: Column = { name: 'v', type: { kind: 'int', bits: 32 }, nullable: false }
const schema: TableSchema = {
  table: { database: 'd', name: 't' },
  columns: [id, v],
  key: ['id'],
  uniqueKeys: [],
  foreignKeys: [],
  referencedBy: [],
  triggers: [],
  transactional: true,
}
type Change = { readonly id: number; readonly v: number | null }
class Crash extends Error {}
const TRIALS = 15 * Number(process.env['TRIALS'] ?? 20)

describe('pump', () => {
  it('loses nothing, whichever write, commit or save it crashes at', async () => {
    expect(await trials(TRIALS, (options) => pump(options))).toBe(0)
  })

  it('is seen to lose rows when the position is saved before the commit', async () => {
    const reversed = (options: PumpOptions) => pump({ ...options, chunks: savingFirst(options), save: async () => {} })
    expect(await trials(TRIALS, reversed)).toBeGreaterThan(0)
  })

  it('stops where the definition changes, with what came before it neither committed nor saved', async () => {
    const seen: string[] = []
    const writer = { write: async () => void seen.push('write'), commit: async () => void seen.push('commit') } as unknown as TableWriter
    async function* chunks(): AsyncIterable<Chunk> {
      yield { type: 'rows', batches: [batch([{ id: 1, v: 1 }])], position: 1 }
      yield { type: 'schema', schema } as Chunk
    }
    const save = async () => void seen.push('save')
    await expect(pump({ chunks: chunks(), writerOf: async () => writer, due: () => false, save })).rejects.toMatchObject({ code: 'SCHEMA_CHANGED' })
    expect(seen).toEqual(['write'])
  })

  it('saves no position for a chunk that ends inside a transaction', async () => {
    const saved: Position[] = []
    async function* chunks(): AsyncIterable<Chunk> {
      yield { type: 'rows', batches: [batch([{ id: 1, v: 1 }])], position: 1 }
      yield { type: 'rows', batches: [batch([{ id: 2, v: 2 }])] }
      throw new Crash()
    }
    const writer: TableWriter = { write: async () => {}, commit: async () => receipt, [Symbol.asyncDispose]: async () => {} }
    const run = pump({ chunks: chunks(), writerOf: async () => writer, due: () => true, save: async (position) => void saved.push(position) })
    await expect(run).rejects.toThrow(Crash)
    expect(saved).toEqual([1])
  })
})

const receipt = { inserted: 0, updated: 0, deleted: 0, unchanged: 0 }

/** Runs `count` seeded trials and returns in how many of them the table ended up different from the log. */
async function trials(count: number, loop: (options: PumpOptions) => Promise<void>): Promise<number> {
  const random = generator(20_260_101)
  const log = changeLog(random)
  const truth = replay(log)
  let diverged = 0
  for (let trial = 0; trial < count; trial++) {
    const table = new Map<number, number>()
    let saved = 0
    let finished = false
    while (!finished) {
      let fuse = 1 + random(200)
      const tick = () => {
        if (--fuse === 0) throw new Crash()
      }
      const writer = leakyWriter(table, tick, random)
      const options: PumpOptions = {
        chunks: follow(log, saved),
        writerOf: async () => writer,
        due: () => random(5) === 0,
        save: async (position) => {
          tick()
          saved = position as number
          tick()
        },
      }
      finished = await loop(options).then(
        () => true,
        (error: unknown) => {
          if (error instanceof Crash) return false
          throw error
        },
      )
    }
    if (!equal(table, truth)) diverged++
  }
  return diverged
}

/** A writer that may show uncommitted rows early: the worst that a target may do. */
function leakyWriter(table: Map<number, number>, tick: () => void, random: (n: number) => number): TableWriter {
  let staged: Batch[] = []
  const apply = () => {
    for (const { deletes, upserts } of staged) {
      for (const [key] of deletes?.rows() ?? []) table.delete(key as number)
      for (const [key, value] of upserts?.rows() ?? []) table.set(key as number, value as number)
    }
    staged = []
  }
  return {
    async write(one) {
      tick()
      staged.push(one)
      if (random(3) === 0) apply()
    },
    async commit() {
      tick()
      apply()
      tick()
      return receipt
    },
    async [Symbol.asyncDispose]() {},
  }
}

async function* savingFirst({ chunks, save }: PumpOptions): AsyncIterable<Chunk> {
  for await (const chunk of chunks) {
    if (chunk.type === 'rows' && chunk.position !== undefined) await save(chunk.position)
    yield chunk
  }
}

async function* follow(log: readonly (readonly Change[])[], from: number): AsyncIterable<Chunk> {
  for (let i = from; i < log.length; i++) {
    const changes = log[i] as readonly Change[]
    const split = changes.length > 3 ? 3 : 0
    if (split > 0) yield { type: 'rows', batches: [batch(changes.slice(0, split))] }
    yield { type: 'rows', batches: [batch(changes.slice(split))], position: i + 1 }
  }
}

function batch(changes: readonly Change[]): Batch {
  const last = new Map(changes.map((change) => [change.id, change.v]))
  const rows = (keep: (value: number | null) => boolean, columns: readonly Column[]): RowBatch =>
    packRows(
      columns,
      [...last].filter(([, value]) => keep(value)).map((row) => row.slice(0, columns.length).map(String)),
    )
  return { table: schema.table, upserts: rows((value) => value !== null, schema.columns), deletes: rows((value) => value === null, [id]) }
}

function changeLog(random: (n: number) => number): Change[][] {
  return Array.from({ length: 400 }, () => Array.from({ length: 1 + random(6) }, () => ({ id: random(40), v: random(4) === 0 ? null : random(1000) })))
}

function replay(log: readonly (readonly Change[])[]): Map<number, number> {
  const table = new Map<number, number>()
  for (const change of log.flat()) {
    if (change.v === null) table.delete(change.id)
    else table.set(change.id, change.v)
  }
  return table
}

const equal = (a: Map<number, number>, b: Map<number, number>) => a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)

/** A small seeded generator (Lehmer): the same trials every time. */
function generator(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (state * 48_271) % 2_147_483_647
    return state % n
  }
}
