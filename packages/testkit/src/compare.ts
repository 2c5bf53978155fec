import { hash } from 'node:crypto'
import type { ServerClient } from './client.ts'
import { quote } from './databases.ts'
import { type Fingerprint, fingerprint, readExactRows } from './fingerprint.ts'

export type DatabaseOf = { readonly server: ServerClient; readonly database: string }

export type Difference = {
  readonly table: string
  readonly what: 'missing' | 'definition' | 'rows'
  readonly message: string
}

export type CompareOptions = {
  /** The next AUTO_INCREMENT value may differ. */
  readonly ignoreAutoIncrement?: boolean
  /** Only these tables. */
  readonly tables?: readonly string[]
}

/**
 * Compares the tables of two databases, bytes and definitions, with nothing but SQL of its own: no code of dbsync has a part in it.
 * Views, triggers and routines are not compared.
 */
export async function compareDatabases(a: DatabaseOf, b: DatabaseOf, options: CompareOptions = {}): Promise<Difference[]> {
  const [inA, inB] = [await tablesOf(a), await tablesOf(b)]
  const wanted = options.tables === undefined ? undefined : new Set(options.tables)
  const differences: Difference[] = []
  for (const table of [...new Set([...inA, ...inB, ...(wanted ?? [])])].sort()) {
    if (wanted !== undefined && !wanted.has(table)) continue
    if (!inA.has(table) || !inB.has(table)) {
      const places = [inA.has(table) ? [] : [a.database], inB.has(table) ? [] : [b.database]].flat()
      differences.push({ table, what: 'missing', message: `there is no such table in ${places.join(' and ')}` })
      continue
    }
    differences.push(...(await compareDefinitions(a, b, table, options)), ...(await compareRows(a, b, table)))
  }
  return differences
}

/** Throws with one readable paragraph for each table that differs. */
export async function assertSameDatabases(a: DatabaseOf, b: DatabaseOf, options: CompareOptions = {}): Promise<void> {
  const differences = await compareDatabases(a, b, options)
  if (differences.length === 0) return
  const lines = differences.map(({ table, message }) => `- ${table}: ${message}`)
  throw new Error(`${a.database} and ${b.database} differ:\n${lines.join('\n')}`)
}

/** One SHA-256 over all rows and definitions: to see whether anything at all has changed. */
export async function databaseDigest(of: DatabaseOf): Promise<string> {
  const parts: string[] = []
  for (const table of [...(await tablesOf(of))].sort()) {
    const { rows, sha256 } = await fingerprint(of.server, of.database, table)
    parts.push(JSON.stringify([table, await definition(of, table, {}), rows, sha256]))
  }
  return hash('sha256', parts.join('\n'))
}

async function tablesOf({ server, database }: DatabaseOf): Promise<ReadonlySet<string>> {
  const rows = await server.query(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ? AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')",
    [database],
  )
  return new Set(rows.map(({ name }) => String(name)))
}

async function definition({ server, database }: DatabaseOf, table: string, options: CompareOptions): Promise<string> {
  const [row] = await server.query(`SHOW CREATE TABLE ${quote(database)}.${quote(table)}`)
  const text = String(row?.['Create Table'])
  return options.ignoreAutoIncrement ? text.replace(/^(\) ENGINE=\w+ )AUTO_INCREMENT=\d+ /m, '$1') : text
}

async function compareDefinitions(a: DatabaseOf, b: DatabaseOf, table: string, options: CompareOptions): Promise<Difference[]> {
  const [left, right] = [await definition(a, table, options), await definition(b, table, options)]
  if (left === right) return []
  const [only, others] = [onlyIn(left.split('\n'), right.split('\n')), onlyIn(right.split('\n'), left.split('\n'))]
  const lines = [...only.map((line) => `  in ${a.database} only:${line}`), ...others.map((line) => `  in ${b.database} only:${line}`)]
  return [{ table, what: 'definition', message: `SHOW CREATE TABLE differs\n${lines.join('\n') || '  in the order of its lines'}` }]
}

async function compareRows(a: DatabaseOf, b: DatabaseOf, table: string): Promise<Difference[]> {
  const [left, right] = await Promise.all([fingerprint(a.server, a.database, table), fingerprint(b.server, b.database, table)])
  if (left.sha256 === right.sha256) return []
  const lines = [...(await examples(a, table, left, right)), ...(await examples(b, table, right, left))]
  return [{ table, what: 'rows', message: `${left.rows} rows in ${a.database}, ${right.rows} in ${b.database}\n${lines.join('\n')}` }]
}

/** The first rows that `mine` has more often than `theirs`. */
async function examples(of: DatabaseOf, table: string, mine: Fingerprint, theirs: Fingerprint): Promise<string[]> {
  const missing = new Set(onlyIn(mine.hashes, theirs.hashes))
  const rows: string[] = []
  await readExactRows(of.server, of.database, table, (row) => {
    if (rows.length < 3 && missing.has(hash('sha256', row, 'base64'))) rows.push(row.length > 600 ? `${row.slice(0, 600)}…` : row)
  })
  return missing.size === 0 ? [] : [`  ${missing.size} different rows in ${of.database} only, such as`, ...rows.map((row) => `    ${row}`)]
}

/** Multiset difference. */
function onlyIn(mine: readonly string[], theirs: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const item of theirs) counts.set(item, (counts.get(item) ?? 0) + 1)
  return mine.filter((item) => {
    const left = counts.get(item) ?? 0
    counts.set(item, left - 1)
    return left <= 0
  })
}
