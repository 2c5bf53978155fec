import { type BackupPoint, type Backups, type RestoreOptions, tableName } from '@dbsync/core/plugin'
import type { Connections } from '../connections.ts'
import { previewRestore } from './preview.ts'
import { type Fill, type RestoreWork, restoreTables, resumeRestore, unfinishedPlan } from './restore.ts'

export type RestoringParts = {
  readonly connections: Connections
  /** Builds the tables of a point: loads its dump, or copies what is there and undoes the journal. */
  readonly fillOf: (point: BackupPoint, options: Pick<RestoreOptions, 'tables' | 'progress' | 'loseHistory'>) => Fill
  /** Throws where the lock on the database may have been lost. */
  readonly allowed: (database: string) => void
}

type Restoring = Pick<Backups, 'preview' | 'restore' | 'unfinished' | 'resume'>

/** The part of the target's backup points that puts them back. */
export function restoring({ connections, fillOf, allowed }: RestoringParts): Restoring {
  const allowedIn = (databases: readonly string[]) => () => {
    for (const database of databases) allowed(database)
  }
  return {
    async preview(_point, tables, signal) {
      const databases = [...new Set(tables.map(({ database }) => database))]
      return await connections.with(signal, (connection) => previewRestore(connection, databases, tables, signal))
    },
    async restore(point, options) {
      const { databases, tables } = options
      return await restoreTables(connections, {
        ...options,
        point: point.name,
        fill: fillOf(point, options),
        expected: expectedTables(point, tables),
        removed: tables.filter(({ absent }) => absent === true),
        keepTriggers: point.manifest === undefined || point.kind === 'journal',
        allowed: allowedIn(databases),
      })
    },
    async unfinished(databases, signal) {
      const plan = await unfinishedPlan(connections, databases, signal)
      return plan === undefined ? undefined : { point: plan.point, databases: plan.databases, note: plan.note }
    },
    resume: (databases, { signal, swapped }) => resumeRestore(connections, databases, { signal, swapped, allowed: allowedIn(databases) }),
  }
}

/** With what the manifest of a dump says of each. What a journal leads back to is nowhere written down. */
function expectedTables({ kind, manifest }: BackupPoint, tables: RestoreOptions['tables']): RestoreWork['expected'] {
  const promised = new Map(kind === 'dump' ? manifest?.tables.map((table) => [tableName(table), table]) : [])
  return tables
    .filter(({ absent }) => absent !== true)
    .map((table) => {
      const digest = promised.get(tableName(table))?.digest ?? null
      return digest === null ? table : { ...table, digest }
    })
}
