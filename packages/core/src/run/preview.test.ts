import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import type { Backups } from '../contract/backups.ts'
import type { ObjectDefinition } from '../contract/objects.ts'
import type { Target } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { memoryDatabase, memorySource, memoryStore, memoryTarget, putTable } from '../memory/index.ts'
import type { AlterPart, SchemaDiff } from '../model/schema-diff.ts'
import { executeRun } from './execute.ts'
import { objectOf, sourceWith, tableWith, targetWith } from './objects.harness.ts'
import { planRun } from './prepare.ts'
import { previewRun } from './preview.ts'
import { int, text } from './testing.ts'

const a = tableWith('a', [int('id'), text('v')])
const b = tableWith('b', [int('id')])
const rowsTo = (last: number) => Array.from({ length: last }, (_, i) => [String(i + 1), 'v'])

/** A source with two tables, and a target that can be given what real ones have. */
function world() {
  const w = {
    source: memoryDatabase('source'),
    target: memoryDatabase('target'),
    store: memoryStore(),
    views: [] as readonly ObjectDefinition[],
    there: [] as ObjectDefinition[],
    change: {} as Partial<Target>,
    /** What the target was made to do. */
    done: [] as string[],
    read: async (_table: string): Promise<void> => {},
    async prepare(config: Partial<Config>, lock: boolean) {
      w.done = []
      const plain = memoryTarget(w.target, { fault: (point) => void (/digest|read/.test(point) || w.done.push(point)) })
      const memory = memorySource(w.source)
      const source: typeof memory = {
        ...memory,
        async open(options) {
          const snapshot = await memory.open(options)
          return { ...snapshot, count: async (schema, signal) => await w.read(schema.table.name).then(() => snapshot.count(schema, signal)) }
        },
      }
      const withViews = targetWith(plain, w.there, (statement) => void w.done.push(statement))
      const target: Target = {
        ...withViews,
        render(change) {
          if (change.type === 'set-counter') return [`number ${change.next}`]
          return change.type === 'alter-table' ? [`alter ${change.parts.map(({ name }) => name).join()}`] : withViews.render(change)
        },
        async run(statements, signal) {
          if (!statements[0]?.startsWith('alter')) return await withViews.run(statements, signal)
          w.done.push(...statements)
        },
        backups: () => ({ unfinished: async () => undefined }) as unknown as Backups,
        ...w.change,
      }
      const ends = { source: sourceWith(source, w.views), targets: new Map([['copy', target]]), state: w.store }
      const settings: Config = { ...plainConfig, verifyAfterSync: false, parallelTables: 1, ...config }
      return await planRun(ends, settings, { run: 'r', signal: new AbortController().signal, lock })
    },
    async run() {
      await using prepared = await w.prepare({ backupBeforeSync: false }, true)
      return await executeRun(prepared, { signal: new AbortController().signal, listeners: [] })
    },
    async dryRun(config: Partial<Config> = {}) {
      await using prepared = await w.prepare(config, false)
      return await previewRun(prepared, { signal: new AbortController().signal })
    },
  }
  putTable(w.source, a, rowsTo(3))
  putTable(w.source, b, [['1']])
  return w
}

let w: ReturnType<typeof world>
beforeEach(async () => {
  w = world()
  await w.run()
})

const part = (name: string, over: Partial<AlterPart> = {}): AlterPart => ({ kind: 'foreign-key', action: 'add', name, clauses: [], ...over })
/** What differs in the definition of the table `a`. */
const differing = (diff: { readonly [when in 'before' | 'changes' | 'after']?: AlterPart }): Pick<Target, 'diff'> => ({
  diff: ({ table }) => {
    const changes = Object.entries(diff).map(([when, one]) => [when, [{ type: 'alter-table', table, parts: [one] }]] as const)
    const none: SchemaDiff = { changes: [], kept: [], conflicts: [] }
    return table.name === 'a' ? { ...none, ...Object.fromEntries(changes) } : none
  },
})

describe('what a dry run says', () => {
  test('is all that a run would do, in its order, and nothing of it is done', async () => {
    w.views = [objectOf('view', 'totals', 'a')]
    w.there.push(objectOf('view', 'old'))
    w.source.databases.get('shop')?.delete('b')
    putTable(w.source, a, rowsTo(4))
    w.change = differing({ before: part('first'), after: part('last') })
    const [before, state] = [new Map(w.target.databases.get('shop')), await w.store.list('')]
    const { statements, tables, backups } = await w.dryRun({ objects: ['views'], allow: ['destructive'] })
    expect(statements).toEqual([
      'drop view old',
      'alter first',
      'insert or update rows of table "shop.a"',
      'alter last',
      expect.stringContaining('drop table "shop.b"'),
      'make view totals',
    ])
    expect(tables).toEqual([{ id: 'copy/shop.a', rows: { upserts: 1, deletes: 0, estimated: false }, statements: [statements[2]] }])
    expect(backups).toEqual([{ target: 'copy', kind: 'dump', directory: '/backups', tables: 2 }])
    expect(w.done).toEqual([])
    expect(w.target.databases.get('shop')).toEqual(before)
    expect(await w.store.list('')).toEqual(state)
    expect(w.there.map(({ name }) => name)).toEqual(['old'])
  })

  test('is nothing of a table that is refused, and all of the others', async () => {
    putTable(w.source, a, rowsTo(4))
    putTable(w.source, b, [['1'], ['2']])
    w.change = {
      ...differing({ before: part('first'), after: part('last') }),
      guard: ({ schema }) => (schema.table.name === 'a' ? new SyncError('TRIGGERS', 'they would fire', { kind: 'refused' }) : undefined),
    }
    const { statements, tables, backups } = await w.dryRun()
    expect(statements).toEqual(['insert or update rows of table "shop.b"'])
    expect(tables[0]).toEqual({ id: 'copy/shop.a', rows: { upserts: 0, deletes: 0, estimated: false }, statements: [] })
    expect(backups).toMatchObject([{ tables: 1 }])
    await w.run()
    expect(w.done).toEqual(['open', 'write', 'commit', 'committed'])
  })

  test('is why a guard would hold a table back, and only what would be done to it all the same', async () => {
    putTable(w.source, a, [])
    w.change = differing({ before: part('gone'), after: part('back') })
    const refused = {
      id: 'copy/shop.a',
      rows: { upserts: 0, deletes: 0, estimated: false },
      statements: [],
      refused: { code: 'SOURCE_EMPTY', kind: 'refused' },
    }
    const foreignKey = await w.dryRun()
    expect(foreignKey.tables[0]).toMatchObject(refused)
    expect(foreignKey.statements).toEqual(['alter gone', 'alter back'])
    w.change = differing({ after: part('late', { kind: 'index' }) })
    const index = await w.dryRun()
    expect(index.tables[0]).toMatchObject(refused)
    expect(index).toMatchObject({ statements: [], backups: [] })
  })

  test('is that rows of somebody else would be replaced', async () => {
    w.store = memoryStore()
    putTable(w.target, { ...a, estimate: { rows: 1, bytes: 1 } }, [['1', 'theirs']])
    expect((await w.dryRun()).tables[0]).toMatchObject({ rows: { upserts: 0 }, refused: { code: 'UNKNOWN_ROWS' } })
  })
})

describe('a backup point is told', () => {
  test('only where something is written that it covers', async () => {
    expect(await w.dryRun()).toMatchObject({ statements: [], backups: [] })
    w.change = { leftovers: async () => ['remove what a killed run left'] }
    expect(await w.dryRun()).toMatchObject({ statements: ['remove what a killed run left'], backups: [] })
    putTable(w.source, a, rowsTo(4))
    expect(await w.dryRun({ backup: { ...plainConfig.backup, mode: 'journal' } })).toMatchObject({ backups: [{ kind: 'journal', tables: 2 }] })
    expect(await w.dryRun({ backupBeforeSync: false })).toMatchObject({ backups: [] })
    w.change = { backups: undefined } as unknown as Partial<Target>
    expect(await w.dryRun()).toMatchObject({ backups: [] })
  })

  test('not for objects alone, where no table would be in it', async () => {
    w.views = [objectOf('view', 'totals')]
    w.change = { guard: () => new SyncError('TRIGGERS', 'they would fire', { kind: 'refused' }) }
    expect(await w.dryRun({ objects: ['views'] })).toMatchObject({ statements: ['make view totals'], backups: [] })
  })
})

describe('the rows and the costs of a table', () => {
  const costs: Pick<Target, 'costs'> = {
    costs: async ({ disposition }, { bytes, statements }) => ({ jobs: disposition === 'replace' ? 1 : 2, bytesSent: bytes, bytesRead: 100 + statements }),
  }

  test('are estimated by statistics where it is copied in full', async () => {
    putTable(w.source, { ...a, estimate: { rows: 70, bytes: 900 } }, rowsTo(3))
    w.change = costs
    expect((await w.dryRun({ mode: 'full' })).tables).toEqual([
      {
        id: 'copy/shop.a',
        rows: { upserts: 70, deletes: 0, estimated: true },
        statements: ['load the rows beside table "shop.a"', 'replace table "shop.a"'],
        costs: { jobs: 1, bytesSent: 900, bytesRead: 100 },
      },
      expect.objectContaining({ id: 'copy/shop.b', rows: { upserts: 0, deletes: 0, estimated: true }, costs: { jobs: 1, bytesSent: 0, bytesRead: 100 } }),
    ])
    w.change = {}
    expect((await w.dryRun({ mode: 'full' })).tables[0]).not.toHaveProperty('costs')
  })

  test('are estimated where they cannot be compared before the definition has changed', async () => {
    putTable(w.source, { ...a, estimate: { rows: 70, bytes: 900 } }, rowsTo(4))
    w.change = { ...costs, ...differing({ changes: part('type', { kind: 'column', action: 'change', rows: true }) }) }
    expect((await w.dryRun()).tables[0]).toMatchObject({
      rows: { upserts: 70, estimated: true },
      statements: ['alter type', 'insert or update rows of table "shop.a"'],
      costs: { jobs: 2, bytesSent: 900, bytesRead: 101 },
    })
    w.change = differing({ changes: part('i', { kind: 'index' }) })
    expect((await w.dryRun()).tables[0]).toMatchObject({
      rows: { upserts: 1, estimated: false },
      statements: ['alter i', 'insert or update rows of table "shop.a"'],
    })
  })

  test('are counted where it is compared, and nothing that is not written costs anything', async () => {
    putTable(w.source, a, [...rowsTo(2), ['4', 'new']])
    w.change = costs
    const [first, second] = (await w.dryRun()).tables
    // A packed row is its cells, each with its length; of a row that goes there is only the key.
    const bytes = 1 + 1 + (1 + 3) + (1 + 1)
    expect(first).toMatchObject({ rows: { upserts: 1, deletes: 1, estimated: false }, costs: { jobs: 2, bytesSent: bytes, bytesRead: 100 } })
    expect(second).toMatchObject({ rows: { upserts: 0, deletes: 0, estimated: false }, costs: { jobs: 0, bytesSent: 0, bytesRead: 0 } })
    w.change = { costs: async () => undefined } as unknown as Partial<Target>
    expect((await w.dryRun()).tables[0]).toMatchObject({ costs: { jobs: 0, bytesSent: 0, bytesRead: 0 } })
  })
})

describe('the number that a table gives next is told', () => {
  const numbered = (next: string) => ({ ...a, counter: { column: 'id', next } })
  const counting = (next: string, least = next): Partial<Target> => ({ counter: async () => ({ next, least }) })

  test('where the rows that are written do not move it as far as it is at the source', async () => {
    putTable(w.source, numbered('10'), rowsTo(9))
    w.change = counting('4')
    expect((await w.dryRun()).statements).toEqual(['insert or update rows of table "shop.a"'])
    putTable(w.source, numbered('12'), rowsTo(9))
    expect((await w.dryRun()).statements).toEqual(['insert or update rows of table "shop.a"', 'number 12'])
    w.change = counting('12')
    expect((await w.dryRun()).statements).toEqual(['insert or update rows of table "shop.a"'])
  })

  test('where it is beyond the source, but never below a row that is written', async () => {
    putTable(w.source, numbered('3'), rowsTo(9))
    w.change = counting('50', '4')
    expect((await w.dryRun()).statements.at(-1)).toBe('number 10')
    putTable(w.source, numbered('3'), rowsTo(4))
    w.change = counting('50', '41')
    expect((await w.dryRun()).statements.at(-1)).toBe('number 41')
    // Rows that go give their numbers back.
    putTable(w.source, numbered('3'), rowsTo(2))
    expect((await w.dryRun()).statements).toEqual(['delete rows from table "shop.a"', 'number 3'])
  })

  test('whatever else is in the column, and not where the target does not count', async () => {
    putTable(w.source, { ...a, counter: { column: 'v', next: '8' } }, [...rowsTo(3), ['4', '7'], ['5', 'x'], ['6', '9.5'], ['7', '3']])
    w.change = counting('4')
    expect((await w.dryRun()).statements).toEqual(['insert or update rows of table "shop.a"'])
    w.change = { counter: async () => undefined }
    expect((await w.dryRun()).statements).toEqual(['insert or update rows of table "shop.a"'])
    w.change = {}
    expect((await w.dryRun()).statements).toEqual(['insert or update rows of table "shop.a"'])
  })
})

describe('a table that cannot be read', () => {
  beforeEach(() => {
    w.change = {
      async count({ table }) {
        if (table.name === 'a') throw new SyncError('LOST', 'it is gone', { kind: 'data' })
        return 1
      },
    }
  })

  test('ends the dry run, and no other is begun', async () => {
    const begun: string[] = []
    w.read = async (table) => void begun.push(table)
    await expect(w.dryRun({ mode: 'full' })).rejects.toMatchObject({ code: 'LOST' })
    expect(begun).toEqual(['a'])
  })

  test('ends the dry run when no other table is at work any more', async () => {
    let atWork = 0
    w.read = async (table) => {
      if (table === 'a') return
      atWork++
      await sleep(20)
      atWork--
    }
    await expect(w.dryRun({ mode: 'full', parallelTables: 2 })).rejects.toMatchObject({ code: 'LOST' })
    expect(atWork).toBe(0)
  })
})
