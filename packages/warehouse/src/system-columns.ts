import type { Column } from '@dbsync/core/plugin'

/** Of which source database a row is. First in the key, first in the clustering. */
export const TENANT = 'tenant_id'
/** When the row was written last: the moment at which its run opened the table. */
export const SYNC_TIMESTAMP = 'sync_timestamp'
/** `FULL` or `INCREMENTAL`: by what kind of run. */
export const SYNC_MODE = 'sync_mode'
/** Of a table without a key: SHA-256 of the row in hex, and which of its copies this one is, from 1. */
export const ROW_HASH = '_dbsync_row_hash'
export const OCCURRENCE = '_dbsync_occ'
/** Where deleted rows stay and are marked. */
export const DELETED = '_dbsync_deleted'
/** Of staging tables only: the order in which rows came, and `D` for the key of a row that is to go. */
export const SEQUENCE = '_dbsync_seq'
export const OPERATION = '_dbsync_op'

/** Names that no column of a source gets. */
export const SYSTEM_COLUMNS: readonly string[] = [TENANT, SYNC_TIMESTAMP, SYNC_MODE, ROW_HASH, OCCURRENCE, DELETED, SEQUENCE, OPERATION]

/** How the rows of a table are told apart inside one tenant. */
export const identityColumns = (key: readonly Column[], nameOf: (column: Column) => string): readonly string[] =>
  key.length > 0 ? key.map(nameOf) : [ROW_HASH, OCCURRENCE]
