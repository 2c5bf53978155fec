import { SyncError } from '../errors/sync-error.ts'
import { tableName } from '../model/schema.ts'
import type { TargetState } from '../state/records.ts'
import type { RouteFacts } from './gather.ts'
import type { Plan } from './plan.ts'

/**
 * Whether rows may be there that no sync of ours has brought: the table is at the target, and no state tells of it there. A first run that was
 * killed does not count: it had noted, before it wrote anything, that the table was not there or that its rows were ours to replace.
 */
export const isFirstContact = (state: TargetState | undefined, database: string): boolean =>
  state === undefined || state.first_contact === true || (state.target_database !== '' && state.target_database !== database)

type Servers = { readonly source: string; readonly targets: ReadonlyMap<string, string> }

/** Throws `SERVER_CHANGED` where a table was synced before, and the server behind the source's or the target's address is another one now. */
export function refuseNewServers(plan: Plan, facts: readonly RouteFacts[], servers: Servers): void {
  for (const target of plan.targets) {
    for (const { source, tables, drops = [] } of target.databases) {
      const state = facts.find((route) => route.target === target.name && route.source === source)?.state
      // Only the state says that what is gone has been there: of another server it knows nothing.
      const names = [...tables.map(({ schema }) => schema.table.name), ...drops.map(({ table }) => table.name)]
      for (const name of names) {
        const saved = stateOf(state?.tables, name)?.targets
        const before = stateOf(saved, target.name)
        if (before === undefined || before.last_sync_time === null) continue
        if (!isServer(before.source_id, servers.source)) throw serverChanged('source', plan.source.label, tableName({ database: source, name }))
        if (!isServer(before.target_id, servers.targets.get(target.name)))
          throw serverChanged(`target ${target.name}`, target.label, tableName({ database: source, name }))
      }
    }
  }
}

/** Whether a saved identity may be that of this server. The state of an older tool names none until a run has succeeded on it. */
export const isServer = (saved: string, actual: string | undefined): boolean => saved === '' || saved === actual

const serverChanged = (end: string, label: string, table: string): SyncError =>
  new SyncError('SERVER_CHANGED', `The ${end}, ${label}, is not the server that ${table} was synced with the last time.`, {
    kind: 'refused',
    hint: 'Nothing was written. Check host, port and DNS. If the server was moved, restored or replaced on purpose, say so once with --allow new-server: all tables are then compared as a whole.',
  })

const stateOf = <T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
