import { expect, it } from 'vitest'
import { int, items, text } from '../run/testing.ts'
import type { DatabaseState, TargetState } from './records.ts'
import { printForm, validPrint, withoutPrints } from './source-print.ts'

const byDigest = { by: 'digest', form: 'f', at: '2025-01-01T00:00:00.000Z', rows: 3, sum: '77' }
const byTime = { by: 'time', form: 'f', at: '2025-01-01T00:00:00.000Z', rows: 3, since: { updated_at: '2025-01-01' }, window: 'w' }

const saved = (source_print: unknown, sync_status: TargetState['sync_status'] = 'SUCCESS'): TargetState =>
  ({
    ...{ last_sync_time: null, sync_status, sync_mode: 'INCREMENTAL', records_synced: 0, error_message: null, updated_at: '', position: null },
    ...{ compared_at: null, source_id: '', target_id: '', target_database: '', source_print },
  }) as TargetState

it('is worth something after a run that went well, of the form that rows have today', () => {
  for (const print of [byDigest, byTime]) {
    expect(validPrint(saved(print), 'f')).toEqual(print)
    expect(validPrint(saved(print), 'g')).toBeUndefined()
    expect(validPrint(saved(print, 'FAILED'), 'f')).toBeUndefined()
  }
  expect(validPrint(undefined, 'f')).toBeUndefined()
  expect(validPrint(saved(undefined), 'f')).toBeUndefined()
})

it.each([
  ['no object', [byDigest]],
  ['no moment', { ...byDigest, at: undefined }],
  ['a number as its moment', { ...byDigest, at: 2025 }],
  ['a moment that is none', { ...byDigest, at: 'yesterday' }],
  ['no rows', { ...byDigest, rows: undefined }],
  ['half a row', { ...byDigest, rows: 1.5 }],
  ['a digest without a sum', { ...byDigest, sum: undefined }],
  ['a digest whose sum is a number', { ...byDigest, sum: 77 }],
  ['a time without a window', { ...byTime, window: undefined }],
  ['a time without a beginning', { ...byTime, since: undefined }],
  ['a time whose beginning is a text', { ...byTime, since: '2025' }],
  ['a look of another kind, with all of both', { ...byTime, ...byDigest, by: 'guess' }],
  ['a digest that has what a time has', { ...byTime, by: 'digest' }],
  ['a time that has what a digest has', { ...byDigest, by: 'time' }],
])('is worth nothing where it is of another shape: %s', (_, print) => {
  expect(validPrint(saved(print), 'f')).toBeUndefined()
})

it('has another form for another definition at either end, and for another setting of the target', () => {
  const wanted = { ...items, table: { database: 'copy', name: 'items' } }
  const wider = { columns: [int('id'), text('name'), text('more')] }
  const forms = [
    printForm(items, wanted, { form: 'a' }),
    printForm(items, wanted, { form: 'b' }),
    printForm({ ...items, ...wider }, wanted, { form: 'a' }),
    printForm(items, { ...wanted, ...wider }, { form: 'a' }),
    printForm(items, { ...wanted, key: [] }, { form: 'a' }),
    printForm(items, items, { form: 'a' }),
  ]
  expect(new Set(forms).size).toBe(forms.length)
  expect(printForm({ ...items, estimate: { rows: 9, bytes: 9 } }, wanted, { form: 'a' })).toBe(forms[0])
})

it('is left out of a state that takes the place of another one, and nothing else is', () => {
  const table = { targets: { copy: saved(byDigest), far: saved(byTime) } }
  const state = { tables: { items: table, old: { sync_status: 'SUCCESS' } } } as unknown as DatabaseState
  const { tables } = withoutPrints(state)
  const { source_print: _, ...rest } = saved(byDigest)
  expect(tables).toEqual({ items: { targets: { copy: rest, far: rest } }, old: { sync_status: 'SUCCESS' } })
  expect(state.tables['items']?.targets?.['copy']).toHaveProperty('source_print')
})
