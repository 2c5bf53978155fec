import { describe, expect, it } from 'vitest'
import { plainConfig } from '../config/testing.ts'
import type { Target } from '../contract/target.ts'
import { memoryDatabase, memoryTarget } from '../memory/index.ts'
import type { TableSchema } from '../model/schema.ts'
import { int, items, schemaOf, stamp, text, users } from '../run/testing.ts'
import { type OutlookConfig, tableOutlook } from './outlook.ts'

const clock = { utc: '2026-01-01 12:00:00.000000', local: '2026-01-01 13:00:00.000000' }
const loose = schemaOf('loose', [text('line'), stamp], [])

const target = (supports: Partial<Target['supports']> = {}, more: Partial<Target> = {}): Target => ({
  ...memoryTarget(memoryDatabase(), { supports }),
  ...more,
})
const outlook = (schema: TableSchema, to?: Target, config: Partial<OutlookConfig> = {}, digests = true) =>
  tableOutlook({ ...plainConfig, ...config }, { clock, digests }, schema, to)

describe('how a table will be kept in step', () => {
  it('is by time where it has a moving timestamp, by comparison where it has none, and in full where it cannot be compared', () => {
    expect(outlook(users)).toMatchObject({ table: users.table, strategy: 'time', timed: ['updated_at'], guarantee: { level: 'exact-except' } })
    expect(outlook(items)).toMatchObject({ table: items.table, strategy: 'digest', timed: [], guarantee: { level: 'exact' }, best: { level: 'exact' } })
    expect(outlook(items, undefined, {}, false)).toMatchObject({ strategy: 'full', timed: [] })
    for (const to of [target(), undefined]) expect(outlook(users, to).reason).toBe('rows newer by updated_at')
  })

  it('is by what the target can do: delete rows, with a key and without one, digest, and add rows once', () => {
    expect(outlook(items, target()).strategy).toBe('digest')
    expect(outlook(items, target({ deletes: false })).strategy).toBe('full')
    expect(outlook(items, target({ keylessDeletes: false })).strategy).toBe('digest')
    expect(outlook(loose, target()).strategy).toBe('digest')
    const noDeletes = target({ keylessDeletes: false })
    expect(outlook(loose, noDeletes).strategy).toBe('full')
    expect(outlook(loose, target({ keylessDeletes: false, addsOnce: true })).strategy).toBe('time')
    const blind = { ...target(), digest: undefined } as unknown as Target
    expect(outlook(items, blind).strategy).toBe('full')
    expect(outlook(items, target(), {}, false).strategy).toBe('full')
    // Without a target it is the one that can do everything but what few can.
    expect(outlook(loose, undefined, {}, false).strategy).toBe('full')
  })

  it('is by the table as the target has it, and as it asks for it', () => {
    const loses = target({}, { fit: (schema, as) => ({ ...schema, table: as, transactional: false }) })
    expect(outlook(users, loses).reason).toContain('no transactions')
    const asks = target({}, { ask: (schema) => ({ ...schema, columns: schema.columns.filter(({ name }) => name !== 'updated_at') }) })
    expect(outlook(users, asks)).toMatchObject({ strategy: 'digest', reason: 'no timestamp column' })
    expect(outlook(users, target({}, { ask: (schema) => schema })).strategy).toBe('time')
  })

  it('is as the configuration has it', () => {
    expect(outlook(users, target(), { forceFullTables: ['shop.users'] })).toMatchObject({ strategy: 'full', reason: 'set in the configuration' })
    expect(outlook(users, target(), { forceFullTables: ['crm.users'] }).strategy).toBe('time')
    expect(outlook(users, target(), { mode: 'reconcile' })).toMatchObject({ strategy: 'digest', reason: 'asked for' })
    expect(outlook(users, target(), { tableRules: [{ match: 'users', rule: { mode: 'digest' } }] }).strategy).toBe('digest')
    const timed = schemaOf('timed', [int('id'), { ...stamp, name: 'seen' }])
    expect(outlook(timed, target()).strategy).toBe('digest')
    expect(outlook(timed, target(), { tableRules: [{ match: 'timed', rule: { timestampColumns: ['seen'] } }] })).toMatchObject({ timed: ['seen'] })
  })

  it('is never exact, however it is copied, where the engine of the source has no snapshots', () => {
    expect(outlook({ ...items, transactional: false }, target()).best).toMatchObject({ level: 'exact-except' })
    expect(outlook(users, target())).toMatchObject({ guarantee: { level: 'exact-except', since: '2026-01-01T12:00:00Z' }, best: { level: 'exact' } })
  })
})
