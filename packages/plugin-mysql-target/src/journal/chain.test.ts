import type { BackupManifest, BackupPoint } from '@dbsync/core/plugin'
import { expect, test } from 'vitest'
import { journalsBack } from './chain.ts'

const point = (number: number, kind: BackupPoint['kind'], run: string | null = 'r'): BackupPoint => ({
  name: `backup_point_20260101_00000${number}${kind === 'dump' ? '.sql.gz' : '.journal'}`,
  path: '',
  kind,
  bytes: 1,
  madeAt: `2026-01-01T00:00:0${number}.000Z`,
  manifest: { run } as BackupManifest,
})
const [one, two, three] = [point(1, 'journal'), point(2, 'journal'), point(3, 'journal')]
const previous = new Map<string, string | null>([
  [one.name, 'backup_point_20251231_000000.journal'],
  [two.name, one.name],
  [three.name, two.name],
])

test('goes back from the newest journal to the one that is wanted', () => {
  expect(journalsBack(one, [two, three, one], previous)).toEqual([three, two, one])
  expect(journalsBack(three, [two, three, one], previous)).toEqual([three])
})

test('a dump that was made by hand changed nothing', () => {
  expect(journalsBack(one, [three, point(2, 'dump', null), two, one], previous)).toEqual([three, two, one])
})

test('refuses where a link is missing, or says nothing', () => {
  expect(() => journalsBack(one, [three, one], previous)).toThrow(`${two.name} is missing, which ${three.name} follows`)
  expect(() => journalsBack(one, [three, two, one], new Map([[two.name, one.name]]))).toThrow('cannot be read')
  const dump = point(2, 'dump')
  expect(() => journalsBack(one, [three, dump, one], new Map([...previous, [three.name, dump.name]]))).toThrow(`${dump.name} is a dump of a later run`)
})

test('points of one second are told apart by their number', () => {
  const [second, tenth] = ['_2', '_10'].map((more) => ({ ...one, name: one.name.replace('.', `${more}.`) })) as [BackupPoint, BackupPoint]
  const chain = new Map<string, string | null>([...previous, [second.name, one.name], [tenth.name, second.name]])
  expect(journalsBack(one, [tenth, second, one], chain)).toEqual([tenth, second, one])
})
