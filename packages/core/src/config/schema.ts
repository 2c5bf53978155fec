import { z } from 'zod'
import { OBJECT_KINDS } from '../contract/objects.ts'
import { ALLOWANCES } from './allowances.ts'
import { parseDuration } from './duration.ts'
import { patternFault } from './glob.ts'

const FAULTS_SHOWN = 10
const DURATION = 'must be a time such as "12h" or "7d"'

/** The values that settings can have. Files and environment go through the same ones, so numbers and switches may be text. */
export const KINDS = {
  text: z.string({ error: 'must be text' }).min(1, { error: 'must not be empty' }),
  secret: z.string({ error: 'must be text' }),
  port: whole(1, 65_535),
  minutes: whole(0, 5_256_000),
  rows: whole(1, 1_000_000),
  retries: whole(0, 100),
  seconds: whole(0, 86_400),
  parallel: whole(1, 256),
  percent: whole(0, 100),
  count: whole(0, 1_000_000),
  rate: whole(1, 1_000_000_000),
  /** Milliseconds; in a file `12h` or `7d`. */
  duration: z.string({ error: DURATION }).transform((text, context) => {
    try {
      return parseDuration(text)
    } catch {
      context.addIssue({ code: 'custom', message: DURATION, input: text })
      return z.NEVER
    }
  }),
  level: z.enum(['count', 'checksum', 'digest', 'rows'], { error: 'must be "count", "checksum", "digest" or "rows"' }),
  backupMode: z.enum(['dump', 'journal'], { error: 'must be "dump" or "journal"' }),
  backupScope: z.enum(['touched', 'all'], { error: 'must be "touched" or "all"' }),
  logFormat: z.enum(['json', 'text'], { error: 'must be "json" or "text"' }),
  logLevel: z.enum(['debug', 'info', 'warn', 'error'], { error: 'must be "debug", "info", "warn" or "error"' }),
  objects: words(OBJECT_KINDS),
  allowances: words(ALLOWANCES),
  switch: z.union([z.boolean(), z.enum(['true', 'false', 'yes', 'no', '1', '0']).transform((word) => ['true', 'yes', '1'].includes(word))], {
    error: 'must be true or false',
  }),
  mode: z.enum(['full', 'incremental'], { error: 'must be "full" or "incremental"' }),
  tlsMode: z
    .string({ error: 'must be text' })
    .transform((mode) => mode.toLowerCase().replaceAll('_', '-'))
    .pipe(z.enum(['disabled', 'required', 'verify-ca', 'verify-identity'], { error: 'must be "disabled", "required", "verify-ca" or "verify-identity"' })),
  patterns: list((item) => patternFault(item)),
  names: list((item) => (item === '' ? 'is empty' : undefined)),
} as const

export type Kind = keyof typeof KINDS

function whole(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`
  const number = z.int({ error }).min(min, { error }).max(max, { error })
  const digits = z
    .string({ error })
    .regex(/^\d{1,15}$/, { error })
    .transform(Number)
    .pipe(number)
  return z.union([number, digits], { error })
}

/** A comma list or an array of these words. */
function words<T extends string>(known: readonly [T, ...T[]]) {
  const error = `must be a list of ${known.join(', ')}`
  const array = z.array(z.enum(known, { error }), { error })
  const text = z
    .string({ error })
    .transform((line) => commaList(line))
    .pipe(array)
  return z.union([array, text], { error })
}

/** A comma list (a comma in a name is written `\,`) or an array. */
function list(fault: (item: string) => string | undefined) {
  return z.union([z.string(), z.array(z.string())], { error: 'must be a comma list or an array of names' }).transform((value, context) => {
    const items = typeof value === 'string' ? commaList(value) : value
    let faults = 0
    for (const [index, item] of items.entries()) {
      const reason = fault(item)
      const message = item === '' ? 'has an empty item' : `has an item that cannot be used: ${JSON.stringify(item.slice(0, 60))} ${reason}`
      if (reason !== undefined && faults++ < FAULTS_SHOWN) context.addIssue({ code: 'custom', message, path: Array.isArray(value) ? [index] : [], input: item })
    }
    return items
  })
}

const commaList = (text: string): string[] =>
  text.trim() === '' ? [] : (text.match(/(?:^|,)(?:\\[\s\S]|[^,\\]|\\$)*/g) ?? []).map((item) => item.replace(/^,/, '').trim())

const { text, secret, port, minutes, rows, retries, seconds, parallel, percent, count, rate, duration, mode, patterns, names } = KINDS
const onOff = KINDS.switch

const sslSchema = z
  .strictObject(
    {
      mode: KINDS.tlsMode.optional().describe('disabled, required, verify-ca or verify-identity. Left out: verify-identity.'),
      ca: text.optional().describe('File with the certificate of the authority to trust.'),
      cert: text.optional().describe("File with the client's own certificate."),
      key: text.optional().describe("File with the client's private key."),
    },
    { error: 'must be an object with mode, ca, cert, key' },
  )
  .describe('Encryption of the connection.')

const target = z
  .looseObject(
    {
      type: text.describe('The kind of target: the name that its plugin gives it.'),
      database: text.optional().describe('Name of the database at the target; {database} stands for the name at the source.'),
    },
    { error: 'must be an object with a type' },
  )
  .describe("A target: its type and that type's own options.")

const shared = {
  $schema: z.string().optional().describe('This schema, for editors.'),
  targets: z
    .record(z.string(), target, { error: 'must be an object: a name for every target' })
    .optional()
    .describe('Where to copy to, by a name of your choice.'),
  state: z
    .looseObject({ type: text.describe('The kind of state store.') }, { error: 'must be an object with a type' })
    .optional()
    .describe('Where positions are kept.'),
}

/** Names and options of MySQL and MariaDB connections, as far as they can be checked without the plugin. */
export const mysqlSchema = z.looseObject({
  host: text.optional(),
  port: port.optional(),
  user: text.optional(),
  password: secret.optional(),
  socket: text.optional(),
  ssl: sslSchema.optional(),
  compress: onOff.optional(),
})

export const paramsSchema = z
  .strictObject({
    ...shared,
    db_host: text.optional().describe('Host of the source database server.'),
    db_port: port.optional().describe('Its port. Default 3306.'),
    db_socket: text.optional().describe('A Unix socket instead of host and port.'),
    db_user: text.optional().describe('User at the source; needs SELECT and nothing else.'),
    db_pass: secret.optional().describe('Its password: "env:NAME", "file:PATH", "cmd:COMMAND" or plain text.'),
    db_ssl: sslSchema.optional(),
    db_list: patterns.optional().describe('Databases to copy: a comma list or an array; * ? [a-z] allowed.'),
    table_list: patterns.optional().describe('Tables to copy, as table or database.table; * ? [a-z] allowed. Left out or empty: all.'),
    lookback_minutes: minutes.optional().describe('How far behind its last position an incremental run reads again. Default 10.'),
    batch_size: rows.optional().describe('Rows of one batch. Default 1000.'),
    max_retries: retries.optional().describe('How often a table that failed for a passing reason is tried again. Default 3.'),
    retry_delay: seconds.optional().describe('Seconds before the first retry. Default 5.'),
    pool_size: parallel.optional().describe('Connections to each server at most. Default 5.'),
    status_dir: text.optional().describe('Folder of the state files. Default "sync_status".'),
    log_file: text.optional().describe('The log of runs. Default "logs/incremental-sync.log".'),
    bq_project: text.optional().describe('Google Cloud project: describes a target of type bigquery.'),
    bq_dataset: text.optional().describe('BigQuery dataset.'),
    bq_location: text.optional().describe('Location of the dataset.'),
  })
  .meta({ title: 'dbsync params.json', description: 'Connections of dbsync. Comments and trailing commas are allowed.' })

const job = z.strictObject(
  {
    cron: text.optional().describe('When, in five fields: minute hour day month weekday. A preset has one of its own.'),
    command: z.enum(['run', 'verify'], { error: 'must be "run" or "verify"' }).optional().describe('run (backup, sync, verify, prune) or verify. Default run.'),
    mode: z
      .enum(['full', 'incremental', 'reconcile'], { error: 'must be "full", "incremental" or "reconcile"' })
      .optional()
      .describe('How the tables are synced.'),
    databases: patterns.optional().describe('Only these databases.'),
    tables: patterns.optional().describe('Only these tables.'),
    targets: names.optional().describe('Only these targets.'),
    enabled: onOff.optional().describe('false: not installed.'),
  },
  { error: 'must be an object with cron, command, mode, databases, tables, targets, enabled' },
)

/** Jobs by name; `hourly`, `daily`, `verify-daily` and `full-weekly` are presets that need no more than `{}`. */
const schedulesSchema = z.record(z.string(), job, { error: 'must be an object: a name for every job' }).describe('Jobs for dbsync schedule.')

const webhook = z.strictObject(
  {
    url: secret.describe('Where to post: "env:NAME", "file:PATH" or plain text.'),
    format: z.enum(['json', 'slack'], { error: 'must be "json" or "slack"' }).optional().describe('json or slack. Default json.'),
    secret: secret.optional().describe('Signs the body: HMAC-SHA-256 in the header X-Dbsync-Signature.'),
  },
  { error: 'must be an object with url, format, secret' },
)

const alertsSchema = z
  .strictObject(
    {
      webhooks: z.array(webhook, { error: 'must be a list' }).optional().describe('Addresses that are told of a failure.'),
      command: text.optional().describe('A command that is run on a failure; the report is its standard input, as JSON.'),
    },
    { error: 'must be an object with webhooks, command' },
  )
  .describe('Who is told when a scheduled job fails.')

const rule = z.strictObject(
  {
    mode: z
      .enum(['full', 'time', 'digest'], { error: 'must be "full", "time" or "digest"' })
      .optional()
      .describe('How the table is synced, instead of what dbsync would choose.'),
    timestamp_columns: names.optional().describe('The columns that move whenever the row does.'),
    lookback_minutes: minutes.optional().describe('Lookback of this table.'),
    schema_policy: z
      .enum(['evolve', 'freeze'], { error: 'must be "evolve" or "freeze"' })
      .optional()
      .describe('evolve: the definition follows the source. freeze: a table whose definition differs is refused. Default evolve.'),
  },
  { error: 'must be an object with mode, timestamp_columns, lookback_minutes, schema_policy' },
)

export const syncConfigSchema = z
  .strictObject({
    ...shared,
    sync_settings: z
      .strictObject(
        {
          default_mode: mode.optional().describe('incremental or full. Default incremental.'),
          backup_before_sync: onOff.optional().describe('Make a backup point before anything is written. Default true.'),
          verify_after_sync: onOff.optional().describe('Compare source and target after the run. Default true.'),
          verify_level: KINDS.level.optional().describe('What verify compares: count, digest or rows. Default digest.'),
          reconcile_every: duration
            .optional()
            .describe('A table that was last compared as a whole longer ago than this is compared in the next run, such as "7d". Left out: never by itself.'),
          max_delete_percent: percent.optional().describe('A run or repair that would delete more of a table than this is refused. Default 20.'),
          allow: KINDS.allowances.optional().describe('What is allowed although it may lose data: see the reference.'),
          max_retry_attempts: retries.optional().describe('As max_retries in params.json, and wins over it. Default 3.'),
        },
        { error: 'must be an object' },
      )
      .optional(),
    table_settings: z
      .strictObject(
        {
          exclude_tables: patterns.optional().describe('Tables to leave out, such as temp_*.'),
          force_full_sync_tables: patterns.optional().describe('Tables that are copied whole on every run.'),
          tables: z
            .record(z.string(), rule, { error: 'must be an object: a table or pattern for every rule' })
            .optional()
            .describe('Settings of single tables, by table or database.table; patterns allowed, the last match wins.'),
        },
        { error: 'must be an object' },
      )
      .optional(),
    objects: KINDS.objects.optional().describe('What is copied besides tables: views, triggers, routines, events. Default: nothing.'),
    backup_settings: z
      .strictObject(
        {
          mode: KINDS.backupMode.optional().describe('dump: the tables as they were. journal: only the rows that the run changes. Default dump.'),
          directory: text.optional().describe('Folder of the backup points. Default "backups/database".'),
          tables: KINDS.backupScope.optional().describe('touched: the tables that the run writes. all: every table of the database. Default touched.'),
          keep_last: count.optional().describe('Keep this many of the newest points. Default 10.'),
          keep_daily: count.optional().describe('Keep the newest point of each of so many days. Default 7.'),
          keep_weekly: count.optional().describe('Keep the newest point of each of so many weeks. Default 4.'),
          max_age: duration.optional().describe('Points older than this go, whatever the other rules keep; never the newest proved one. Such as "90d".'),
        },
        { error: 'must be an object' },
      )
      .optional(),
    verify_settings: z
      .strictObject(
        {
          max_rows_per_second: rate.optional().describe('Compare no faster than this.'),
          max_lag_seconds: KINDS.seconds.optional().describe('Wait while a server that is a replica lags behind more than this.'),
        },
        { error: 'must be an object' },
      )
      .optional(),
    log_settings: z
      .strictObject(
        {
          file: text.optional().describe('As log_file in params.json, and wins over it.'),
          format: KINDS.logFormat.optional().describe('json: one object a line. text: lines for people. Default json.'),
          level: KINDS.logLevel.optional().describe('debug, info, warn or error. Default info.'),
        },
        { error: 'must be an object' },
      )
      .optional(),
    schedules: schedulesSchema.optional(),
    alerts: alertsSchema.optional(),
    performance_settings: z
      .strictObject(
        {
          parallel_tables: parallel
            .optional()
            .describe('Tables at the same time, and readers of one large table that is far away; never more than pool_size. Default 4.'),
          batch_size: rows.optional().describe('As batch_size in params.json, and wins over it.'),
          compress: onOff.optional().describe('Compress the connections.'),
        },
        { error: 'must be an object' },
      )
      .optional(),
  })
  .meta({ title: 'dbsync sync-config.json', description: 'Behaviour of dbsync. Comments and trailing commas are allowed.' })
