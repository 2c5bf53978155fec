import { describe, expect, it } from 'vitest'
import { plainConfig } from '../config/testing.ts'
import type { Target, WriteWork } from '../contract/target.ts'
import { memoryDatabase, memoryTarget } from '../memory/index.ts'
import type { Column, TableSchema } from '../model/schema.ts'
import type { AlterPart, DiffOptions, SchemaChange, SchemaDiff } from '../model/schema-diff.ts'
import type { Definition } from './definitions.ts'
import { differencesOf, evolve, schemaConflict } from './evolution.ts'

const column = (name: string): Column => ({ name, type: { kind: 'int', bits: 32 }, nullable: true, native: 'int(11)' })
const table = (columns: readonly string[], database = 'copy'): TableSchema => ({
  ...{ table: { database, name: 'orders' }, columns: columns.map(column), key: ['id'], uniqueKeys: [], foreignKeys: [], referencedBy: [], triggers: [] },
  transactional: true,
})
const source = table(['id', 'a'], 'shop')
const [wanted, existing] = [table(['id', 'a']), table(['id'])]

const part = (name: string, extra: Partial<AlterPart> = {}): AlterPart => ({ kind: 'column', action: 'change', name, clauses: [], ...extra })
const alter = (...parts: readonly AlterPart[]): SchemaChange => ({ type: 'alter-table', table: existing.table, parts })
const added: SchemaChange = { type: 'add-column', table: existing.table, column: 'a', wanted }
const diff = (extra: Partial<SchemaDiff> = {}): SchemaDiff => ({ changes: [], kept: [], conflicts: [], ...extra })
const definition = (extra: Partial<Definition>): Definition => ({ wanted, existing, options: { drop: 'definitions' }, diff: diff(), misfits: [], ...extra })

const memory = memoryTarget(memoryDatabase())
const frozen = { schemaPolicy: 'freeze' } as const
const free = { ...plainConfig, allow: ['destructive'] } as const
const become = (extra: Partial<Definition>, { target = memory, config = plainConfig, rule = {} }: Partial<Settings> = {}) =>
  evolve(target, definition(extra), source, config, rule)
type Settings = { readonly target: Target; readonly config: Parameters<typeof evolve>[3]; readonly rule: Parameters<typeof evolve>[4] }

describe('a table whose definition differs', () => {
  it.each<[what: string, SchemaDiff, rows: boolean]>([
    ['nothing', diff(), false],
    ['a new column', diff({ changes: [added] }), true],
    ['a new column among other things', diff({ changes: [alter(part('b')), added] }), true],
    ['a part that changes what rows hold', diff({ changes: [alter(part('b'), part('a', { rows: true }))] }), true],
    ['such a part that comes last', diff({ after: [alter(part('a', { rows: true }))] }), true],
    ['a part that leaves rows as they are', diff({ changes: [alter(part('i', { kind: 'index' }))] }), false],
    ['a column that only the target has', diff({ kept: ['old'] }), false],
  ])('follows, and its rows are compared where they may differ by it: %s', (_what, found, rows) => {
    expect(become({ diff: found })).toEqual({ diff: found, postpone: [], rows })
  })

  it('is refused where the target cannot follow, whatever is allowed', () => {
    const found = diff({ changes: [added], conflicts: ['the key is (a)', 'type is text'] })
    for (const settings of [{}, { rule: frozen }, { config: free }]) {
      const { refusal, ...rest } = become({ diff: found }, settings)
      expect(refusal).toMatchObject({ code: 'SCHEMA_CONFLICT', kind: 'refused', table: source.table })
      expect(refusal?.message).toMatch(/^shop\.orders .*the key is \(a\); type is text/)
      expect(rest).toEqual({ diff: found, postpone: [], rows: true })
    }
    expect(become({ existing: undefined, diff: found }).refusal?.code).toBe('SCHEMA_CONFLICT')
  })

  it('has the remedy that the target knows, or else may be dropped there', () => {
    expect(schemaConflict(source.table, wanted.table, diff({ conflicts: ['x'], remedy: 'Do this.' })).hint).toBe('Do this.')
    expect(schemaConflict(source.table, wanted.table, diff({ conflicts: ['x'] })).hint).toMatch(/drop copy\.orders/)
  })
})

describe('a frozen table', () => {
  it.each<[what: string, SchemaDiff, named: string]>([
    ['a part', diff({ changes: [alter(part('b'))] }), 'column b'],
    ['a part that comes last', diff({ after: [alter(part('f', { kind: 'foreign-key' }))] }), 'foreign key f'],
    ['a new column', diff({ changes: [added] }), 'column a'],
    ['a column that only the target has', diff({ kept: ['old'] }), 'column old'],
  ])('is refused whatever differs, and that is named: %s', (_what, found, named) => {
    const { refusal, ...rest } = become({ diff: found }, { rule: frozen })
    expect(refusal).toMatchObject({ code: 'SCHEMA_FROZEN', kind: 'refused', table: source.table, message: expect.stringContaining(named) })
    expect(refusal?.hint).toContain('schema_policy')
    expect(rest.diff).toBe(found)
    expect(become({ diff: found }, { rule: { schemaPolicy: 'evolve' } }).refusal).toBeUndefined()
  })

  it('is refused for rows that do not fit, too, whatever is allowed', () => {
    const found = { diff: diff({ changes: [alter(part('a'))] }), misfits: [{ part: 'column:a', why: 'x', canWait: true }] }
    expect(become(found, { rule: frozen, config: free }).refusal?.code).toBe('SCHEMA_FROZEN')
  })

  it('is synced where nothing differs, and made where it is not there', () => {
    expect(become({}, { rule: frozen })).toEqual({ diff: diff(), postpone: [], rows: false })
    const made = diff({ changes: [added] })
    expect(become({ existing: undefined, diff: made }, { rule: frozen })).toEqual({ diff: made, postpone: [], rows: true })
  })
})

describe('a definition that rows of the copy do not fit', () => {
  const [narrow, unique, plain] = [part('a', { narrowing: true }), part('u', { kind: 'index', action: 'add', narrowing: true }), part('p')]
  const found = diff({ changes: [alter(narrow, plain), alter(unique)] })
  const late = { part: 'index:u', why: '2 rows are alike', canWait: true }
  const never = { part: 'column:a', why: '3 rows hold NULL', canWait: false }
  const [lateOnly, both] = [
    { diff: found, misfits: [late] },
    { diff: found, misfits: [late, never] },
  ]

  it('follows the rows of the source where it can wait for them', () => {
    const asked: DiffOptions[] = []
    const later = diff({ changes: [alter(narrow, plain)], after: [alter(unique)] })
    const target: Target = {
      ...memory,
      diff: (actual, to, options) => {
        expect([actual, to]).toEqual([existing, wanted])
        asked.push(options)
        return later
      },
      makesAnew: () => true,
    }
    const result = become({ ...lateOnly, options: { drop: 'nothing', remake: ['f'] } }, { target, config: free })
    expect(result).toEqual({ diff: later, postpone: ['index:u'], rows: true })
    expect(asked).toEqual([{ drop: 'nothing', remake: ['f'], postpone: ['index:u'] }])
  })

  it('comes with a new copy where one part cannot wait, and the target makes the table anew', () => {
    const asked: WriteWork[] = []
    const target: Target = { ...memory, makesAnew: (work) => asked.push(work) > 0 }
    for (const config of [plainConfig, free]) {
      const result = become(both, { target, config })
      expect(result).toEqual({ diff: found, postpone: [], rows: true, copy: expect.stringMatching(/2 rows are alike; 3 rows hold NULL/) })
    }
    const altered = table(['id', 'kept'])
    become({ ...both, diff: { ...found, altered } }, { target })
    expect(asked.map((work) => work.existing)).toEqual([existing, existing, altered])
    expect(asked[0]).toEqual({ disposition: 'replace', schema: wanted, existing })
  })

  it('cuts what does not fit where that is allowed and nothing else is possible', () => {
    const mixed = diff({ changes: [added, alter(narrow)], kept: ['old'] })
    for (const target of [memory, { ...memory, makesAnew: () => false }]) {
      const result = become({ ...both, diff: mixed }, { target, config: free })
      expect(result).toEqual({ diff: { ...mixed, changes: [added, { ...alter(narrow), lossy: true }] }, postpone: [], rows: true, lossy: true })
    }
  })

  it('is refused otherwise, with the parts in question and no others', () => {
    const { refusal, ...rest } = become(both, { config: { ...plainConfig, allow: ['deletes'] } })
    expect(refusal).toMatchObject({ code: 'SCHEMA_NARROWS', kind: 'refused', table: source.table })
    expect(refusal?.message).toMatch(/^shop\.orders .*2 rows are alike; 3 rows hold NULL.*column a\b.*; index u\b/)
    expect(refusal?.message).not.toMatch(/column p\b/)
    expect(refusal?.hint).toMatch(/copy\.orders.*--allow destructive/)
    expect(rest).toEqual({ diff: found, postpone: [], rows: false })
  })
})

describe('the differences of a table', () => {
  it('say what was and what is to be', () => {
    expect(differencesOf(diff({ changes: [alter(part('a', { from: 'int', to: 'text' }))] }))).toEqual(['column a: text, was int'])
    expect(differencesOf(diff({ changes: [alter(part('a', { to: 'text' }))] }))).toEqual(['column a: text, was none'])
    expect(differencesOf(diff({ changes: [alter(part('a', { from: 'int' }))] }))).toEqual(['column a: none, was int'])
  })

  it('tell what is added, dropped and moved from what is changed', () => {
    const parts = (['add', 'drop', 'move'] as const).map((action) => part('k', { kind: 'primary-key', action, from: 'x' }))
    const found = differencesOf(diff({ changes: [alter(...parts, part('b', { action: 'add', to: 'text' })), added] }))
    const expected = [/^primary key k .*added$/, /^primary key k .*dropped$/, /^primary key k .*place$/, /^column b .*added.*text/, /^column a .*added$/]
    expect(found).toEqual(expected.map((text) => expect.stringMatching(text)))
  })

  it('are told in the order in which they are done, and once where something goes and comes back', () => {
    const key = part('f', { kind: 'foreign-key', from: 'x', to: 'x' })
    const found = differencesOf(diff({ before: [alter(key)], changes: [added, alter(part('b'))], after: [alter(key, part('c'))] }))
    expect(found.map((text) => text.split(/[: ]+/).slice(0, 3).join(' '))).toEqual(['foreign key f', 'column b none,', 'column c none,', 'column a is'])
  })

  it('are none where there are none, nor where a table is made', () => {
    expect(differencesOf(diff())).toEqual([])
    expect(differencesOf(diff({ changes: [{ type: 'create-table', schema: wanted }] }))).toEqual([])
  })
})
