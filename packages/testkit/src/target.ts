import { afterAll, describe, expect } from 'vitest'
import { asList, asTests, type Check, type Registry } from './checks.ts'
import { type FixtureRow, type FixtureTable, freshName, int } from './fixture.ts'
import { describeLeftovers } from './leftovers-suite.ts'
import { describeLock } from './lock-suite.ts'
import { describeMembers } from './members-suite.ts'
import { describeMerge } from './merge-suite.ts'
import { describeReader, membersTitle } from './optional-members.ts'
import { describePurge } from './purge-suite.ts'
import type { ReaderHarness } from './reader-suite.ts'
import { describeReplace } from './replace-suite.ts'
import { describeSchemas } from './schema-suite.ts'
import { describeShared } from './shared-suite.ts'
import { shows, type TargetBench, type TargetUnderTest, targetBench } from './target-bench.ts'
import { type CorpusColumn, VALUE_CORPUS } from './value-corpus.ts'
import { describeValues } from './value-suite.ts'

export type TargetSuite = {
  /** Each call gives a database and a target of its own. */
  readonly open: () => Promise<TargetUnderTest>
  /** The values that the engine can hold; all of `VALUE_CORPUS` unless told otherwise. */
  readonly corpus?: readonly CorpusColumn[]
  /** For a plugin's second way of writing (another protocol, another setting): what it reads does not depend on it and is not tested again. */
  readonly only?: 'writing'
}

const TARGET_MEMBERS = [
  'ask',
  'narrows',
  'diff',
  'share',
  'misfits',
  'makesAnew',
  'kept',
  'counter',
  'reserved',
  'guard',
  'costs',
  'locked',
  'purge',
  'orphans',
  'examine',
] as const

/** What every target must do: the obligations of `Target`, `TableWriter` and `TableReader`, as far as its `supports` goes. */
export function describeTarget(name: string, { open, corpus = VALUE_CORPUS, only }: TargetSuite): void {
  describe(`target: ${name}${only === undefined ? '' : ' (writing only)'}`, async () => {
    const under = await open()
    afterAll(async () => await under[Symbol.asyncDispose]())
    const { deletes, keylessDeletes } = under.target.supports
    const lacking = [...(deletes ? [] : ['deletes']), ...(keylessDeletes ? [] : ['keylessDeletes'])]
    describe(`${membersTitle(under.target, TARGET_MEMBERS, lacking)}`, () => {
      define(asTests, under, corpus, only)
    })
  })
}

/** The same as a list, for a target that is open already and stays so. */
export const targetChecks = (under: TargetUnderTest, { corpus = VALUE_CORPUS, only }: Omit<TargetSuite, 'open'> = {}): readonly Check[] =>
  asList((registry) => define(registry, under, corpus, only))

function define(registry: Registry, under: TargetUnderTest, corpus: readonly CorpusColumn[], only: TargetSuite['only']): void {
  const { it } = registry
  const { target, database } = under
  const bench = targetBench(under)
  const harness: ReaderHarness = {
    database,
    ...(target.supports.sharedTables ? {} : { nowhere: `${database}_nowhere` }),
    async put(table, rows) {
      await bench.replace(table, rows)
    },
    reader: async () => target,
  }

  it('says which server it is, which databases it has and how many tables it takes at once', async () => {
    const identity = await target.identity()
    expect(identity).toEqual({ id: expect.stringMatching(/./), label: expect.stringMatching(/./) })
    expect(await (await bench.another()).identity()).toEqual(identity)
    expect(await target.databases()).toEqual(shows(target, database))
    expect(target.supports.concurrentTables).toBeGreaterThanOrEqual(1)
  })

  it('may be disposed twice', async () => {
    const other = await bench.another()
    await other[Symbol.asyncDispose]()
    expect(await other[Symbol.asyncDispose]()).toBeUndefined()
    expect(await target.databases()).toEqual(shows(target, database))
  })

  describeReplace(registry, bench)
  describeMerge(registry, bench)
  describeMergedValues(registry, bench, corpus)
  describeValues(registry, harness, corpus)
  if (only === 'writing') return
  describeSchemas(registry, bench, corpus)
  describeLeftovers(registry, bench)
  describeLock(registry, bench)
  if (target.supports.sharedTables) describeShared(registry, under)
  if (target.purge !== undefined) describePurge(registry, under)
  describeMembers(registry, bench, corpus)
  describeReader(registry, harness, target)
}

/** All types in one table: row by row each column's next value. */
function describeMergedValues({ it }: Registry, bench: TargetBench, corpus: readonly CorpusColumn[]): void {
  it('keeps every value that is merged, and finds none changed the second time', async () => {
    const columns = corpus.map((column, i) => ({ ...column, name: `v${i}`, nullable: true }))
    const table: FixtureTable = { name: freshName(), key: ['id'], columns: [int('id'), ...columns] }
    const count = Math.max(...corpus.map(({ values }) => values.length)) + 1
    const rows = Array.from({ length: count }, (_, i): FixtureRow => [String(i), ...corpus.map(({ values }) => values[i] ?? null)])
    await bench.replace(table, [])
    for (const receipt of [
      { inserted: count, unchanged: 0 },
      { inserted: 0, unchanged: count },
    ]) {
      expect(await bench.merge(table, { upserts: rows })).toEqual({ updated: 0, deleted: 0, ...receipt })
      expect(await bench.rows(table)).toEqual(bench.lines(table, rows))
    }
  })
}
