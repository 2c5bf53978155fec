import { expect, test } from 'vitest'
import type { BackupPoint } from '../contract/backups.ts'
import { refuseOvertaken } from './overtaken.ts'
import { bench, point, unproved } from './testing.ts'

const tables = (...names: readonly string[]) => ({ tables: names.map((name) => ({ database: 'shop', name, rows: 1, digest: null })) })
const planned = point('old', tables('t'))

async function refused(now: readonly BackupPoint[], then = planned): Promise<unknown> {
  return await refuseOvertaken(bench(now).backups, then).catch((error: unknown) => error)
}

test('a point that is as it was may be gone back to, whatever has come beside it', async () => {
  expect(await refused([planned])).toBeUndefined()
  expect(await refused([point('newer', tables('u')), planned])).toBeUndefined()
  expect(await refused([unproved(planned)], unproved(planned))).toBeUndefined()
})

test.each<[string, readonly BackupPoint[]]>([
  ['is gone', []],
  ['is gone, and another holds the same tables', [{ ...planned, name: 'newer' }]],
  ['undoes another table too', [point('old', tables('t', 'u'))]],
  ['has lost what proves it', [unproved(planned)]],
  ['lies elsewhere', [{ ...planned, path: '/backups/old.unfinished' }]],
])('a point that %s is not gone back to', async (_, now) => {
  expect(await refused(now)).toMatchObject({ code: 'ROLLBACK_OVERTAKEN', kind: 'refused' })
})

test('a file of another tool that is gone is not gone back to', async () => {
  expect(await refused([], unproved(planned))).toMatchObject({ code: 'ROLLBACK_OVERTAKEN' })
})
