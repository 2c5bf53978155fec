import { describe, expect, it } from 'vitest'
import { SyncError } from '../errors/sync-error.ts'
import { putTable } from '../memory/index.ts'
import type { LateChange, TablePlan } from '../plan/plan.ts'
import { bench, items, tableIn, user, users } from './testing.ts'

const refusal = { code: 'NO', kind: 'refused', message: 'not this one' } as const
const lost = () => new SyncError('LOST', 'the line with s3cret is cut', { kind: 'transient' })

/** The foreign key of `users` goes and comes back, and an index waits for the rows. */
function late(part: Partial<TablePlan> = {}) {
  const w = bench({ maxRetries: 0, parallelTables: 1 })
  w.put(users, [user(1)])
  w.put(items, [['1', 'a']])
  const after: LateChange[] = [
    { statements: ['put the key back'], always: true },
    { statements: ['make the index'], always: false },
  ]
  w.editTable = (table) => (table.schema.table.name === 'users' ? { ...table, before: ['take the key away'], after, ...part } : table)
  /** What is said of the tables' own definitions, with the commits between them. */
  const steps = () => w.statements.filter((said) => !said.startsWith('create database'))
  w.targetFault = (point) => void (point === 'committed' && w.statements.push('rows are in'))
  return { ...w, w, steps }
}

describe('what of a definition has to wait', () => {
  it('is done when the rows of all tables are in, and what stood in the way is gone before the first of them', async () => {
    const { w, steps } = late()
    expect((await w.run()).status).toBe('ok')
    expect(steps()).toEqual(['take the key away', 'rows are in', 'rows are in', 'put the key back', 'make the index'])
    expect((await w.run()).totals.outcomes).toMatchObject({ unchanged: 2 })
    expect(steps()).toEqual(['take the key away', 'put the key back', 'make the index'])
  })

  it('is not tried for a table that failed, but what was taken away for it comes back', async () => {
    const { w, steps } = late()
    w.targetFault = (point) => {
      if (point === 'open') throw lost()
    }
    expect(tableIn(await w.run(), users)).toMatchObject({ outcome: 'failed', error: { code: 'LOST' } })
    expect(steps()).toEqual(['take the key away', 'put the key back'])
    w.editTable = (table) => ({ ...table, after: [{ statements: ['add a key'], always: true }] })
    await w.run()
    expect(steps(), 'nothing was taken away').toEqual([])
  })

  it('leaves a table alone that is refused', async () => {
    const { w, steps } = late({ refused: refusal })
    w.statement = (said) => {
      if (said === 'put the key back') throw new SyncError('DUPLICATE_KEY', 'it is there', { kind: 'data' })
    }
    expect(tableIn(await w.run(), users)).toMatchObject({ outcome: 'refused', error: refusal })
    expect(steps()).toEqual(['rows are in'])
  })

  it('makes its table fail where it fails, and the others go on', async () => {
    const { w, steps } = late()
    w.statement = (said) => {
      if (said === 'put the key back') throw lost()
    }
    w.editTable = (
      (edit) => (table: TablePlan) =>
        table.schema.table.name === 'items' ? { ...table, after: [{ statements: ['another one'], always: false }] } : edit(table)
    )(w.editTable)
    const report = await w.run()
    expect(report).toMatchObject({ status: 'partial', totals: { outcomes: { failed: 1, synced: 1 }, inserted: 2, errors: { transient: 1 } } })
    expect(tableIn(report, users)).toMatchObject({ outcome: 'failed', inserted: 1, error: { code: 'LOST' } })
    expect(steps()).toContain('another one')
    expect(steps()).not.toContain('make the index')
    expect(await w.saved(users)).toMatchObject({ sync_status: 'FAILED', error_message: 'the line with *** is cut' })
  })

  it('makes its table alone fail where a foreign key cannot go, and what went of it comes back', async () => {
    const { w, steps } = late()
    w.statement = (said) => {
      if (said === 'take the key away') throw lost()
      if (said === 'put the key back') throw new SyncError('DUPLICATE_KEY', 'it is there', { kind: 'data' })
    }
    const report = await w.run()
    expect(report).toMatchObject({ status: 'partial', totals: { outcomes: { failed: 1, synced: 1 }, inserted: 1 } })
    expect(tableIn(report, users)).toMatchObject({ outcome: 'failed', inserted: 0, error: { code: 'LOST' } })
    expect(steps()).toEqual(['take the key away', 'rows are in', 'put the key back'])
    expect(await w.saved(users)).toMatchObject({ sync_status: 'FAILED' })
  })

  it('takes a foreign key away again where that failed for a while', async () => {
    const { w, steps } = late()
    let tries = 0
    w.statement = (said) => {
      if (said === 'take the key away' && ++tries < 3) throw lost()
    }
    expect(await w.run({ maxRetries: 2 })).toMatchObject({ status: 'ok' })
    expect(steps().filter((said) => said === 'take the key away')).toHaveLength(3)
  })

  it('ends the run where a plugin is at fault', async () => {
    const { w } = late()
    w.statement = (said) => {
      if (said === 'put the key back') throw new TypeError('a bug')
    }
    await expect(w.run()).rejects.toThrow('a bug')
  })

  it('is not done without the lock', async () => {
    const { w, steps } = late()
    let held = true
    w.overrides = { lock: async () => ({ held: () => held, [Symbol.asyncDispose]: async () => {} }) }
    w.heard = ({ type }) => {
      if (type === 'table.finished') held = false
    }
    expect(tableIn(await w.run({ tables: ['users'] }), users)).toMatchObject({ outcome: 'failed', error: { code: 'RUN_LOCK_LOST', kind: 'transient' } })
    expect(steps()).not.toContain('put the key back')
  })

  it.each([
    { how: 'before it', at: 'committed' },
    { how: 'in it', at: 'put the key back' },
  ])('is no failure where the run is stopped $how, and no success either', async ({ at }) => {
    const { w, steps } = late()
    const stop = new AbortController()
    w.targetFault = (point) => {
      if (point !== 'committed') return
      w.statements.push('rows are in')
      if (point === at) stop.abort()
    }
    w.statement = (said) => {
      if (said === at) stop.abort()
    }
    const report = await w.run({ tables: ['users'] }, { signal: stop.signal })
    expect(report).toMatchObject({ status: 'cancelled', totals: { outcomes: { cancelled: 1 }, inserted: 1, errors: {} } })
    expect(steps().slice(1), 'nothing is begun any more').toEqual(['rows are in', at].slice(0, at === 'committed' ? 1 : 2))
    expect(await w.saved(users)).toMatchObject({ sync_status: 'SUCCESS', position: { columns: { updated_at: '2025-01-01 00:00:00' } } })
  })
})

describe('a table that is gone at the source and may go', () => {
  async function gone() {
    const w = bench({ maxRetries: 0, allow: ['destructive'] })
    w.put(users, [user(1)])
    w.put(items, [['1', 'a']])
    await w.run()
    w.source.databases.get('shop')?.delete('items')
    return w
  }

  it('is dropped, and that is said', async () => {
    const w = await gone()
    expect(await w.run()).toMatchObject({ status: 'ok', warnings: ['shop.items was dropped: it is gone at the source'] })
    expect([...(w.target.databases.get('shop')?.keys() ?? [])]).toEqual(['users'])
    expect((await w.run()).warnings).toEqual([])
  })

  it("is forgotten with that: one of its name that comes there later is somebody else's, and stays", async () => {
    const w = await gone()
    await w.run()
    expect(await w.saved(items)).toBeUndefined()
    expect(await w.saved(users)).toMatchObject({ sync_status: 'SUCCESS' })
    putTable(w.target, items, [['7', 'of somebody else']])
    expect((await w.run()).warnings).toEqual([expect.stringContaining('shop.items is not at the source any more (or never was)')])
    expect(w.rows(items)).toEqual(['7|of somebody else'])
  })

  it('is kept where it is not certain any more that it is gone', async () => {
    const doubts: ((w: Awaited<ReturnType<typeof gone>>) => void)[] = [
      (w) => {
        w.visibility = { scope: 'partial', user: 'u' }
      },
      (w) => {
        w.snapshot = { describe: async () => [items, users] }
      },
    ]
    for (const doubt of doubts) {
      const w = await gone()
      w.targetFault = (point) => void (point === 'commit' && doubt(w))
      w.editRun = (prepared) => {
        doubt(w)
        const { source } = prepared.endpoints
        return {
          ...prepared,
          snapshot: { ...prepared.snapshot, ...w.snapshot },
          endpoints: { ...prepared.endpoints, source: { ...source, visibility: async () => w.visibility } },
        }
      }
      const report = await w.run()
      expect(report.warnings).toEqual([expect.stringMatching(/^shop\.items is kept: /)])
      expect(w.rows(items)).toEqual(['1|a'])
    }
  })

  it('does not take the report of the others away where it cannot be dropped', async () => {
    const w = await gone()
    putTable(w.target, { ...items, table: { database: 'shop', name: 'orders' } }, [])
    w.editDatabase = (database) => ({
      ...database,
      drops: ['items', 'orders'].map((name) => ({ table: { database: 'shop', name }, statements: [`drop ${name}`] })),
    })
    w.statement = (said) => {
      if (said === 'drop items') throw new SyncError('DENIED', 'DROP is not granted', { kind: 'privilege' })
    }
    const report = await w.run()
    expect(report).toMatchObject({
      status: 'partial',
      totals: { outcomes: { unchanged: 1 } },
      warnings: expect.arrayContaining(['shop.items is kept: DROP is not granted', 'shop.orders was dropped: it is gone at the source']),
    })
    expect(w.events.at(-1)?.type).toBe('run.finished')
    const asked = () => Promise.reject(new SyncError('LOST', 'the line is cut', { kind: 'connection' }))
    w.editRun = (prepared) => ({ ...prepared, snapshot: { ...prepared.snapshot, describe: asked } })
    expect(await w.run()).toMatchObject({
      status: 'partial',
      warnings: expect.arrayContaining(['shop.items is kept: the line is cut', 'shop.orders is kept: the line is cut']),
    })
    w.editRun = (prepared) => prepared
    w.statement = () => {
      throw new TypeError('a bug')
    }
    await expect(w.run()).rejects.toThrow('a bug')
  })

  it('is kept in a run that is stopped', async () => {
    for (const early of [true, false]) {
      const w = await gone()
      const stop = new AbortController()
      w.put(users, [user(2, 'b', '2025-02-01 00:00:00'), user(1)])
      w.targetFault = (point) => {
        if (early && point === 'committed') stop.abort()
      }
      w.statement = (said) => {
        if (said.startsWith('drop')) stop.abort()
      }
      expect(await w.run({}, { signal: stop.signal })).toMatchObject({ status: 'cancelled', totals: { outcomes: { synced: 1 } } })
      expect(w.rows(items)).toEqual(['1|a'])
      expect(w.statements).toHaveLength(early ? 0 : 1)
    }
  })
})
