import type { DatabaseOf } from '@dbsync/testkit'
import { command, say } from './say.ts'

/** Compares all tables with the servers' own CHECKSUM TABLE, and prints the statements and the answers. */
export async function compareByChecksum(source: DatabaseOf, target: DatabaseOf): Promise<boolean> {
  const rows = await source.server.query(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ? AND table_type = 'BASE TABLE' ORDER BY 1",
    [source.database],
  )
  const tables = rows.map(({ name }) => String(name))
  const [here, there] = [await checksums(source, tables), await checksums(target, tables)]
  const width = Math.max(...tables.map((table) => table.length))
  say(`${'table'.padEnd(width)}  ${'source'.padStart(10)}  ${'target'.padStart(10)}`)
  for (const [i, table] of tables.entries()) {
    say(`${table.padEnd(width)}  ${String(here[i]).padStart(10)}  ${String(there[i]).padStart(10)}  ${here[i] === there[i] ? '=' : '≠  DIFFERENT'}`)
  }
  const same = tables.every((_, i) => here[i] === there[i] && here[i] !== null)
  say(same ? `All ${tables.length} tables are equal.` : 'The two sides differ.')
  return same
}

async function checksums({ server, database }: DatabaseOf, tables: readonly string[]): Promise<unknown[]> {
  const sql = `CHECKSUM TABLE ${tables.map((table) => `${database}.${table}`).join(', ')}`
  command(`${sql};   -- at 127.0.0.1:${server.port}`)
  return (await server.query(sql)).map((row) => row.Checksum)
}
