import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import type { BackupPoint, BackupRequest, Backups, Journal } from '../contract/backups.ts'
import type { ObjectDefinition } from '../contract/objects.ts'
import type { Target } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { memoryDatabase, memorySource, memoryStore, memoryTarget, putTable } from '../memory/index.ts'
import type { SchemaChange } from '../model/schema-diff.ts'
import { executeRun } from './execute.ts'
import { objectOf, sourceWith, tableWith, targetWith } from './objects.harness.ts'
import { planRun } from './prepare.ts'
import { int, text } from './testing.ts'

const a = tableWith('a', [int('id')])
const b = tableWith('b', [int('id')])
const alter: SchemaChange = { type: 'alter-table', table: a.table, parts: [{ kind: 'index', action: 'add', name: 'i', clauses: [] }] }

/** A source with two tables, and targets that say in which order they were written to and what was kept before. */
function world(...names: readonly string[]) {
  const source = memoryDatabase('source')
  const databases = new Map(names.map((name) => [name, memoryDatabase(name)]))
  const store = memoryStore()
  const w = {
    log: [] as string[],
    /** Before each of these steps: `one: journal`, `one: finish`, … */
    before: (_step: string): void | Promise<void> => {},
    nothingToKeep: false,
    /** Of the source. */
    views: [] as readonly ObjectDefinition[],
    change: {} as Partial<Target>,
    put: (rows: readonly string[]) => {
      for (const schema of [a, b])
        putTable(
          source,
          schema,
          rows.map((id) => [id]),
        )
    },
    source,
    async run(config: Partial<Config> = {}) {
      w.log = []
      const targets = new Map(
        [...databases].map(([name, db]) => [
          name,
          targetOf(
            name,
            targetWith(memoryTarget(db), [objectOf('view', 'old')], () => {}),
          ),
        ]),
      )
      const settings: Config = {
        ...{ ...plainConfig, databases: ['shop'], verifyAfterSync: false, parallelTables: 1, maxRetries: 0 },
        targets: names.map((name) => ({ type: 'memory', options: {}, directory: '/', name, database: '{database}' })),
        backup: { ...plainConfig.backup, mode: 'journal' },
        ...config,
      }
      const { signal } = new AbortController()
      await using prepared = await planRun({ source: sourceWith(memorySource(source), w.views), targets, state: store }, settings, {
        run: 'r',
        signal,
        lock: true,
      })
      return await executeRun(prepared, { signal, listeners: [] })
    },
  }

  async function step(name: string, what: string): Promise<void> {
    const said = names.length === 1 ? what : `${name}: ${what}`
    w.log.push(said)
    await w.before(said)
  }

  function backupsOf(name: string): Backups {
    const pointOf = (kind: BackupPoint['kind'], { at }: BackupRequest): BackupPoint => ({
      name: `of ${name}`,
      path: name,
      kind,
      bytes: 1,
      madeAt: at.toISOString(),
    })
    const journalOf = (request: BackupRequest): Journal => ({
      name: `of ${name}`,
      keep: ({ name: table }) => step(name, `keep ${table}`),
      async finish() {
        await step(name, 'finish')
        return w.nothingToKeep ? undefined : pointOf('journal', request)
      },
      [Symbol.asyncDispose]: () => step(name, 'close'),
    })
    const backups: Partial<Backups> = {
      async journal(request) {
        await step(name, 'journal')
        return journalOf(request)
      },
      async create(request) {
        await step(name, 'dump')
        return pointOf('dump', request)
      },
      list: async () => [],
      unfinished: async () => undefined,
    }
    return backups as Backups
  }

  function targetOf(name: string, plain: Target): Target {
    return {
      ...plain,
      backups: () => backupsOf(name),
      render: (change) => (change.type === 'alter-table' ? ['alter'] : plain.render(change)),
      async run(statements, signal) {
        for (const statement of statements) await step(name, statement.replace(/\n.*/s, ''))
        if (statements[0] !== 'alter') await plain.run(statements, signal)
      },
      async open(work, signal, journal) {
        signal.throwIfAborted()
        await step(name, `write ${work.schema.table.name}, journal ${journal?.name ?? 'none'}`)
        return await plain.open(work, signal)
      },
      ...w.change,
    }
  }
  w.put(['1'])
  return w
}

const fault = (kind: 'bug' | 'data' | 'refused' = 'data') => new SyncError('NO_ROOM', 'the disk is full', { kind })

describe('a journal', () => {
  let w: ReturnType<typeof world>
  beforeEach(async () => {
    w = world('copy')
    await w.run()
  })

  test('is opened before the first write, goes along with every writer, and is complete at the end', async () => {
    w.put(['1', '2'])
    const { backups } = await w.run()
    expect(w.log).toEqual(['journal', 'write a, journal of copy', 'write b, journal of copy', 'finish', 'close'])
    expect(backups).toEqual([{ target: 'copy', name: 'of copy', path: 'copy', kind: 'journal', bytes: 1, tables: 0, rows: 0, consistency: '' }])
    expect((await w.run()).backups).toEqual([])
    expect(w.log).toEqual([])
  })

  test('that has nothing to keep is no backup point', async () => {
    w.put(['1', '2'])
    w.nothingToKeep = true
    expect(await w.run()).toMatchObject({ status: 'ok', backups: [] })
  })

  test('has the whole of a table before its definition changes', async () => {
    putTable(w.source, tableWith('a', [int('id'), { ...text('more'), nullable: true }]), [['1', 'x']])
    await w.run()
    expect(w.log).toEqual(['journal', 'keep a', 'add column "more" to table "shop.a"', 'write a, journal of copy', 'finish', 'close'])
  })

  test('has the whole of a table before it is dropped', async () => {
    w.put(['1', '2'])
    w.source.databases.get('shop')?.delete('b')
    await w.run({ allow: ['destructive'] })
    expect(w.log).toEqual(['journal', 'write a, journal of copy', 'keep b', 'drop table "shop.b"', 'finish', 'close'])
  })

  test.each(['before', 'after'] as const)('has the whole of a table whose definition changes %s the rows', async (when) => {
    w.put(['1', '2'])
    w.change = { diff: ({ table }) => ({ changes: [], kept: [], conflicts: [], ...(table.name === 'a' ? { [when]: [alter] } : {}) }) }
    await w.run()
    const rows = ['write a, journal of copy', 'write b, journal of copy']
    const change = ['keep a', 'alter']
    expect(w.log).toEqual(['journal', ...(when === 'before' ? [...change, ...rows] : [...rows, ...change]), 'finish', 'close'])
  })

  test('that cannot keep a table leaves it as it is', async () => {
    putTable(w.source, tableWith('a', [int('id'), { ...text('more'), nullable: true }]), [['1', 'x']])
    w.before = (step) => {
      if (step === 'keep a') throw fault()
    }
    expect(await w.run()).toMatchObject({ status: 'partial', tables: [{ outcome: 'failed', error: { code: 'NO_ROOM' } }, { outcome: 'unchanged' }] })
    expect(w.log).toEqual(['journal', 'keep a', 'finish', 'close'])
  })

  test('that cannot be opened for what comes after the rows ends the run, like any other', async () => {
    w.before = (step) => {
      if (step === 'journal') throw fault('refused')
    }
    w.change = { diff: () => ({ changes: [], kept: [], conflicts: [], after: [alter] }) }
    await expect(w.run()).rejects.toMatchObject({ code: 'NO_ROOM' })
    expect(w.log).toEqual(['journal'])
    w.change = { diff: () => ({ changes: [], kept: [], conflicts: [] }) }
    w.views = [objectOf('view', 'totals')]
    await expect(w.run({ objects: ['views'] })).rejects.toMatchObject({ code: 'NO_ROOM' })
    expect(w.log).toEqual(['journal'])
  })

  test('is closed and stays unfinished where the run ends by a fault', async () => {
    const foreignKey = { name: 'fk', columns: ['id'], references: { database: 'crm', name: 'c' }, referencedColumns: ['id'], rewritesRows: false }
    putTable(w.source, { ...b, foreignKeys: [foreignKey] }, [['3']])
    w.change = { orphans: () => Promise.reject(fault('bug')) }
    await expect(w.run()).rejects.toMatchObject({ code: 'NO_ROOM' })
    expect(w.log).toEqual(['journal', 'write b, journal of copy', 'close'])
  })
})

describe('the backup points of two targets', () => {
  let w: ReturnType<typeof world>
  beforeEach(async () => {
    w = world('one', 'two')
    await w.run()
    w.put(['1', '2'])
  })

  test('are complete as far as they can be, where one of them cannot', async () => {
    w.before = (step) => {
      if (step === 'one: finish') throw fault()
    }
    await expect(w.run()).rejects.toMatchObject({ code: 'NO_ROOM' })
    expect(w.log).toContain('two: finish')
  })

  test('are all closed, where one of them cannot be', async () => {
    w.before = (step) => {
      if (step === 'one: close') throw fault()
    }
    await expect(w.run()).rejects.toMatchObject({ code: 'NO_ROOM' })
    expect(w.log.slice(-2)).toEqual(['one: close', 'two: close'])
  })

  test('stop all writing, where one of them fails', async () => {
    w.before = async (step) => {
      if (step === 'two: dump') throw fault('refused')
      if (step === 'one: dump') await sleep(10)
    }
    await expect(w.run({ parallelTables: 4, backup: plainConfig.backup })).rejects.toMatchObject({ code: 'NO_ROOM' })
    expect([...w.log].sort()).toEqual(['one: dump', 'two: dump'])
  })

  test('are asked for no more, once one of them has failed', async () => {
    w.before = (step) => {
      if (step === 'one: journal') throw fault('refused')
    }
    await expect(w.run({ objects: ['views'], allow: ['destructive'] })).rejects.toMatchObject({ code: 'NO_ROOM' })
    expect(w.log).toEqual(['one: journal'])
  })

  test('are both asked for, and the first failure is told, where both fail', async () => {
    w.before = async (step) => {
      await sleep(step === 'one: dump' ? 5 : 10)
      throw new SyncError(step.toUpperCase(), 'no', { kind: 'refused' })
    }
    await expect(w.run({ parallelTables: 4, backup: plainConfig.backup })).rejects.toMatchObject({ code: 'ONE: DUMP' })
  })

  test('are made only where there can be any', async () => {
    w = world('one')
    w.change = { backups: undefined } as unknown as Partial<Target>
    expect(await w.run()).toMatchObject({ status: 'ok', backups: [] })
    w = world('one')
    expect(await w.run({ backupBeforeSync: false })).toMatchObject({ status: 'ok', backups: [] })
    expect(w.log).toEqual(['create database "shop"', 'write a, journal none', 'write b, journal none'])
  })
})
