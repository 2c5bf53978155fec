import { expect, test } from 'vitest'
import { bench, point, signal } from './testing.ts'
import { refuseUnfinished } from './unfinished.ts'

test('a target that can make no backup points has no unfinished rollback', async () => {
  await expect(refuseUnfinished(undefined, ['shop'], signal)).resolves.toBeUndefined()
})

test('only a rollback of the databases that are asked for is in the way', async () => {
  const { backups } = bench([point('old')])
  backups.unfinished = async (databases) => (databases.includes('shop') ? { point: 'old', databases: ['shop', 'stock'], note: null } : undefined)
  await refuseUnfinished(backups, ['stock'], signal)
  await expect(refuseUnfinished(backups, ['stock', 'shop'], signal)).rejects.toMatchObject({
    code: 'ROLLBACK_UNFINISHED',
    message: expect.stringContaining('shop, stock'),
  })
})
