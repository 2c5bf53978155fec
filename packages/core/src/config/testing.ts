import type { Config } from './config.ts'

const endpoint = { type: 'memory', options: {}, directory: '/' }

/** A configuration for tests, with nothing but defaults. */
export const plainConfig: Config = {
  source: endpoint,
  targets: [{ ...endpoint, name: 'copy', database: '{database}' }],
  state: endpoint,
  databases: ['shop'],
  tables: [],
  excludeTables: [],
  forceFullTables: [],
  tableRules: [],
  mode: 'incremental',
  lookbackMinutes: 10,
  backupBeforeSync: true,
  verifyAfterSync: true,
  verify: { level: 'digest', maxRowsPerSecond: undefined, maxLagSeconds: undefined },
  reconcileEveryMs: undefined,
  maxDeletePercent: 20,
  allow: [],
  objects: [],
  backup: { mode: 'dump', directory: '/backups', scope: 'touched', keepLast: 10, keepDaily: 7, keepWeekly: 4, maxAgeMs: undefined },
  log: { file: '/logs/incremental-sync.log', format: 'json', level: 'info' },
  schedules: [],
  alerts: { webhooks: [], command: undefined, directory: '/' },
  maxRetries: 3,
  retryDelayMs: 5000,
  connections: 5,
  parallelTables: 4,
  batchRows: 1000,
  compress: false,
  directory: '/',
  warnings: [],
}
