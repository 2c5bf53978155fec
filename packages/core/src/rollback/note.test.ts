import { expect, test } from 'vitest'
import { beforeRollback, isRollbackNote, parseNote, type RollbackNote } from './note.ts'

const note = {
  version: 1,
  target: 'copy',
  positions: { shop: { t: null } },
  tables: [{ database: 'shop', name: 't' }],
  before: 'before',
  proved: true,
} satisfies RollbackNote

test('a note is read as it was written, with positions and without', () => {
  expect(parseNote(note)).toEqual(note)
  expect(parseNote({ ...note, positions: null })).toEqual({ ...note, positions: null })
})

test.each([null, 'x', [], {}, { ...note, version: 2 }])('a rollback is not finished by the note %j of another version', (value) => {
  expect(() => parseNote(value)).toThrow('another version')
})

test.each([5, [], { shop: 5 }, { shop: { t: 'x' } }])('a rollback is not finished by a note with the positions %j', (positions) => {
  expect(() => parseNote({ ...note, positions })).toThrow('damaged')
})

test('a point that a rollback made is told from the others', () => {
  expect(isRollbackNote(beforeRollback({}, 'old') as never)).toBe(true)
  for (const state of [{ tables: {} }, { rollbackTo: null }, null, 'rollbackTo', []]) expect(isRollbackNote(state)).toBe(false)
})
