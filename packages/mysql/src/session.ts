import type { ServerFacts } from './server.ts'

export type Role = 'source' | 'target'

/** Our own strict mode: nothing is truncated, zero dates and key 0 stay what they are, and no global mode leaks in (ANSI_QUOTES, NO_BACKSLASH_ESCAPES, PAD_CHAR_TO_FULL_LENGTH…). */
const SQL_MODE = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'

const TEXT: readonly string[] = [
  // Literals compare byte by byte; results come in the bytes in which they are stored.
  'NAMES utf8mb4 COLLATE utf8mb4_bin',
  'character_set_results = NULL',
  "time_zone = '+00:00'",
  `sql_mode = '${SQL_MODE}'`,
]

/** Brings a session back in which a statement was read as another client's would be. */
export const SESSION_TEXT = `SET ${TEXT.join(', ')}`

const FOR_ALL: readonly string[] = [
  ...TEXT,
  'autocommit = 1',
  // COMMIT ends the transaction, and neither begins another one nor hangs up.
  'completion_type = 0',
  // A slow consumer is not a dead one.
  'net_write_timeout = 3600',
  'net_read_timeout = 3600',
  'wait_timeout = 604800',
  'innodb_lock_wait_timeout = 50',
  'lock_wait_timeout = 120',
  // Each of these would silently cut or change an answer.
  'sql_select_limit = 18446744073709551615',
  'sql_big_selects = 1',
  'sql_quote_show_create = 1',
  'sql_auto_is_null = 0',
  'sql_safe_updates = 0',
  'max_sort_length = 65536',
]

const MARIADB = ['max_statement_time = 0', 'idle_transaction_timeout = 0', 'idle_readonly_transaction_timeout = 0', 'idle_write_transaction_timeout = 0']
const MYSQL = ['max_execution_time = 0']

/** The first statement of a session, before anything is asked: even what a server says about itself could be cut short. */
export const SESSION_START = `SET ${FOR_ALL.join(', ')}`

/** The statements that make a fresh session behave the same on every server, after `SESSION_START`. */
export const sessionSetup = (server: ServerFacts, role: Role): readonly string[] => [
  `SET ${(server.flavour === 'mariadb' ? MARIADB : MYSQL).join(', ')}`,
  `SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ${role === 'source' ? 'ONLY' : 'WRITE'}`,
]
