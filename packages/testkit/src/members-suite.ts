import { diffTable, packRows, storedColumns, type TableSchema, type WriteWork } from '@dbsync/core/plugin'
import { expect } from 'vitest'
import type { Registry } from './checks.ts'
import { expectFindings } from './examine-suite.ts'
import { type FixtureRow, type FixtureTable, freshName, int, plainRows, plainTable, words } from './fixture.ts'
import { linesOf, never } from './rows-of.ts'
import type { TargetBench } from './target-bench.ts'
import type { CorpusColumn } from './value-corpus.ts'

/** What a target may have besides what every one must have: each is checked where it is there. */
export function describeMembers(registry: Registry, bench: TargetBench, corpus: readonly CorpusColumn[]): void {
  describePure(registry, bench)
  if (bench.target.diff !== undefined) describeDiff(registry, bench)
  if (bench.target.kept !== undefined) describeKept(registry, bench, corpus)
  describeQuestions(registry, bench)
}

const PURE = ['ask', 'narrows', 'share', 'makesAnew', 'guard'] as const

/** The pure ones can be asked at any time, and by a dry run: nothing that they are given is changed. */
function describePure({ it }: Registry, bench: TargetBench): void {
  const { target } = bench
  const there = PURE.filter((member) => target[member] !== undefined)
  for (const member of there) {
    it(`${member} is pure`, async () => {
      const table = plainTable(freshName())
      const [source, schema, existing] = [await bench.schema(table), await bench.wanted(table), await bench.wanted(table)]
      const given: { readonly source: TableSchema; readonly work: WriteWork } = { source, work: { disposition: 'merge', schema, existing } }
      const copy = structuredClone(given)
      const ask = () => [
        member === 'ask' && target.ask?.(source),
        member === 'narrows' && target.narrows?.(source),
        member === 'share' && [target.share?.(existing, [schema]), target.share?.(undefined, [schema])],
        member === 'makesAnew' && target.makesAnew?.(given.work),
        member === 'guard' && target.guard?.(given.work),
      ]
      const first = structuredClone(ask())
      expect(ask()).toEqual(first)
      expect(given).toEqual(copy)
    })
  }
}

function describeDiff({ it }: Registry, bench: TargetBench): void {
  const { target } = bench
  const diff = (actual: TableSchema, wanted: TableSchema) => {
    const shared = target.share?.(actual, [wanted])
    return target.diff?.(actual, wanted, { drop: 'nothing', ...(shared && { shared }) }) ?? diffTable(actual, wanted)
  }
  const actually = async (table: FixtureTable) => {
    const there = await bench.existing(table)
    if (there === undefined) throw new Error(`table ${table.name} is not there`)
    return there
  }

  it('diff finds nothing to do where a table is as it was wanted', async () => {
    const table: FixtureTable = { name: freshName(), key: ['b', 'a'], columns: [int('a'), { ...words('b'), nullable: false }, words('c')] }
    await bench.replace(table, [])
    const [actual, wanted] = [await actually(table), await bench.wanted(table)]
    const copy = structuredClone([actual, wanted])
    const found = diff(actual, wanted)
    expect([found.changes, found.conflicts, found.before ?? [], found.after ?? []]).toEqual([[], [], [], []])
    expect(diff(actual, wanted)).toEqual(found)
    expect([actual, wanted]).toEqual(copy)
  })

  it('diff finds what makes a table as it is wanted, and its rows stay', async () => {
    const table = plainTable(freshName())
    await bench.replace(table, plainRows(3))
    const wider: FixtureTable = { ...table, columns: [...table.columns, words('c')] }
    const [actual, wanted] = [await actually(table), await bench.wanted(wider)]
    const found = diff(actual, wanted)
    expect(found.conflicts).toEqual([])
    expect(found.changes.length).toBeGreaterThan(0)
    expect((await target.misfits?.(actual, wanted, found, never)) ?? []).toEqual([])
    for (const change of found.changes) await target.run(target.render(change), never)
    const again = diff(await actually(wider), wanted)
    expect([again.changes, again.conflicts]).toEqual([[], []])
    expect(await bench.rows(wider)).toEqual(
      bench.lines(
        wider,
        plainRows(3).map((row) => [...row, null]),
      ),
    )
  })
}

function describeKept({ it }: Registry, bench: TargetBench, corpus: readonly CorpusColumn[]): void {
  const { target } = bench
  it('kept says how rows read back', async () => {
    const columns = corpus.map((column, i) => ({ ...column, name: `v${i}`, nullable: true }))
    const table: FixtureTable = { name: freshName(), key: ['id'], columns: [int('id'), ...columns] }
    const count = Math.max(...corpus.map(({ values }) => values.length)) + 1
    const rows = Array.from({ length: count }, (_, i): FixtureRow => [String(i), ...corpus.map(({ values }) => values[i] ?? null)])
    const source = await bench.schema(table)
    const schema = target.ask?.(source) ?? source
    const batch = packRows(storedColumns(schema), rows)
    const before = Buffer.from(batch.bytes)
    const once = target.kept?.(schema, batch) ?? batch
    expect(before.equals(batch.bytes)).toBe(true)
    await bench.replace(table, rows)
    expect(linesOf(once).sort()).toEqual(await bench.rows(table))
    expect(linesOf(target.kept?.(schema, once) ?? once)).toEqual(linesOf(once))
  })
}

/** What is asked of the server and changes nothing there. */
function describeQuestions({ it }: Registry, bench: TargetBench): void {
  const { target, database } = bench
  const filled = async () => {
    const table = plainTable(freshName())
    await bench.replace(table, plainRows(2))
    return { table, work: await bench.work(table, 'merge') }
  }

  if (target.examine !== undefined) {
    it('examine says what it finds, of databases that are not there too, and writes nothing', async () => {
      const tables = await bench.tables()
      const databases = await target.databases()
      const request = { databases: [database, `${database}_nowhere`], objects: [], backups: false, connections: 1, tables: [], signal: never }
      const found = await target.examine?.(request)
      expect(found).toBeDefined()
      expectFindings(found?.findings ?? [])
      expect(found?.clock?.uncertainMs ?? 0).toBeGreaterThanOrEqual(0)
      expect(await bench.tables()).toEqual(tables)
      expect(await target.databases()).toEqual(databases)
    })
  }

  if (target.orphans !== undefined) {
    it('orphans finds none in a table without foreign keys', async () => {
      const { work } = await filled()
      expect(await target.orphans?.(work.schema, never)).toEqual([])
    })
  }

  if (target.counter !== undefined) {
    it('counter has nothing to say of a table without one', async () => {
      const { work } = await filled()
      expect(await target.counter?.(work.schema, never)).toBeUndefined()
    })
  }

  if (target.costs !== undefined) {
    it('costs grow with what is sent, and asking for them changes nothing', async () => {
      const { table, work } = await filled()
      const costs = async (bytes: number) => await target.costs?.(work, { bytes, statements: 1 }, never)
      const [little, much] = [await costs(1_000), await costs(1_000_000)]
      for (const found of [little, much]) for (const amount of [found?.jobs, found?.bytesSent, found?.bytesRead]) expect(amount).toBeGreaterThanOrEqual(0)
      expect(much?.bytesSent).toBeGreaterThan(little?.bytesSent ?? 0)
      expect(await bench.rows(table)).toEqual(bench.lines(table, plainRows(2)))
    })
  }
}
