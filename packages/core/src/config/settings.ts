import type { KeyPath } from './document.ts'
import type { Kind } from './schema.ts'

/**
 * Every setting that has one value, and every place where it can be set.
 *
 * `variables` are environment variables: each works as `DBSYNC_<NAME>`; those under `plain` work without the prefix too.
 * First found wins: `DBSYNC_<NAME>`, then the plain name, both in the real environment; the same two in `.env`; then
 * sync-config.json; then params.json; then the default. A variable that is empty is not set.
 */
export type Setting = {
  /** Where the value stands in `Config`: the key of `sources`. */
  readonly at: string
  readonly kind: Kind
  readonly params?: KeyPath
  readonly sync?: KeyPath
  readonly variables: readonly string[]
  readonly plain?: readonly string[]
  readonly default?: string | number | boolean
}

export const SETTINGS = [
  { at: 'source.options.host', kind: 'text', params: ['db_host'], variables: ['DB_HOST'], plain: ['DB_HOST'] },
  { at: 'source.options.port', kind: 'port', params: ['db_port'], variables: ['DB_PORT'], plain: ['DB_PORT'], default: 3306 },
  { at: 'source.options.socket', kind: 'text', params: ['db_socket'], variables: ['DB_SOCKET'] },
  { at: 'source.options.user', kind: 'text', params: ['db_user'], variables: ['DB_USER'], plain: ['DB_USER'] },
  { at: 'source.options.password', kind: 'secret', params: ['db_pass'], variables: ['DB_PASS', 'DB_PASSWORD'], plain: ['DB_PASSWORD'] },
  { at: 'source.options.ssl.mode', kind: 'tlsMode', params: ['db_ssl', 'mode'], variables: ['DB_SSL_MODE'] },
  { at: 'source.options.ssl.ca', kind: 'text', params: ['db_ssl', 'ca'], variables: ['DB_SSL_CA'] },
  { at: 'source.options.ssl.cert', kind: 'text', params: ['db_ssl', 'cert'], variables: ['DB_SSL_CERT'] },
  { at: 'source.options.ssl.key', kind: 'text', params: ['db_ssl', 'key'], variables: ['DB_SSL_KEY'] },

  { at: 'targets.backup.options.host', kind: 'text', variables: ['BACKUP_DB_HOST'], plain: ['BACKUP_DB_HOST'] },
  { at: 'targets.backup.options.port', kind: 'port', variables: ['BACKUP_DB_PORT'], plain: ['BACKUP_DB_PORT'] },
  { at: 'targets.backup.options.user', kind: 'text', variables: ['BACKUP_DB_USER'], plain: ['BACKUP_DB_USER'] },
  { at: 'targets.backup.options.password', kind: 'secret', variables: ['BACKUP_DB_PASS', 'BACKUP_DB_PASSWORD'], plain: ['BACKUP_DB_PASSWORD'] },
  { at: 'targets.backup.database', kind: 'text', variables: ['BACKUP_DB_NAME'], plain: ['BACKUP_DB_NAME'] },

  { at: 'targets.bigquery.options.project', kind: 'text', params: ['bq_project'], variables: ['BQ_PROJECT'] },
  { at: 'targets.bigquery.options.dataset', kind: 'text', params: ['bq_dataset'], variables: ['BQ_DATASET'] },
  { at: 'targets.bigquery.options.location', kind: 'text', params: ['bq_location'], variables: ['BQ_LOCATION'] },

  // DB_NAME is one name, DB_LIST holds patterns: see `oneName` in merge.ts.
  { at: 'databases', kind: 'patterns', params: ['db_list'], variables: ['DB_LIST', 'DB_NAME'], plain: ['DB_NAME'] },
  { at: 'tables', kind: 'patterns', params: ['table_list'], variables: ['TABLE_LIST'] },
  { at: 'excludeTables', kind: 'patterns', sync: ['table_settings', 'exclude_tables'], variables: ['EXCLUDE_TABLES'] },
  { at: 'forceFullTables', kind: 'patterns', sync: ['table_settings', 'force_full_sync_tables'], variables: ['FORCE_FULL_SYNC_TABLES'] },

  { at: 'mode', kind: 'mode', sync: ['sync_settings', 'default_mode'], variables: ['DEFAULT_MODE'], default: 'incremental' },
  { at: 'lookbackMinutes', kind: 'minutes', params: ['lookback_minutes'], variables: ['LOOKBACK_MINUTES'], default: 10 },
  { at: 'backupBeforeSync', kind: 'switch', sync: ['sync_settings', 'backup_before_sync'], variables: ['BACKUP_BEFORE_SYNC'], default: true },
  { at: 'verifyAfterSync', kind: 'switch', sync: ['sync_settings', 'verify_after_sync'], variables: ['VERIFY_AFTER_SYNC'], default: true },
  { at: 'verify.level', kind: 'level', sync: ['sync_settings', 'verify_level'], variables: ['VERIFY_LEVEL'], default: 'digest' },
  { at: 'verify.maxRowsPerSecond', kind: 'rate', sync: ['verify_settings', 'max_rows_per_second'], variables: ['VERIFY_MAX_ROWS_PER_SECOND'] },
  { at: 'verify.maxLagSeconds', kind: 'seconds', sync: ['verify_settings', 'max_lag_seconds'], variables: ['VERIFY_MAX_LAG_SECONDS'] },
  { at: 'reconcileEveryMs', kind: 'duration', sync: ['sync_settings', 'reconcile_every'], variables: ['RECONCILE_EVERY'] },
  { at: 'maxDeletePercent', kind: 'percent', sync: ['sync_settings', 'max_delete_percent'], variables: ['MAX_DELETE_PERCENT'], default: 20 },
  { at: 'allow', kind: 'allowances', sync: ['sync_settings', 'allow'], variables: ['ALLOW'] },
  { at: 'objects', kind: 'objects', sync: ['objects'], variables: ['OBJECTS'] },
  { at: 'backup.mode', kind: 'backupMode', sync: ['backup_settings', 'mode'], variables: ['BACKUP_MODE'], default: 'dump' },
  { at: 'backup.directory', kind: 'text', sync: ['backup_settings', 'directory'], variables: ['BACKUP_DIRECTORY'], default: 'backups/database' },
  { at: 'backup.scope', kind: 'backupScope', sync: ['backup_settings', 'tables'], variables: ['BACKUP_TABLES'], default: 'touched' },
  { at: 'backup.keepLast', kind: 'count', sync: ['backup_settings', 'keep_last'], variables: ['BACKUP_KEEP_LAST'], default: 10 },
  { at: 'backup.keepDaily', kind: 'count', sync: ['backup_settings', 'keep_daily'], variables: ['BACKUP_KEEP_DAILY'], default: 7 },
  { at: 'backup.keepWeekly', kind: 'count', sync: ['backup_settings', 'keep_weekly'], variables: ['BACKUP_KEEP_WEEKLY'], default: 4 },
  { at: 'backup.maxAgeMs', kind: 'duration', sync: ['backup_settings', 'max_age'], variables: ['BACKUP_MAX_AGE'] },
  { at: 'log.file', kind: 'text', params: ['log_file'], sync: ['log_settings', 'file'], variables: ['LOG_FILE'], default: 'logs/incremental-sync.log' },
  { at: 'log.format', kind: 'logFormat', sync: ['log_settings', 'format'], variables: ['LOG_FORMAT'], default: 'json' },
  { at: 'log.level', kind: 'logLevel', sync: ['log_settings', 'level'], variables: ['LOG_LEVEL'], default: 'info' },
  {
    at: 'maxRetries',
    kind: 'retries',
    params: ['max_retries'],
    sync: ['sync_settings', 'max_retry_attempts'],
    variables: ['MAX_RETRIES', 'MAX_RETRY_ATTEMPTS'],
    default: 3,
  },
  { at: 'retryDelayMs', kind: 'seconds', params: ['retry_delay'], variables: ['RETRY_DELAY'], default: 5 },
  { at: 'connections', kind: 'parallel', params: ['pool_size'], variables: ['POOL_SIZE'], default: 5 },
  { at: 'parallelTables', kind: 'parallel', sync: ['performance_settings', 'parallel_tables'], variables: ['PARALLEL_TABLES'], default: 4 },
  {
    at: 'batchRows',
    kind: 'rows',
    params: ['batch_size'],
    sync: ['performance_settings', 'batch_size'],
    variables: ['BATCH_SIZE'],
    default: 1000,
  },
  { at: 'compress', kind: 'switch', sync: ['performance_settings', 'compress'], variables: ['COMPRESS'], default: false },
  { at: 'state.options.status_dir', kind: 'text', params: ['status_dir'], variables: ['STATUS_DIR'], default: 'sync_status' },
] as const satisfies readonly Setting[]

export type SettingKey = (typeof SETTINGS)[number]['at']
