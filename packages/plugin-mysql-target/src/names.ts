import { createHash } from 'node:crypto'
import type { TableRef } from '@dbsync/core/plugin'

/**
 * What a staging table is for: `new` rows on their way, `del` keys or hashes of rows that go, `own` what only the target knows about
 * rows that are away for a moment, `old` the table that was swapped out.
 */
export type StagingRole = 'new' | 'del' | 'own' | 'old'

const READABLE = 41
const PATTERN = /^_dbsync_(new|del|own|old)_(.{1,41})_([0-9a-f]{10})$/su

/**
 * The name of a table's staging table: the same in a dry run, in the run and after a kill, at most 64 characters, and never that of
 * another table. A name of up to 41 characters stays whole, so that it can be read back; a longer one is known by its hash.
 */
export const stagingName = (table: string, role: StagingRole): string => `_dbsync_${role}_${[...table].slice(0, READABLE).join('')}_${nameHash(table)}`

/** The staging table of `table` in its own database. */
export const stagingTable = (table: TableRef, role: StagingRole): TableRef => ({ database: table.database, name: stagingName(table.name, role) })

/** Exactly the names that `stagingName` gives: a table of the user's own that only looks alike is none. */
export const isStagingName = (name: string): boolean => parseStagingName(name) !== undefined

/** What a staging name says: its role, and whose it is where the name was short enough to be kept whole. */
export function parseStagingName(name: string): { readonly role: StagingRole; readonly owner: string | undefined } | undefined {
  const match = PATTERN.exec(name)
  if (match === null) return undefined
  const [, role, readable, hash] = match as unknown as [string, StagingRole, string, string]
  if ([...readable].length === READABLE && nameHash(readable) !== hash) return { role, owner: undefined }
  return nameHash(readable) === hash ? { role, owner: readable } : undefined
}

/** The named lock of whoever writes to this table. */
export const tableLock = (table: TableRef): string => `dbsync:${sha1(`${table.database}.${table.name}`)}`

/** The named lock of the one run that may write to this database. */
export const databaseLock = (database: string): string => `dbsync-run:${sha1(database)}`

const nameHash = (table: string): string => sha1(table).slice(0, 10)
const sha1 = (text: string): string => createHash('sha1').update(text, 'utf8').digest('hex')
