import { bigQueryMissing, quote } from '@dbsync/testkit'
import { expect, it } from 'vitest'
import { said, startDbsync } from './dbsync.ts'
import { fleet, ordersOf, usersOf } from './fleet.ts'

const TENANTS = Number(process.env.DBSYNC_FLEET_TENANTS ?? 20)

type Report = {
  readonly report: {
    readonly status: string
    readonly ms: number
    readonly tables: readonly { readonly id: string; readonly outcome: string; readonly inserted: number; readonly error?: { readonly code: string } }[]
    readonly unplanned?: readonly { readonly database: string; readonly error: { readonly code: string } }[]
  }
}

it.skipIf(await bigQueryMissing())(
  'a fleet of tenants goes into one dataset; who is down or does not fit stays behind alone',
  { timeout: 1_800_000 },
  async () => {
    await using here = await fleet(TENANTS, { performance_settings: { parallel_tables: 5 } })
    const { tenants, rest, source } = here
    const last = tenants.length - 1
    const [odd, down, leaving] = [tenants[2] ?? '', tenants[3] ?? '', tenants[4] ?? '']
    /** Five have other columns than the rest, in ways that go together. */
    const diverging = [
      'ALTER TABLE orders ADD COLUMN vip TINYINT NOT NULL DEFAULT 1',
      'ALTER TABLE orders DROP COLUMN note',
      'ALTER TABLE orders MODIFY amount BIGINT UNSIGNED FIRST',
      'ALTER TABLE orders MODIFY amount DECIMAL(12,2)',
      'ALTER TABLE orders ADD COLUMN (born DATE, tags JSON)',
    ]
    const alter = async (tenant: string, sql: string) => {
      const session = await source.connect({ database: tenant })
      await session.query(sql)
      await session.end()
    }
    for (const [i, sql] of diverging.entries()) await alter(tenants[last - i] ?? '', sql)
    await alter(odd, 'ALTER TABLE orders MODIFY amount VARCHAR(20)')
    await source.query(`DROP DATABASE ${quote(down)}`)

    let since = Date.now()
    const measured = (what: string, started = since) => {
      since = Date.now()
      const { jobs, requests } = here.asked()
      process.stdout.write(`${tenants.length} tenants, ${what}: ${((Date.now() - started) / 1000).toFixed(1)} s, ${jobs} jobs, ${requests} other requests\n`)
    }
    const run = async (what: string, ...args: string[]) => {
      const started = Date.now()
      const outcome = await here.dbsync('run', '--json', ...args)
      measured(what, started)
      return { ...outcome, report: (outcome.json as Report).report }
    }
    /** Everyone has their own rows, and nobody another's. */
    const holds = async (table: string, rowsOf: (tenant: number) => number, missing: readonly string[]) => {
      const found = await rest.query(`SELECT tenant_id, owner, CAST(COUNT(*) AS STRING) FROM ${here.at(table)} GROUP BY 1, 2 ORDER BY 1`)
      const there = tenants.flatMap((tenant, i) => (rowsOf(i) === 0 || missing.includes(tenant) ? [] : [[tenant, tenant, String(rowsOf(i))]]))
      expect(found, table).toEqual(there)
    }

    const dry = await here.dbsync('run', '--dry-run', '--database', odd)
    expect(dry.code, said(dry)).toBe(0)
    here.asked()

    const first = await run('first run')
    expect(first.code, said(first)).toBe(1)
    expect(first.report.unplanned).toMatchObject([{ database: down, error: { code: 'DATABASE_NOT_VISIBLE' } }])
    expect(first.report.tables.filter(({ outcome }) => outcome !== 'synced')).toMatchObject([
      { id: `bq/${odd}.orders`, outcome: 'refused', error: { code: 'SCHEMA_CONFLICT' } },
    ])
    await holds('orders', ordersOf, [odd, down])
    await holds('users', usersOf, [down])
    const columns = await rest.query(`SELECT column_name, data_type FROM ${here.at('INFORMATION_SCHEMA.COLUMNS')} WHERE table_name = 'orders'`)
    expect(new Map(columns as [string, string][]).get('amount')).toBe('NUMERIC')

    // Everybody gets the same new column, and some are run.
    for (const tenant of tenants.filter((name) => name !== down)) await alter(tenant, 'ALTER TABLE orders ADD COLUMN region VARCHAR(10) DEFAULT "eu"')
    const some = [odd, down, leaving, tenants[5] ?? ''].flatMap((name) => ['--database', name])
    here.asked()
    const text = await here.dbsync('run', ...some)
    const alters = here.proxy.requests.filter(({ body }) => body.includes('ADD COLUMN IF NOT EXISTS `region`'))
    measured('run with one new column')
    expect(text.code).toBe(1)
    for (const part of [`${down}: Database ${down} cannot be seen`, `${odd}.orders refused`, '1 database was left out']) expect(text.stdout).toContain(part)
    expect(alters).toHaveLength(1)
    await holds('orders', ordersOf, [odd, down])
    const quiet = await run('quiet run', ...some)
    expect(quiet.report.tables.filter(({ outcome }) => outcome === 'synced')).toEqual([])

    // The one that does not fit, kept beside the others.
    await here.target({ on_type_conflict: 'new-column' })
    const shown = await here.dbsync('run', '--dry-run', '--database', odd)
    expect(shown.stdout).toContain('`amount__string`')
    expect(shown.stdout).toContain('column amount is kept in amount__string')
    expect((await run('one tenant', '--database', odd)).code).toBe(0)
    expect((await here.dbsync('verify', '--database', odd)).code).toBe(0)
    await holds('orders', ordersOf, [down])
    expect(await rest.query(`SELECT amount__string FROM ${here.at('orders')} WHERE tenant_id = '${odd}' AND id = 2 AND amount IS NULL`)).toEqual([['6']])

    // One leaves, and the first try is killed between two tables.
    await source.query(`DROP DATABASE ${quote(leaving)}`)
    const preview = await here.dbsync('purge', '--database', leaving, '--dry-run', '--json')
    expect(preview.json).toMatchObject({ status: 'planned', rows: ordersOf(4) + usersOf(4) })
    await holds('users', usersOf, [down])
    here.proxy.add({ fault: { type: 'slow', milliseconds: 60_000 }, when: ({ body }) => body.includes('DELETE FROM'), skip: 1 })
    const killed = startDbsync(['purge', '--database', leaving, '--yes'], { cwd: here.directory })
    while (!here.proxy.requests.some(({ fault }) => fault !== undefined)) await new Promise((resolve) => setTimeout(resolve, 20))
    killed.process.kill('SIGKILL')
    await killed.ended
    here.proxy.heal()
    const purged = await here.dbsync('purge', '--database', leaving, '--yes', '--json')
    expect(purged.code, said(purged)).toBe(0)
    await holds('orders', ordersOf, [down, leaving])
    await holds('users', usersOf, [down, leaving])
    const again = await here.dbsync('purge', '--database', leaving, '--yes', '--json')
    expect(again).toMatchObject({ code: 2, json: { error: { code: 'PURGE_UNKNOWN' } } })
  },
)
