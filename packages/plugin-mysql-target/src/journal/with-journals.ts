import type { Backups, RestoreOptions, RestoreReceipt } from '@dbsync/core/plugin'
import { newestFirst } from '../backups/point-names.ts'
import { restoring } from '../restore/restoring.ts'
import { checkJournal } from './check.ts'
import { createJournal, dropJournal, fillFromJournal, isJournal, type JournalTools, journalTables, listJournals, markRolledBack } from './journals.ts'

export type WithJournalsTools = JournalTools & {
  /** Throws where the lock on the database may have been lost. */
  readonly allowed: (database: string) => void
}

/** Backup points that may be journals, beside those that `dumps` knows. */
export function withJournals(tools: WithJournalsTools, dumps: Backups): Backups {
  const { connections, server, folder, allowed } = tools
  const list = async () => [...(await dumps.list()), ...(await listJournals(folder))].toSorted(newestFirst)
  const journals = restoring({ connections, fillOf: (point, options) => fillFromJournal(tools, list, point, options), allowed })
  const marking = (point: string, swapped: RestoreOptions['swapped']) => async (receipt: RestoreReceipt) => {
    await swapped(receipt)
    await markRolledBack(server, list, point, receipt.tables)
  }
  return {
    ...dumps,
    list,
    async journal(request) {
      return await createJournal(tools, request, await list())
    },
    check: (point, options) => (isJournal(point.name) ? checkJournal(point.path, options.signal) : dumps.check(point, options)),
    preview: (point, tables, signal) => (isJournal(point.name) ? journals.preview(point, journalTables(tables), signal) : dumps.preview(point, tables, signal)),
    restore(point, options) {
      const restoring = { ...options, swapped: marking(point.name, options.swapped) }
      return isJournal(point.name) ? journals.restore(point, { ...restoring, tables: journalTables(options.tables) }) : dumps.restore(point, restoring)
    },
    async resume(databases, options) {
      const pending = await dumps.unfinished(databases, options.signal)
      return await dumps.resume(databases, pending === undefined ? options : { ...options, swapped: marking(pending.point, options.swapped) })
    },
    drop: (point) => (isJournal(point.name) ? dropJournal(folder, point.name) : dumps.drop(point)),
  }
}
