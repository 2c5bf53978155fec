import { join } from 'node:path'
import { said } from '../dbsync.ts'
import { queryFile } from '../duckdb/warehouse.ts'
import type { Project } from '../project.ts'

const PLUGIN = join(import.meta.dirname, '..', '..', 'packages', 'plugin-duckdb-target')

/** From now on the project copies into a DuckDB file of its own, and nowhere else. */
export async function warehouseIn(
  work: Project,
  options: Readonly<Record<string, unknown>> = {},
): Promise<{ query(sql: string): Promise<readonly (readonly unknown[])[]> }> {
  const linked = await work.dbsync('plugins', 'link', '--no-install', PLUGIN)
  if (linked.code !== 0) throw new Error(said(linked))
  const path = join(work.directory, 'warehouse.duckdb')
  await work.write('params.json', { ...work.params, targets: { local: { type: 'duckdb', path, ...options } } })
  return {
    query: (sql) => queryFile(path, sql),
  }
}
