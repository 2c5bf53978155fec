import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { failure, folder, load, PARAMS } from './load.harness.ts'
import type { ConfigInput } from './load.ts'

describe('files', () => {
  it('fills in the defaults', async () => {
    const { config, sources, warnings, files } = await load({ 'params.json': PARAMS })
    expect(config).toMatchObject({
      source: { type: 'mysql', options: { host: 'h', port: 3306, user: 'u' }, directory: folder },
      targets: [{ name: 'copy', type: 'mysql', database: '{database}', options: { host: 't', port: 3306, user: 'u' }, directory: folder }],
      state: { type: 'json', options: { status_dir: join(folder, 'sync_status'), sync_dir: join(folder, 'sync') } },
      databases: ['shop'],
      tables: [],
      excludeTables: [],
      forceFullTables: [],
      tableRules: [],
      mode: 'incremental',
      lookbackMinutes: 10,
      backupBeforeSync: true,
      verifyAfterSync: true,
      maxRetries: 3,
      retryDelayMs: 5000,
      connections: 5,
      parallelTables: 4,
      batchRows: 1000,
      compress: false,
      directory: folder,
    })
    expect(config.source.options).not.toHaveProperty('ssl')
    expect(warnings).toEqual([])
    expect(files).toEqual(['params.json'])
    expect(sources).toMatchObject({
      'source.options.host': 'params.json line 2',
      'source.options.port': 'default',
      'targets.copy.options.host': 'params.json line 8',
      'targets.copy.options.port': 'default',
      lookbackMinutes: 'default',
      'state.options.status_dir': 'default',
    })
  })

  it('takes every key of params.json', async () => {
    const { config } = await load({
      'params.json': {
        ...PARAMS,
        $schema: 'x',
        db_port: '3307',
        db_socket: '/run/s',
        db_pass: 'env:P',
        db_ssl: { ca: 'ca.pem', mode: 'VERIFY_CA' },
        db_list: ['a', 'b_*'],
        table_list: ' orders , a.users',
        lookback_minutes: '7',
        batch_size: 50,
        max_retries: 0,
        retry_delay: 1,
        pool_size: 3,
        status_dir: 'st',
        bq_project: 'p',
        bq_dataset: 'd',
        bq_location: 'EU',
      },
    })
    expect(config.source.options).toEqual({
      host: 'h',
      port: 3307,
      socket: '/run/s',
      user: 'u',
      password: 'env:P',
      ssl: { mode: 'verify-ca', ca: join(folder, 'ca.pem') },
    })
    expect(config).toMatchObject({
      databases: ['a', 'b_*'],
      tables: ['orders', 'a.users'],
      lookbackMinutes: 7,
      batchRows: 50,
      maxRetries: 0,
      retryDelayMs: 1000,
    })
    expect(config).toMatchObject({ connections: 3, parallelTables: 3, state: { options: { status_dir: join(folder, 'st') } } })
    expect(config.targets.find(({ name }) => name === 'bigquery')).toMatchObject({ type: 'bigquery', options: { project: 'p', dataset: 'd', location: 'EU' } })
  })

  it('takes every key of sync-config.json', async () => {
    const { config, sources } = await load({
      'params.json': { ...PARAMS, targets: undefined },
      'scripts/sync-config.json': {
        $schema: 'x',
        sync_settings: { default_mode: 'full', backup_before_sync: false, verify_after_sync: false, max_retry_attempts: 9 },
        table_settings: {
          exclude_tables: ['temp_*'],
          force_full_sync_tables: 'settings',
          tables: { orders: { mode: 'time', timestamp_columns: 'a, b', lookback_minutes: 1 }, 'shop.x_*': { mode: 'digest' } },
        },
        performance_settings: { parallel_tables: 2, batch_size: 10, compress: true },
        targets: { other: { type: 'duckdb', path: 'x.db', database: '{database}_local' } },
        state: { type: 'json', status_dir: 'here' },
      },
    })
    expect(config).toMatchObject({
      mode: 'full',
      backupBeforeSync: false,
      verifyAfterSync: false,
      maxRetries: 9,
      excludeTables: ['temp_*'],
      forceFullTables: ['settings'],
      parallelTables: 2,
      batchRows: 10,
      compress: true,
      targets: [{ name: 'other', type: 'duckdb', database: '{database}_local', options: { path: 'x.db' }, directory: join(folder, 'scripts') }],
      state: { type: 'json', options: { status_dir: join(folder, 'scripts/here'), sync_dir: join(folder, 'scripts/sync') } },
    })
    expect(config.tableRules).toEqual([
      { match: 'orders', rule: { mode: 'time', timestampColumns: ['a', 'b'], lookbackMinutes: 1 } },
      { match: 'shop.x_*', rule: { mode: 'digest' } },
    ])
    expect(sources.mode).toBe('scripts/sync-config.json line 4')
  })

  it('asks for verified TLS when no mode is given', async () => {
    const { config, sources } = await load({
      'params.json': { ...PARAMS, db_ssl: {}, targets: { copy: { type: 'mysql', host: 't', user: 'u', ssl: { ca: 'c' } } } },
    })
    expect(config.source.options.ssl).toEqual({ mode: 'verify-identity' })
    expect(config.targets[0]?.options.ssl).toEqual({ mode: 'verify-identity', ca: join(folder, 'c') })
    expect(sources['source.options.ssl.mode']).toBe('default')
  })

  it('starts relative paths at the file that names them', async () => {
    const files = { 'deep/p.json': { ...PARAMS, status_dir: 'st', db_pass: 'file:pw', db_ssl: { key: '../k' } } }
    const { config } = await load(files, { paramsPath: 'deep/p.json' })
    expect(config.state.options).toEqual({ status_dir: join(folder, 'deep/st'), sync_dir: join(folder, 'deep/sync') })
    expect(config.source).toMatchObject({
      options: { password: `file:${join(folder, 'deep/pw')}`, ssl: { key: join(folder, 'k') } },
      directory: join(folder, 'deep'),
    })
  })

  it('looks in the current folder first, then in scripts/', async () => {
    const files: Record<string, unknown> = { 'scripts/params.json': { ...PARAMS, db_host: 'second', status_dir: 'st' } }
    const second = await load(files)
    expect(second.files).toEqual(['scripts/params.json'])
    expect(second.config.state.options).toEqual({ status_dir: join(folder, 'scripts/st'), sync_dir: join(folder, 'scripts/sync') })
    files['params.json'] = { ...PARAMS, db_host: 'first' }
    expect((await load(files)).config.source.options.host).toBe('first')
  })

  it('accepts comments, trailing commas and a byte order mark', async () => {
    const { config } = await load({ 'params.json': `\ufeff// c\n${JSON.stringify(PARAMS).replace(/\}$/, ',} /* d */')}` })
    expect(config.databases).toEqual(['shop'])
  })

  it('takes db_ names in MySQL targets', async () => {
    const { config, sources } = await load({
      'params.json': { ...PARAMS, targets: { copy: { type: 'mysql', db_host: 't', db_port: '33', db_user: 'x', db_pass: 'env:X' } } },
    })
    expect(config.targets[0]?.options).toEqual({ host: 't', port: 33, user: 'x', password: 'env:X' })
    expect(sources['targets.copy.options.password']).toBe('params.json line 11')
  })

  it('keeps names like those of Object.prototype harmless', async () => {
    const text = JSON.stringify({ ...PARAMS, db_list: ['__proto__', 'constructor'], targets: { constructor: PARAMS.targets.copy } })
    const { config } = await load({ 'params.json': text })
    expect(config.targets.map(({ name }) => name)).toEqual(['constructor'])
    expect(config.databases).toEqual(['__proto__', 'constructor'])
    const error = await failure({ 'params.json': text.replace('"constructor":{', '"__proto__":{') })
    expect(error.message).toContain('`__proto__` in params.json line 1')
    expect(({} as Record<string, unknown>).type).toBeUndefined()
  })
})

describe('precedence', () => {
  it('is flag, DBSYNC_, environment, .env, sync-config.json, params.json, default', async () => {
    const files: Record<string, unknown> = { 'params.json': PARAMS }
    const env: Record<string, string> = {}
    const seen = async (input: Partial<ConfigInput> = {}) => {
      const { config, sources } = await load(files, { env, ...input })
      return [config.source.options.host, sources['source.options.host']]
    }
    expect(await seen()).toEqual(['h', 'params.json line 2'])
    files['.env'] = 'DB_HOST=dot\n'
    expect(await seen()).toEqual(['dot', '.env DB_HOST'])
    files['.env'] = 'DB_HOST=dot\nDBSYNC_DB_HOST=dot2\n'
    expect(await seen()).toEqual(['dot2', '.env DBSYNC_DB_HOST'])
    env.DB_HOST = 'real'
    expect(await seen()).toEqual(['real', 'environment DB_HOST'])
    env.DBSYNC_DB_HOST = 'own'
    expect(await seen()).toEqual(['own', 'environment DBSYNC_DB_HOST'])
    env.DBSYNC_DB_HOST = ''
    expect(await seen()).toEqual(['real', 'environment DB_HOST'])
    env.DBSYNC_DEFAULT_MODE = 'full'
    const { config, sources } = await load(files, { env, flags: { mode: 'incremental' } })
    expect([config.mode, sources.mode]).toEqual(['incremental', 'flag --mode'])
  })

  it('warns when a plain variable takes the place of a value in a file, not when a DBSYNC_ one does', async () => {
    expect((await load({ 'params.json': PARAMS }, { env: { DB_HOST: 'x' } })).warnings).toEqual([
      'environment DB_HOST is used, not the value in params.json line 2.',
    ])
    expect((await load({ 'params.json': PARAMS }, { env: { DBSYNC_DB_HOST: 'x' } })).warnings).toEqual([])
  })

  it('lets sync-config.json win over params.json, with a warning', async () => {
    const { config, warnings } = await load({
      'params.json': { ...PARAMS, batch_size: 1, max_retries: 1 },
      'sync-config.json': { performance_settings: { batch_size: 2 }, sync_settings: { max_retry_attempts: 2 } },
    })
    expect(config).toMatchObject({ batchRows: 2, maxRetries: 2 })
    expect(warnings).toEqual([
      '`max_retry_attempts` in sync-config.json line 6 is used, not `max_retries` in params.json line 13.',
      '`batch_size` in sync-config.json line 3 is used, not `batch_size` in params.json line 12.',
    ])
  })

  it('reads every setting from its DBSYNC_ variable', async () => {
    const env = {
      DBSYNC_LOOKBACK_MINUTES: '1',
      DBSYNC_BATCH_SIZE: '2',
      DBSYNC_MAX_RETRIES: '3',
      DBSYNC_RETRY_DELAY: '4',
      DBSYNC_POOL_SIZE: '6',
      DBSYNC_PARALLEL_TABLES: '5',
      DBSYNC_COMPRESS: 'yes',
      DBSYNC_VERIFY_AFTER_SYNC: 'false',
      DBSYNC_TABLE_LIST: 'a,b',
      DBSYNC_DB_LIST: 'x_*,y',
      DBSYNC_STATUS_DIR: 'st',
      DBSYNC_DB_SSL_CA: 'ca',
    }
    const { config } = await load({ 'params.json': PARAMS }, { env })
    expect(config).toMatchObject({ lookbackMinutes: 1, batchRows: 2, maxRetries: 3, retryDelayMs: 4000, connections: 6, parallelTables: 5, compress: true })
    expect(config).toMatchObject({
      verifyAfterSync: false,
      tables: ['a', 'b'],
      databases: ['x_*', 'y'],
      state: { options: { status_dir: join(folder, 'st') } },
    })
    expect(config.source.options.ssl).toEqual({ mode: 'verify-identity', ca: join(folder, 'ca') })
  })

  it('never runs more tables than connections, and says so when the user asked for more', async () => {
    const { config, warnings } = await load({ 'params.json': { ...PARAMS, pool_size: 2 } }, { flags: { parallel: 8 } })
    expect(config.parallelTables).toBe(2)
    expect(warnings[0]).toContain('8 tables at once (flag --parallel)')
    expect((await load({ 'params.json': { ...PARAMS, pool_size: 2 } })).warnings).toEqual([])
  })
})

describe('.env', () => {
  const ENV =
    'DB_HOST=h\nDB_NAME=my_db*\nDB_USER=u\nDB_PASSWORD=p\nBACKUP_DB_HOST=t\nBACKUP_DB_NAME=copy\nBACKUP_DB_USER=v\nBACKUP_DB_PASSWORD=q\nBACKUP_DB_PORT=33\n'

  it('is enough alone', async () => {
    const { config, warnings } = await load({ '.env': ENV })
    expect(config.source.options).toEqual({ host: 'h', port: 3306, user: 'u', password: 'p' })
    expect(config.databases).toEqual(['my_db\\*'])
    expect(config.targets).toMatchObject([{ name: 'backup', type: 'mysql', database: 'copy', options: { host: 't', port: 33, user: 'v', password: 'q' } }])
    expect(warnings).toEqual([])
  })

  it('wins over what a file says of the MySQL target backup', async () => {
    const params = { ...PARAMS, targets: { backup: { type: 'mysql', host: 'f', user: 'f' } } }
    const { config, sources } = await load({ 'params.json': params, '.env': 'BACKUP_DB_PASSWORD=q\nBACKUP_DB_HOST=t' })
    expect(config.targets[0]?.options).toEqual({ host: 't', port: 3306, user: 'f', password: 'q' })
    expect(sources['targets.backup.options.host']).toBe('.env BACKUP_DB_HOST')
  })

  it('warns when BACKUP_DB_HOST is missing', async () => {
    expect((await load({ 'params.json': PARAMS, '.env': 'BACKUP_DB_USER=x' })).warnings[0]).toContain('BACKUP_DB_HOST is missing')
  })

  it('names the variable whose value cannot be used, without its value where it is secret', async () => {
    const error = await failure({ '.env': `${ENV}DB_PORT=70000\nDBSYNC_BATCH_SIZE=-1` })
    expect(error.message).toContain('.env DB_PORT must be a whole number from 1 to 65535')
    expect(error.message).toContain('.env DBSYNC_BATCH_SIZE must be a whole number from 1 to 1000000')
  })

  it('finds mistyped DBSYNC_ names', async () => {
    const { warnings } = await load({ '.env': ENV }, { env: { DBSYNC_BATCHSIZE: '3', DBSYNC_DATA_DIR: '/x' } })
    expect(warnings).toEqual(['`DBSYNC_BATCHSIZE` in environment sets nothing: did you mean `DBSYNC_BATCH_SIZE`?'])
  })
})

describe('examples', () => {
  const examples = new URL('../../../../examples/', import.meta.url)
  const env = { DB_PASSWORD: 'a', BACKUP_DB_PASSWORD: 'b' }

  it.each([
    ['params-minimal.json', 'params.json'],
    ['params-incremental-example.json', 'params.json'],
    ['env-example', '.env'],
  ])('%s loads without a warning', async (example, name) => {
    const loaded = await load({ [name]: await readFile(new URL(example, examples), 'utf8') }, { env: name === '.env' ? {} : env })
    expect(loaded.warnings).toEqual([])
    const config = await loaded.resolve({ signal: AbortSignal.timeout(5000) })
    expect(config.targets[0]?.options.password).toBe(name === '.env' ? 'change-me-too' : 'b')
  })

  it('sync-config-example.json loads without a warning', async () => {
    const { warnings, config } = await load({
      'params.json': PARAMS,
      'sync-config.json': await readFile(new URL('sync-config-example.json', examples), 'utf8'),
    })
    expect(warnings).toEqual([])
    expect(config.excludeTables).toEqual(['temp_*', '*_backup'])
  })

  it('sync-config-schedules.json loads without a warning', async () => {
    const { warnings, config } = await load({
      'params.json': PARAMS,
      'sync-config.json': await readFile(new URL('sync-config-schedules.json', examples), 'utf8'),
    })
    expect(warnings).toEqual([])
    expect(config.schedules.map(({ name, enabled }) => [name, enabled])).toEqual([
      ['hourly', true],
      ['verify-daily', true],
      ['full-weekly', true],
      ['shop-orders', true],
      ['daily', false],
    ])
    expect(config.alerts.webhooks).toHaveLength(2)
  })
})
