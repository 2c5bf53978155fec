import { quote, startServer, type TestServer } from '@dbsync/testkit'
import { afterAll, beforeAll, test } from 'vitest'
import { expectInStep } from './expect-in-step.ts'
import { COLUMN_TABLES } from './names.ts'
import { SEED } from './random.ts'
import { SHAPES } from './shapes.ts'
import { pools, type TableCase, TYPE_TABLES } from './tables.ts'

/** Strict InnoDB refuses to create it, whatever its rows hold. */
const LARGE_ROWS: TableCase = {
  name: 'large_rows',
  body: `(id INT PRIMARY KEY, ${Array.from({ length: 200 }, (_, i) => `c${i} VARCHAR(60)`).join(', ')}) DEFAULT CHARSET=latin1`,
  pools: pools({ id: ['1', '2', '3'], c0: ["'a'", "'b'"], c199: ["'a'", 'NULL'] }),
  id: 'id',
}

let source: TestServer
let target: TestServer

// Whatever a server's own settings are, none of them may reach the copy.
beforeAll(async () => {
  ;[source, target] = await Promise.all([
    startServer({
      timeZone: '-05:00',
      settings: {
        sql_mode: 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,PAD_CHAR_TO_FULL_LENGTH,HIGH_NOT_PRECEDENCE,NO_UNSIGNED_SUBTRACTION,TIME_ROUND_FRACTIONAL',
        character_set_server: 'latin1',
        collation_server: 'latin1_german2_ci',
        transaction_isolation: 'READ-COMMITTED',
        innodb_strict_mode: '0',
        completion_type: 'CHAIN',
        div_precision_increment: '0',
        group_concat_max_len: '4',
        lc_time_names: 'de_DE',
        max_allowed_packet: '16M',
      },
    }),
    startServer({
      timeZone: '+09:00',
      binlog: true,
      settings: {
        sql_mode: '',
        character_set_server: 'utf8mb3',
        local_infile: '0',
        max_allowed_packet: '1M',
        innodb_strict_mode: '1',
        completion_type: 'RELEASE',
        explicit_defaults_for_timestamp: '0',
        max_error_count: '0',
        transaction_isolation: 'SERIALIZABLE',
        default_storage_engine: 'MyISAM',
        binlog_format: 'MIXED',
        system_versioning_alter_history: 'ERROR',
        lock_wait_timeout: '5',
      },
    }),
  ])
  for (const server of [source, target]) await server.query('SET GLOBAL autocommit = 0, GLOBAL sql_safe_updates = 1, GLOBAL sql_auto_is_null = 1')
})

afterAll(async () => {
  await source[Symbol.asyncDispose]()
  await target[Symbol.asyncDispose]()
})

test(`between servers with settings of their own, of which one forbids LOAD DATA, into a database with another character set (seed ${SEED})`, () =>
  expectInStep({
    servers: { source, target },
    tables: [...TYPE_TABLES.filter(({ name }) => !/^(pair|unique)/.test(name)), ...SHAPES, LARGE_ROWS, ...COLUMN_TABLES],
    seed: SEED,
    prepare: async ({ target: { database } }) => {
      await target.query(`CREATE DATABASE ${quote(database)} CHARACTER SET cp1251`)
    },
  }))
