import type { WriteEffects } from '@dbsync/core/plugin'
import type { MysqlConnection } from '@dbsync/mysql'

/** Goes along with the commits of a writer. What it throws ends the commit before anything has changed. */
export interface Witness {
  /** The rows are staged; no transaction is open. */
  prepare?(): Promise<void>
  /** In the transaction, before its first change. Once more for each try. */
  before?(connection: MysqlConnection, effects: WriteEffects): Promise<void>
  /** In the transaction, after its last change. */
  after?(connection: MysqlConnection): Promise<void>
  /** The transaction was rolled back, for certain. */
  rolledBack?(): Promise<void>
}
