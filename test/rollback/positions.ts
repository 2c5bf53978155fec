import { readdir } from 'node:fs/promises'
import type { Project } from '../project.ts'

/** What the state file says of each table at the target `copy`. */
export async function positions(work: Project): Promise<Record<string, Record<string, unknown>>> {
  const files = (await readdir(work.directory, { recursive: true })).filter(
    (name) => name.endsWith('.json') && name.includes('status') && !name.includes('.dbsync/'),
  )
  const all: Record<string, Record<string, unknown>> = {}
  for (const file of files) {
    const state = JSON.parse(await work.read(file)) as { database_info?: { tenant_id: string }; tables?: Record<string, { targets?: Record<string, unknown> }> }
    if (state.database_info === undefined) continue
    all[state.database_info.tenant_id] = Object.fromEntries(Object.entries(state.tables ?? {}).map(([name, { targets }]) => [name, targets?.['copy'] ?? null]))
  }
  return all
}
