import { expect, test } from 'vitest'
import { said } from './dbsync.ts'
import { project } from './project.ts'

type Shown = { readonly values: readonly { readonly key: string; readonly value: unknown; readonly source: string }[] }

test('the configuration in force: where each value is from, without a secret, and of a profile', async () => {
  await using work = await project()
  await work.write('params.json', { ...work.params, db_pass: 'hunter2', retry_delay: 7 })
  await work.write('sync-config.staging.json', {
    sync_settings: { max_delete_percent: 3 },
    table_settings: { tables: { 'shop.*': { mode: 'digest' }, orders: { timestamp_columns: ['seen'], lookback_minutes: 5, schema_policy: 'freeze' } } },
  })
  const shown = await work.dbsync('config', 'show', '--json')
  expect(shown.code, said(shown)).toBe(0)
  const of = (outcome: typeof shown, key: string) => (outcome.json as Shown).values.find((value) => value.key === key)
  expect(of(shown, 'retry_delay')).toMatchObject({ value: '7s', source: expect.stringContaining('params.json line') })
  expect(of(shown, 'sync_settings.max_delete_percent')).toMatchObject({ value: 20, source: 'default' })
  expect(of(shown, 'db_pass')).toMatchObject({ value: '***' })

  const staging = await work.dbsync('config', 'show', '--json', '--profile', 'staging')
  expect(of(staging, 'sync_settings.max_delete_percent')).toMatchObject({ value: 3, source: expect.stringContaining('sync-config.staging.json') })
  expect(of(staging, 'retry_delay')).toMatchObject({ value: '7s' })
  // As they are called in the file.
  const inFile = expect.stringContaining('sync-config.staging.json') as string
  expect((staging.json as Shown).values.filter(({ key }) => key.startsWith('table_settings.tables'))).toEqual([
    { key: 'table_settings.tables.shop.*.mode', value: 'digest', source: inFile },
    { key: 'table_settings.tables.orders.schema_policy', value: 'freeze', source: inFile },
    { key: 'table_settings.tables.orders.timestamp_columns', value: ['seen'], source: inFile },
    { key: 'table_settings.tables.orders.lookback_minutes', value: 5, source: inFile },
  ])
  for (const { key } of (shown.json as Shown).values.filter((value) => !value.key.startsWith('targets.'))) expect(key).toMatch(/^[a-z_.]+$/)
  const text = await work.dbsync('config', 'show', '--sources', '--profile', 'staging')
  expect(text.stdout).toMatch(/^sync_settings\.max_delete_percent +3 +sync-config\.staging\.json/m)
  expect(text.stdout + shown.stdout).not.toContain('hunter2')

  for (const name of ['none', '../x', '']) {
    const refused = await work.dbsync('config', 'show', '--json', '--profile', name)
    expect([refused.code, refused.json], said(refused)).toMatchObject([2, { error: { code: 'NO_SUCH_PROFILE' } }])
  }
})
