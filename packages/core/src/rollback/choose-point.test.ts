import { expect, test } from 'vitest'
import type { BackupPoint } from '../contract/backups.ts'
import { SyncError } from '../errors/sync-error.ts'
import type { JsonValue } from '../model/json.ts'
import { choosePoint, isPointNamed } from './choose-point.ts'
import { point, unproved } from './testing.ts'

const at = (path: string, name: string): BackupPoint => ({ ...point(name), path })

function hintOf(choose: () => unknown): string | undefined {
  try {
    choose()
  } catch (error) {
    if (SyncError.is(error) && error.code === 'BACKUP_POINT_UNKNOWN') return error.hint
    throw error
  }
  throw new Error('a point was chosen')
}

test.each([
  ['latest', 'run'],
  ['backup_point_20261121_020000', 'backup_point_20261121_020000.sql.gz'],
  ['backup_point_20261121_020000.sql.gz', 'backup_point_20261121_020000.sql.gz'],
  ['/backups/run', 'run'],
  ['20261121T020000Z-abcdef', 'run'],
])('%s means %s', (wanted, name) => {
  const rolledBack = { tables: {}, rollbackTo: 'x' } as unknown as JsonValue
  const points = [
    unproved(point('file.sql.gz')),
    point('before', { state: rolledBack }),
    point('elsewhere', { target: 'other', run: '20261121T020000Z-abcdef' }),
    point('run', { run: '20261121T020000Z-abcdef' }),
    point('backup_point_20261121_020000.sql.gz'),
  ]
  expect(choosePoint(points, wanted, 'copy').name).toBe(name)
})

test('a name that no point has is answered with those that there are', () => {
  expect(() => choosePoint([point('old')], 'new', 'copy')).toThrow(
    expect.objectContaining({ code: 'BACKUP_POINT_UNKNOWN', kind: 'config', hint: expect.stringContaining('old') }),
  )
  expect(() => choosePoint([], 'latest', 'copy')).toThrow(
    expect.objectContaining({ code: 'BACKUP_POINT_UNKNOWN', kind: 'config', hint: expect.stringContaining('backup_before_sync') }),
  )
})

test.each([
  [10, ['p1', 'p10'], ['…', 'p11']],
  [11, ['p1, p2', 'p10', '…'], ['p11']],
])('of %i points an answer names ten, and says where there are more', (count, told, untold) => {
  const points = Array.from({ length: count }, (_, index) => point(`p${index + 1}`))
  const hint = hintOf(() => choosePoint(points, 'none', 'copy'))
  for (const part of told) expect(hint).toContain(part)
  for (const part of untold) expect(hint).not.toContain(part)
})

test.each(['./backups/old.sql.gz', 'backups/old.sql.gz', '/srv/backups/old.sql.gz'])('the path %s means the point that lies there', (wanted) => {
  const points = [at('/elsewhere/old.sql.gz', 'elsewhere'), at('/srv/backups/old.sql.gz', 'here')]
  expect(choosePoint(points, wanted, 'copy').name).toBe('here')
})

test.each(['ld.sql.gz', 'backups', '/srv', 'old.sql', 'ol'])('the part %s of a path means no point', (wanted) => {
  expect(() => choosePoint([at('/srv/backups/old.sql.gz', 'old.sql.gz')], wanted, 'copy')).toThrow(expect.objectContaining({ code: 'BACKUP_POINT_UNKNOWN' }))
})

test.each([
  ['old', 'old.journal'],
  ['shop.main', 'shop.main.sql'],
])('%s without its ending means %s', (wanted, name) => {
  expect(choosePoint([point(name)], wanted, 'copy').name).toBe(name)
})

test('two points of one name are told apart by the user, and never guessed', () => {
  const points = [at('/a/old.sql.gz', 'old.sql.gz'), at('/b/old.journal', 'old.journal'), point('third')]
  expect(hintOf(() => choosePoint(points, 'old', 'copy'))).toContain('old.sql.gz, old.journal')
  expect(hintOf(() => choosePoint(points, 'old', 'copy'))).not.toContain('third')
  expect(choosePoint(points, '/b/old.journal', 'copy').name).toBe('old.journal')
})

test('of two points of one run the older one is meant', () => {
  const points = [point('second', { run: 'run-1' }), point('first', { run: 'run-1' }), point('another', { run: 'run-0' })]
  expect(choosePoint(points, 'run-1', 'copy').name).toBe('first')
})

test('the name of a point goes before the run of another', () => {
  expect(choosePoint([point('later', { run: 'old' }), point('old')], 'old', 'copy').name).toBe('old')
})

test.each([
  ['old.sql.gz', true],
  ['old', true],
  ['/backups/old.sql.gz', true],
  ['C:\\backups\\old.sql.gz', true],
  ['C:\\backups/old.sql.gz', true],
  ['old.sql', false],
  ['older.sql.gz', false],
  ['/backups/older.sql.gz', false],
  ['run-1', false],
])('whether %s is old.sql.gz, which may be gone: %s', (wanted, is) => {
  expect(isPointNamed(wanted, 'old.sql.gz', [point('other', { run: 'run-1' })])).toBe(is)
})

test('a run means the point that was made for it', () => {
  expect(isPointNamed('run-1', 'old.sql.gz', [point('other', { run: 'run-0' }), point('old.sql.gz', { run: 'run-1' })])).toBe(true)
})
