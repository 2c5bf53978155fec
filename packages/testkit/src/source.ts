import { canDigest, OBJECT_KINDS, type Snapshot, type Source } from '@dbsync/core/plugin'
import { afterAll, describe, expect } from 'vitest'
import { asList, asTests, type Check, onCheckFinished, type Registry } from './checks.ts'
import { expectFindings } from './examine-suite.ts'
import { type FixtureRow, type FixtureTable, freshName, plainRows, plainTable } from './fixture.ts'
import { describeReader, membersTitle } from './optional-members.ts'
import { type ReaderHarness, schemaOf } from './reader-suite.ts'
import { cancelled, expected, expectKind, never, rowsOf, whole } from './rows-of.ts'
import { type CorpusColumn, VALUE_CORPUS } from './value-corpus.ts'
import { describeValues } from './value-suite.ts'

/** A source, and the means to change what it shows. */
export interface SourceUnderTest extends AsyncDisposable {
  readonly source: Source
  /** A database that is there, empty, and for this suite alone. */
  readonly database: string
  readonly create: (table: FixtureTable) => Promise<void>
  /** Adds rows, committed before it resolves. Must not need the table to itself: snapshots may be open. */
  readonly insert: (table: FixtureTable, rows: readonly FixtureRow[]) => Promise<void>
}

export type SourceSuite = {
  /** Each call gives a database and a source of its own. */
  readonly open: () => Promise<SourceUnderTest>
  /** The values that the engine can hold; all of `VALUE_CORPUS` unless told otherwise. */
  readonly corpus?: readonly CorpusColumn[]
}

const SOURCE_MEMBERS = ['definitions', 'examine'] as const

/** What every source must do: the obligations of `Source`, `Snapshot` and `TableReader`. */
export function describeSource(name: string, { open, corpus = VALUE_CORPUS }: SourceSuite): void {
  describe(`source: ${name}`, async () => {
    const under = await open()
    afterAll(async () => await under[Symbol.asyncDispose]())
    const probe = await probeOf(under)
    describeSourceItself(asTests, under, open)
    const lacking = SOURCE_MEMBERS.filter((member) => under.source[member] === undefined)
    describe(`${membersTitle(probe, [], lacking)}`, () => {
      describeItsSnapshots(asTests, under, probe, corpus)
    })
  })
}

/** The same as a list, for a source that is open already and stays so. */
export async function sourceChecks(under: SourceUnderTest, { open, corpus = VALUE_CORPUS }: SourceSuite): Promise<readonly Check[]> {
  const probe = await probeOf(under)
  return asList((registry) => {
    describeSourceItself(registry, under, open)
    describeItsSnapshots(registry, under, probe, corpus)
  })
}

/** A snapshot that was closed again: it tells which optional members they have. */
async function probeOf({ source }: SourceUnderTest): Promise<Snapshot> {
  const probe = await source.open({ readers: 1, signal: never })
  await probe[Symbol.asyncDispose]()
  return probe
}

async function snapshotOf({ source }: SourceUnderTest, readers = 2): Promise<Snapshot> {
  const opened = await source.open({ readers, signal: never })
  onCheckFinished(async () => await opened[Symbol.asyncDispose]())
  return opened
}

const harnessOf = (under: SourceUnderTest): ReaderHarness => ({
  database: under.database,
  nowhere: `${under.database}_nowhere`,
  async put(table, rows) {
    await under.create(table)
    if (rows.length > 0) await under.insert(table, rows)
  },
  reader: () => snapshotOf(under),
})

function describeItsSnapshots(registry: Registry, under: SourceUnderTest, probe: Snapshot, corpus: readonly CorpusColumn[]): void {
  describeReader(registry, harnessOf(under), probe)
  describeValues(registry, harnessOf(under), corpus)
}

function describeSourceItself({ it }: Registry, under: SourceUnderTest, open: SourceSuite['open']): void {
  const { source, database } = under
  const snapshot = (readers?: number) => snapshotOf(under, readers)
  const harness = harnessOf(under)

  it('says which server it is, and which databases it has', async () => {
    const identity = await source.identity()
    expect(identity).toEqual({ id: expect.stringMatching(/./), label: expect.stringMatching(/./) })
    expect(await source.identity()).toEqual(identity)
    expect(await source.databases()).toContain(database)
  })

  it('says what else a database holds, and how much of it can be seen', async () => {
    const { views, triggers, routines, events, sequences } = await source.objects(database)
    expect([views, sequences]).toEqual([[], []])
    for (const names of [triggers, routines, events]) expect(names ?? []).toEqual([])
    const visibility = await source.visibility(database)
    expect(['complete', 'partial']).toContain(visibility.scope)
    expect('user' in visibility ? visibility.user : 'all is seen').toMatch(/./)
  })

  if (source.definitions !== undefined) {
    it('gives the texts of what else a database holds, and says of which kinds it sees all', async () => {
      const found = await source.definitions?.(database, OBJECT_KINDS)
      expect([found?.objects, found?.unreadable]).toEqual([[], []])
      for (const kind of found?.complete ?? []) expect(OBJECT_KINDS).toContain(kind)
      expect(JSON.parse(JSON.stringify(found))).toEqual(found)
    })
  }

  if (source.examine !== undefined) {
    it('says what it finds where it is examined, of databases that are not there too', async () => {
      const table = plainTable(freshName())
      await harness.put(table, plainRows(1))
      const schema = await schemaOf(await snapshot(), database, table.name)
      const request = { databases: [database, `${database}_nowhere`], objects: OBJECT_KINDS, backups: false, connections: 1, signal: never }
      const found = await source.examine?.({ ...request, tables: [{ schema, timed: [] }] })
      expect(found).toBeDefined()
      expectFindings(found?.findings ?? [])
      expect(found?.clock?.uncertainMs ?? 0).toBeGreaterThanOrEqual(0)
    })
  }

  it('opens one moment: what is written afterwards is not in it', async () => {
    const [table, other] = [plainTable(freshName()), plainTable(freshName(), [])]
    const rows = plainRows(5)
    for (const each of [table, other]) await harness.put(each, rows)
    const before = await snapshot()
    const schemas = [await schemaOf(before, database, table.name), await schemaOf(before, database, other.name)]
    for (const each of [table, other]) await under.insert(each, plainRows(3, 500))
    const after = await snapshot()
    for (const schema of schemas) {
      expect(await rowsOf(before, { schema })).toEqual(expected(schema.columns, rows))
      expect([await before.count(schema, never), await after.count(schema, never)]).toEqual([5, 8])
      const [digest] = canDigest(before) ? await before.digest(schema, [whole(schema)], never) : [{ rows: 5 }]
      expect(digest?.rows).toBe(5)
    }
  })

  it('says how far its moment holds and how many tables can be read at once', async () => {
    const opened = await snapshot(2)
    expect(['all', 'table']).toContain(opened.consistency.scope)
    expect(opened.consistency.detail).toMatch(/./)
    expect([1, 2]).toContain(opened.readers)
    expect((await snapshot(1)).readers).toBe(1)
  })

  it('reads its clock before the moment, in UTC and in the zone of the server', async () => {
    const first = (await snapshot()).clock
    const now = new Date().toISOString().replace('T', ' ').replace('Z', '999')
    const second = (await snapshot()).clock
    for (const text of [first.utc, first.local]) expect(text).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/)
    expect(first.utc <= now, `${first.utc} is after ${now}`).toBe(true)
    expect(first.utc <= second.utc).toBe(true)
    const hours = (Date.parse(`${first.local}Z`) - Date.parse(`${first.utc}Z`)) / 3_600_000
    expect(Math.abs(hours)).toBeLessThanOrEqual(14)
    expect(Number.isInteger(Math.round(hours * 3_600) / 900), `${hours} hours between UTC and the server's zone`).toBe(true)
  })

  it('opens nothing when it is aborted', async () => {
    await expectKind(() => source.open({ readers: 1, signal: cancelled() }), 'cancelled')
  })

  it('may be disposed twice, and its snapshots too', async () => {
    await using fresh = await open()
    const opened = await fresh.source.open({ readers: 2, signal: never })
    for (const each of [opened, fresh.source]) {
      await each[Symbol.asyncDispose]()
      expect(await each[Symbol.asyncDispose]()).toBeUndefined()
    }
  })
}
