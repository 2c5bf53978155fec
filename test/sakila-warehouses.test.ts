import { createHash } from 'node:crypto'
import { bigQueryMissing } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { said } from './dbsync.ts'
import { type Copy, intoBigQuery, intoDuckDb } from './sakila-copies.ts'
import { type Cells, type SakilaTenants, type SourceColumn, sakilaTenants } from './sakila-tenants.ts'
import { SAKILA_CHANGES } from './samples.ts'

/**
 * An emulator takes minutes for all tables: DBSYNC_BIGQUERY_SAKILA=1 asks for that. These are of every type and every way to be copied: geometries, YEAR,
 * ENUM, SET and DECIMAL, bytes, by time, without a key. The large ones among the others are more of the same.
 */
const FEW = process.env.DBSYNC_BIGQUERY_SAKILA === undefined ? ['address', 'film', 'staff', 'events', 'visits'] : []

const WAREHOUSES = [
  { name: 'BigQuery', what: 'dataset of BigQuery', missing: await bigQueryMissing(), tables: FEW, open: intoBigQuery },
  { name: 'DuckDB', what: 'file of DuckDB', missing: false, tables: [], open: intoDuckDb },
]

type Report = {
  readonly ms: number
  readonly tables: readonly {
    readonly id: string
    readonly outcome: string
    readonly strategy: string
    readonly inserted: number
    readonly updated: number
    readonly deleted: number
  }[]
}

test.for(WAREHOUSES)(
  'three shops go into one $what, and follow their sources there',
  { timeout: 1_800_000 },
  async ({ name, missing, tables, open }, { skip }) => {
    if (missing) skip('there is no emulator')
    await using work = await sakilaTenants(tables)
    await using copy = await open(work)
    const [first, second, third] = work.tenants
    await work.target(copy.settings)
    const run = async (what: string, ...args: readonly string[]): Promise<Report> => {
      const outcome = await work.dbsync('run', '--json', ...args)
      if (outcome.code !== 0) throw new Error(said(outcome))
      const { report } = outcome.json as { readonly report: Report }
      process.stdout.write(`${name}, ${what}: ${(report.ms / 1000).toFixed(1)} s, ${report.tables.length} tables, ${rowsOf(report)}; ${await copy.size()}\n`)
      return report
    }
    const copies = work.tables.size * work.tenants.length

    const began = await run('first run')
    expect(began.tables.filter(({ outcome }) => outcome === 'synced')).toHaveLength(copies)
    const loaded = await contents(work, copy)
    await expectSame(work, loaded)
    for (const tenant of work.tenants) expect(loaded.modes(tenant)).toEqual(['FULL'])

    const before = await copy.written()
    const quiet = await run('nothing has changed')
    expect(quiet.tables.map(({ outcome }) => outcome)).toEqual(Array.from({ length: copies }, () => 'unchanged'))
    expect(await copy.written()).toBe(before)

    await change(work)
    const changed = await run('two shops have changed')
    const of = (tenant: string, table: string) => changed.tables.find(({ id }) => id.endsWith(`${tenant}.${table}`))
    // What came late is among them, and no whole comparison was needed to find it.
    expect(of(first, 'events')).toMatchObject({ strategy: 'time', inserted: 2, updated: 3, deleted: 0 })
    expect(of(second, 'events')).toMatchObject({ strategy: 'time', inserted: 1, updated: 3, deleted: 0 })
    // Six new and four gone; the others of their kind are written again with them.
    expect((of(first, 'visits')?.inserted ?? 0) - (of(first, 'visits')?.deleted ?? 0)).toBe(2)
    expect(changed.tables.filter(({ id, outcome }) => id.includes(third) && outcome !== 'unchanged')).toEqual([])
    const followed = await contents(work, copy)
    await expectSame(work, followed)
    expect(followed.digests(third)).toEqual(loaded.digests(third))
    expect(followed.modes(first)).toEqual(['FULL', 'INCREMENTAL'])
    expect(followed.modes(second)).toEqual(['FULL', 'INCREMENTAL'])

    // What no timestamp tells of.
    await work.at(second, "UPDATE events SET what = 'unseen', updated_at = updated_at WHERE id BETWEEN 10 AND 20")
    const started = Date.now()
    await run('one shop in full', '--full', '--database', second)
    const full = await contents(work, copy)
    await expectSame(work, full)
    for (const tenant of [first, third]) expect(full.digests(tenant)).toEqual(followed.digests(tenant))
    expect(full.modes(second)).toEqual(['FULL'])
    expect(full.oldest(second)).toBeGreaterThanOrEqual(started)

    const verifying = Date.now()
    const verified = await work.dbsync('verify', '--json')
    expect(verified.code, said(verified)).toBe(0)
    process.stdout.write(`${name}, verify: ${((Date.now() - verifying) / 1000).toFixed(1)} s; ${await copy.size()}\n`)
  },
)

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
const rowsOf = ({ tables }: Report): string =>
  (['inserted', 'updated', 'deleted'] as const).map((what) => `${sum(tables.map((table) => table[what]))} ${what}`).join(', ')

/** A day at the first shop, less of one at the second, none at the third. */
async function change(work: SakilaTenants): Promise<void> {
  const [first, second] = work.tenants
  // Committed after the run, with a time from before its position: within the lookback that is set, but not within the usual ten minutes.
  const late = `NOW(6) - INTERVAL ${work.lookbackMinutes - 10} MINUTE`
  for (const tenant of [first, second]) {
    await work.at(
      tenant,
      `UPDATE events SET what = 'changed late', updated_at = ${late} WHERE id = 7`,
      "INSERT INTO events (id, what) VALUES (5002, 'new')",
      "UPDATE events SET what = 'changed' WHERE id IN (8, 2000)",
      "DELETE FROM visits WHERE page = 'page 7' LIMIT 3",
      'DELETE FROM visits WHERE page IS NULL LIMIT 1',
      "INSERT INTO visits SELECT page, visitor, at FROM visits WHERE page = 'page 9' LIMIT 3",
      "INSERT INTO visits VALUES ('new', 1, NULL), ('new', 1, NULL), ('', NULL, NULL)",
    )
  }
  await work.at(first, `INSERT INTO events VALUES (5001, 'late', ${late})`, ...SAKILA_CHANGES)
  await work.at(
    second,
    "UPDATE customer SET last_name = 'Ünïcode', last_update = NOW() WHERE customer_id % 50 = 2",
    'DELETE FROM payment WHERE payment_id % 333 = 0',
    "UPDATE film SET special_features = 'Trailers,Deleted Scenes', rating = 'NC-17', release_year = 1999, rental_rate = 0 WHERE film_id % 100 = 3",
    "UPDATE address SET location = ST_GeomFromText('LINESTRING(0 0, 1.5 -2)', 3857) WHERE address_id < 4",
    "UPDATE staff SET picture = x'00' WHERE staff_id = 1",
  )
}

/** What the warehouse holds, by tenant and table. */
type Contents = {
  rows(tenant: string, table: string): readonly string[]
  /** Of all that is in the tenant's rows, columns of dbsync's own too, by table. */
  digests(tenant: string): Readonly<Record<string, string>>
  /** The values of `sync_mode`. */
  modes(tenant: string): readonly string[]
  /** The earliest `sync_timestamp`, in milliseconds. */
  oldest(tenant: string): number
}

/** Throws where rows are of nobody. */
async function contents({ tables, tenants }: SakilaTenants, copy: Copy): Promise<Contents> {
  const held = new Map<string, { readonly rows: string[]; readonly whole: string[]; readonly modes: Set<string>; readonly stamps: Set<string> }>()
  const place = (tenant: string, table: string) => {
    const found = held.get(`${tenant} ${table}`)
    if (found === undefined) throw new Error(`${table} has rows of ${tenant}`)
    return found
  }
  for (const [table, columns] of tables) {
    for (const tenant of tenants) held.set(`${tenant} ${table}`, { rows: [], whole: [], modes: new Set(), stamps: new Set() })
    for (const [tenant, mode, stamp, whole, ...cells] of await copy.rows(table, columns)) {
      const { rows, modes, stamps, ...more } = place(String(tenant), table)
      rows.push(line(cells, columns))
      more.whole.push(String(whole))
      modes.add(String(mode))
      stamps.add(String(stamp))
    }
  }
  const names = [...tables.keys()]
  return {
    rows: (tenant, table) => place(tenant, table).rows.sort(),
    digests: (tenant) =>
      Object.fromEntries(names.map((table) => [table, createHash('sha256').update(place(tenant, table).whole.sort().join('\n')).digest('hex')])),
    modes: (tenant) => [...new Set(names.flatMap((table) => [...place(tenant, table).modes]))].sort(),
    oldest: (tenant) => Math.min(...names.flatMap((table) => [...place(tenant, table).stamps].map((stamp) => Number(stamp) / 1000))),
  }
}

async function expectSame(work: SakilaTenants, copy: Contents): Promise<void> {
  for (const tenant of work.tenants) {
    for (const [table, columns] of work.tables) {
      const source = (await work.rows(tenant, table)).map((cells) => line(cells, columns)).sort()
      expect(source.length, table).toBeGreaterThan(0)
      expect(differences(source, copy.rows(tenant, table)), `${tenant}.${table}`).toEqual({ missing: [], superfluous: [] })
    }
  }
}

/** One engine prints zeros at the end of a decimal, the other does not. */
const line = (cells: Cells, columns: readonly SourceColumn[]): string =>
  JSON.stringify(cells.map((cell, i) => (columns[i]?.kind === 'decimal' && cell?.includes('.') ? cell.replace(/\.?0+$/, '') : cell)))

/** The first few lines that one of two sorted lists has more often than the other. */
function differences(expected: readonly string[], found: readonly string[]): { readonly missing: readonly string[]; readonly superfluous: readonly string[] } {
  const [missing, superfluous]: [string[], string[]] = [[], []]
  for (let i = 0, j = 0; i < expected.length || j < found.length; ) {
    const [left, right] = [expected[i], found[j]]
    if (left !== undefined && left === right) {
      i++
      j++
    } else if (right === undefined || (left !== undefined && left < right)) missing.push(expected[i++] ?? '')
    else superfluous.push(found[j++] ?? '')
  }
  return { missing: missing.slice(0, 5), superfluous: superfluous.slice(0, 5) }
}
