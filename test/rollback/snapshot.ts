import { type DatabaseOf, fingerprint, quote } from '@dbsync/testkit'

/** Definitions, triggers and rows of every table, by nothing but SQL of the test's own. */
export async function snapshot({ server, database }: DatabaseOf, without: readonly string[] = []): Promise<ReadonlyMap<string, string>> {
  const state = new Map<string, string>()
  for (const name of await tablesOf({ server, database })) {
    if (without.includes(name)) continue
    const [row] = await server.query(`SHOW CREATE TABLE ${quote(database)}.${quote(name)}`)
    const { rows, sha256 } = await fingerprint(server, database, name)
    state.set(name, JSON.stringify([row?.['Create Table'], rows, sha256]))
  }
  return state
}

/** The triggers as they fire: table, moment, order, text. */
export async function triggers({ server, database }: DatabaseOf): Promise<readonly unknown[]> {
  return await server.query(
    'SELECT trigger_name, event_object_table, action_timing, event_manipulation, action_order, action_statement, sql_mode, definer, collation_connection FROM information_schema.triggers WHERE trigger_schema = ? ORDER BY trigger_name',
    [database],
  )
}

async function tablesOf({ server, database }: DatabaseOf): Promise<readonly string[]> {
  const rows = await server.query(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ? AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')",
    [database],
  )
  return rows.map(({ name }) => String(name)).sort()
}
