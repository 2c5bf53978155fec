import { createHash } from 'node:crypto'
import type { TableRef } from '@dbsync/core/plugin'

/** Where the tables of `database` are built as they are to be: the same name after a kill, and of no other database. */
export const scratchDatabase = (database: string): string => `${PREFIX}${sha1(database).slice(0, 10)}`

/** Where the tables that were replaced lie until all is done. */
export const asideDatabase = (database: string): string => `${scratchDatabase(database)}_old`

/** Holds the plan of a swap, in the scratch database; the swap itself takes it to the one aside, so that its place says how far it came. */
export const planTable = (database: string): TableRef => ({ database, name: '_dbsync_plan' })

export const isSideDatabase = (name: string): boolean => PATTERN.test(name)

/** What a GRANT calls all of them. */
export const SIDE_GRANT = '`\\_dbsync\\_restore\\_%`.*'

/** The named lock of the connection that restores: a killed client's statement may still be at work. */
export const restoreLock = (database: string): string => `dbsync-restore:${sha1(database)}`

const PREFIX = '_dbsync_restore_'
const PATTERN = /^_dbsync_restore_[0-9a-f]{10}(?:_old)?$/
const sha1 = (text: string): string => createHash('sha1').update(text, 'utf8').digest('hex')
