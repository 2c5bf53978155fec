import { describe, expect, it } from 'vitest'
import { memoryDatabase, memoryTarget } from '../memory/index.ts'
import { int, items, schemaOf, stamp, users } from '../run/testing.ts'
import type { SourcePrint } from '../state/source-print.ts'
import { chooseStrategy, type StrategyFacts } from './strategy.ts'
import { synced } from './testing.ts'
import { leftAlone, watchPart } from './watch.ts'

const billed = memoryTarget(memoryDatabase(), { supports: { billed: { form: 'rows' } } })
const factsOf = (schema = items, over: Partial<StrategyFacts> = {}): StrategyFacts => ({
  ...{ schema, existing: schema, changing: false, state: synced, sameServers: true, mode: 'incremental', reconcileEveryMs: undefined },
  ...{ forceFull: false, rule: {}, lookbackMinutes: 10, comparable: true },
  clock: { utc: '2026-01-02 00:00:00.000000', local: '2026-01-02 00:00:00.000000' },
  ...over,
})
const watched = (facts: StrategyFacts, usual = true, target = billed) =>
  watchPart(target, facts, chooseStrategy(facts), { schema: facts.schema, wanted: facts.schema, usual })

/** The facts of a table of which this was kept. */
function kept(print: Partial<SourcePrint> = {}, over: Partial<StrategyFacts> = {}, schema = items): StrategyFacts {
  const form = watched(factsOf(schema))?.watch?.form
  const whole = { form, at: '2026-01-01T00:00:00.000Z', rows: 1, by: 'digest', sum: '1', ...print } as SourcePrint
  return factsOf(schema, { ...over, state: { ...synced, source_print: whole, ...over.state } as StrategyFacts['state'] })
}

describe('a copy at which to look costs money', () => {
  it('is left alone while nothing is known against it', () => {
    const { watch, reason, guarantee } = watched(kept())
    expect(watch).toMatchObject({ by: 'digest', lookbackMinutes: 10, print: { rows: 1 }, looked: { level: 'exact' } })
    expect(reason).toContain('left alone')
    expect(guarantee).toMatchObject({ level: 'exact-except', since: synced.compared_at })
  })

  it.each<[string, StrategyFacts, boolean?]>([
    ['nothing was kept of it', factsOf()],
    ['it is not there', kept({}, { existing: undefined })],
    ['something asks for more than what is done day by day', kept(), false],
    ['its last run failed', kept({}, { state: { ...synced, sync_status: 'FAILED' } })],
    ['its rows are kept in another form', kept({ form: 'another' })],
  ])('is looked at where %s, and what tells of the source is kept for the next time', (_why, facts, usual) => {
    const { watch, ...rest } = watched(facts, usual)
    expect(watch).toMatchObject({ by: 'digest', lookbackMinutes: 10 })
    expect(watch).not.toHaveProperty('print')
    expect(rest).toEqual({})
  })

  it('is looked at again where its columns, its key or the target have changed', () => {
    const { watch } = watched(factsOf())
    const forms = [
      watched(factsOf(schemaOf('items', [int('id')]))),
      watched(factsOf({ ...items, key: ['name'] })),
      watched(factsOf(), true, memoryTarget(memoryDatabase(), { supports: { billed: { form: 'others' } } })),
    ].map((part) => part.watch?.form)
    expect(new Set([watch?.form, ...forms]).size).toBe(4)
  })

  it.each<[string, StrategyFacts]>([
    ['forced in full', kept({}, { forceFull: true })],
    ['set to be copied in full', kept({}, { rule: { mode: 'full' } })],
    ['without a key, and not to be compared', factsOf(schemaOf('log', [int('id'), stamp], []), { comparable: false })],
    ['to be compared, and cannot be', kept({}, { comparable: false })],
  ])('is copied every time where it is %s', (_why, facts) => {
    expect(watched(facts)).toEqual({})
  })

  it('is one by time where the next run goes by time, even where it cannot be compared', () => {
    expect(watched(factsOf(users)).watch).toMatchObject({ by: 'time', lookbackMinutes: 10 })
    expect(watched(factsOf(users, { comparable: false, rule: { lookbackMinutes: 3 } })).watch).toMatchObject({ by: 'time', lookbackMinutes: 3 })
    expect(watched(factsOf(users, { rule: { mode: 'digest' } })).watch).toMatchObject({ by: 'digest' })
  })
})

it('a copy at which to look costs nothing is always looked at', () => {
  expect(watched(kept(), true, memoryTarget(memoryDatabase()))).toEqual({})
})

describe('what is promised of a copy that nobody has looked at', () => {
  const at = '2026-01-01T00:00:00.000Z'
  const byDigest: SourcePrint = { form: '', at, rows: 1, by: 'digest', sum: '1' }
  const byTime: SourcePrint = { form: '', at, rows: 1, by: 'time', since: {}, window: '' }
  const doubtful = { level: 'exact-except', except: 'deletes', since: null } as const

  it('is what was promised of the look, except for what others did to the copy', () => {
    expect(leftAlone({ level: 'exact' }, byTime, at)).toMatchObject({ level: 'exact-except', except: expect.stringMatching(/^what others did/), since: at })
    expect(leftAlone(doubtful, byTime, null)).toMatchObject({ except: expect.stringMatching(/^deletes, and what others did/), since: null })
  })

  it('is more where all rows of the source were looked at', () => {
    expect(leftAlone(doubtful, byDigest, at)).toMatchObject({ except: expect.stringMatching(/^what others did/) })
  })
})
