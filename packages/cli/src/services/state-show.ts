import { type DatabaseOverview, nameMatcher, overviewOf, readDatabaseStatus, readStatus, SyncError, type TableStatus } from '@dbsync/core'
import type { ProjectFlags } from '../load-project.ts'
import type { PluginHost } from '../registry.ts'
import type { Session } from '../session.ts'
import { openStateWork, waitingNote } from './state-work.ts'

export type StateShowRequest = {
  readonly project: ProjectFlags
  /** Globs; left out: all. */
  readonly databases: readonly string[] | undefined
  readonly tables: boolean
}

export type StateShown = {
  readonly databases: readonly ShownDatabase[]
  readonly warnings: readonly string[]
}

/** `details` of each table, unless only the overview was asked for. */
export type ShownDatabase = DatabaseOverview & { readonly details?: readonly TableStatus[] }

/** A document that cannot be read is named in the warnings, and hides none of the others. */
export async function showState(host: PluginHost, { project, databases: wanted = ['*'], tables }: StateShowRequest, session: Session): Promise<StateShown> {
  await using work = await openStateWork(host, project, session, true)
  const { state, warnings } = work
  const listing = await state.legacy?.list()
  const known = listing?.own.map((key) => key.slice('database/'.length)) ?? (await readStatus(state)).databases.map(({ name }) => name)
  const chosen = known.filter(nameMatcher(wanted)).toSorted()
  if (chosen.length === 0 && known.length > 0) {
    throw new SyncError('STATE_NOTHING', `The state knows no database that matches ${wanted.join(', ')}.`, {
      kind: 'config',
      hint: `It knows: ${known.slice(0, 20).join(', ')}.`,
    })
  }
  const databases: ShownDatabase[] = []
  for (const name of chosen) {
    try {
      const found = await readDatabaseStatus(state, name)
      if (found !== undefined) databases.push({ ...overviewOf(found), ...(tables ? { details: found.tables } : {}) })
    } catch (error) {
      if (!SyncError.is(error) || error.code !== 'STATE_UNREADABLE') throw error
      warnings.push(`not shown: ${error.message}`)
    }
  }
  for (const { content } of listing?.files ?? []) if (content.kind === 'broken') warnings.push(`not shown: ${content.reason}`)
  warnings.push(...waitingNote(listing))
  return { databases, warnings }
}
