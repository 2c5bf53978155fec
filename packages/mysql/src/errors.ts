import { type ErrorKind, SyncError, type TableRef, tableName } from '@dbsync/core/plugin'
import type { MysqlCode } from './codes.ts'
import { quoteId } from './identifiers.ts'

export type ErrorContext = {
  /** What was being done, to complete "while …": `reading`, `connecting`. */
  readonly doing: string
  readonly table?: TableRef | undefined
  /** The server, for people. */
  readonly label: string
  /** The user that is logged in; for GRANT hints. */
  readonly user?: string | undefined
  /** Inside a snapshot a vanished table means that it changed: worth another try. */
  readonly snapshot?: boolean | undefined
}

type DriverError = Error & { code?: string; errno?: number; sql?: string }
type Verdict = { readonly code: MysqlCode; readonly kind: ErrorKind; readonly hint?: string }

/**
 * What the driver or the server threw, in our vocabulary. Something that is already a `SyncError` of this package gets the new
 * context where it wraps a driver's error, and is handed back as it is otherwise. A plain programming error stays what it is: a bug.
 */
export function mysqlError(error: unknown, context: ErrorContext): Error {
  if (SyncError.is(error)) {
    if (!error.code.startsWith('MYSQL_') || !isDriverError(error.cause)) return error
    return describe(error.cause, context, error)
  }
  if (!isDriverError(error)) return fileAsked(error, context) ?? (error instanceof Error ? error : new Error(String(error)))
  return describe(error, context)
}

/** In the place of an answer a server may ask for any file of this machine. The driver refuses, with an error that has no code. */
function fileAsked(error: unknown, { label }: ErrorContext): SyncError | undefined {
  if (!(error instanceof Error && error.message.includes('LOCAL INFILE command server wants'))) return undefined
  return new SyncError('MYSQL_FILE_ASKED' satisfies MysqlCode, `${label} asked for a file of this machine, which nobody told it to. It got none.`, {
    kind: 'connection',
    hint: 'No honest server does that: check that the address is right, and that nobody sits between (ssl).',
    cause: error,
  })
}

/** The server's error number behind an error, or `undefined`. */
export function serverErrno(error: unknown): number | undefined {
  const cause = SyncError.is(error) ? error.cause : error
  return isDriverError(cause) && typeof cause.errno === 'number' && cause.errno > 0 ? cause.errno : undefined
}

function describe(error: DriverError, context: ErrorContext, earlier?: SyncError): SyncError {
  // The statement may hold thousands of values: nothing for a log.
  delete error.sql
  const found = verdict(error, context) ?? (earlier === undefined ? undefined : { code: earlier.code, kind: earlier.kind, hint: earlier.hint })
  const { code, kind, hint } = found ?? { code: 'MYSQL_STATEMENT', kind: 'data' as const, hint: undefined }
  const what = context.table === undefined ? context.doing : `${context.doing} ${tableName(context.table)}`
  const number = error.errno !== undefined && error.errno > 0 ? ` (${error.errno})` : ''
  return new SyncError(code, `${context.label}, ${what}: ${error.message}${number}`, {
    kind,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
    ...(context.table === undefined ? {} : { table: context.table }),
  })
}

function isDriverError(error: unknown): error is DriverError {
  return error instanceof Error && !SyncError.is(error) && ('errno' in error || 'code' in error)
}

const LOST = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_ERROR',
  'PROTOCOL_UNEXPECTED_PACKET',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENETRESET',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_SOCKET_CLOSED',
  'Z_DATA_ERROR',
])
const UNREACHABLE = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EACCES', 'ENOENT', 'ECONNRESET'])

function verdict(error: DriverError, context: ErrorContext): Verdict | undefined {
  const { code = '', errno } = error
  if (context.doing === 'connecting') {
    if (code === 'HANDSHAKE_NO_SSL_SUPPORT') {
      return {
        code: 'MYSQL_TLS',
        kind: 'connection',
        hint: 'The server offers no TLS: switch it on there, or set ssl.mode to disabled if the network is safe.',
      }
    }
    if (code === 'HANDSHAKE_SSL_ERROR' || /CERT|SSL|TLS/.test(code)) {
      return { code: 'MYSQL_TLS', kind: 'connection', hint: tlsHint(error) }
    }
    if (UNREACHABLE.has(code)) {
      return { code: 'MYSQL_UNREACHABLE', kind: 'connection', hint: 'Check host and port, that the server runs and listens there, and firewalls.' }
    }
  }
  if (errno !== undefined) {
    const known = byNumber(errno, context, error)
    if (known !== undefined) return known
  }
  if (LOST.has(code)) return { code: 'MYSQL_CONNECTION_LOST', kind: 'transient' }
  return undefined
}

function tlsHint({ code = '', message }: DriverError): string {
  if (/EXPIRED|NOT_YET_VALID/.test(code) || /certificate (?:has expired|is not yet valid)/.test(message))
    return "The server's certificate is out of date: renew it there. Check the clocks of both machines, too."
  if (/ALTNAME/.test(code) || /altnames/.test(message))
    return 'Use a host name or an address that stands in the certificate; verify-ca in ssl.mode checks the authority and not the name.'
  return "Set ssl.ca to the certificate of the authority that has signed the server's."
}

function byNumber(errno: number, context: ErrorContext, error: Error): Verdict | undefined {
  switch (errno) {
    case 1045: // ER_ACCESS_DENIED_ERROR
    case 1698: // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
    case 1130: // ER_HOST_NOT_PRIVILEGED
    case 1524: // ER_PLUGIN_IS_NOT_LOADED
    case 3118: // ER_ACCOUNT_HAS_BEEN_LOCKED
    case 4151: // ER_ACCOUNT_HAS_BEEN_LOCKED (MariaDB)
    case 1820: // ER_MUST_CHANGE_PASSWORD
    case 1862: // ER_MUST_CHANGE_PASSWORD_LOGIN
      return { code: 'MYSQL_LOGIN', kind: 'connection', hint: 'Check user and password, and from which hosts the user may log in.' }
    case 1044: // ER_DBACCESS_DENIED_ERROR
    case 1142: // ER_TABLEACCESS_DENIED_ERROR
    case 1143: // ER_COLUMNACCESS_DENIED_ERROR
    case 1227: // ER_SPECIFIC_ACCESS_DENIED_ERROR
    case 1370: // ER_PROCACCESS_DENIED_ERROR
      return { code: 'MYSQL_PRIVILEGE', kind: 'privilege', hint: grantHint(context, error.message) }
    case 1049: // ER_BAD_DB_ERROR
      return { code: 'MYSQL_NO_DATABASE', kind: 'config', hint: 'Check the name, and that the user may see the database.' }
    case 1040: // ER_CON_COUNT_ERROR
    case 1203: // ER_TOO_MANY_USER_CONNECTIONS
    case 1226: // ER_USER_LIMIT_REACHED
      return { code: 'MYSQL_TOO_MANY_CONNECTIONS', kind: 'transient', hint: 'Lower pool_size, or raise max_connections on the server.' }
    case 1205: // ER_LOCK_WAIT_TIMEOUT
    case 1213: // ER_LOCK_DEADLOCK
    case 1020: // ER_CHECKREAD
    case 1317: // ER_QUERY_INTERRUPTED
    case 1969: // ER_STATEMENT_TIMEOUT (MariaDB)
    case 3024: // ER_QUERY_TIMEOUT
    case 1028: // ER_FILSORT_ABORT
    case 1180: // ER_ERROR_DURING_COMMIT
    case 1615: // ER_NEED_REPREPARE
    case 3572: // ER_LOCK_NOWAIT
      return { code: 'MYSQL_BUSY', kind: 'transient' }
    case 1053: // ER_SERVER_SHUTDOWN
    case 1927: // ER_CONNECTION_KILLED
    case 2006:
    case 2013:
    case 1079: // ER_SHUTDOWN_COMPLETE
    case 1152: // ER_ABORTING_CONNECTION
    case 1154: // ER_NET_READ_ERROR_FROM_PIPE
    case 1155: // ER_NET_FCNTL_ERROR
    case 1156: // ER_NET_PACKETS_OUT_OF_ORDER
    case 1158: // ER_NET_READ_ERROR
    case 1159: // ER_NET_READ_INTERRUPTED
    case 1160: // ER_NET_ERROR_ON_WRITE
    case 1161: // ER_NET_WRITE_INTERRUPTED
    case 1184: // ER_NEW_ABORTING_CONNECTION
    case 3169: // ER_SESSION_WAS_KILLED
    case 4031: // ER_CLIENT_INTERACTION_TIMEOUT
      return { code: 'MYSQL_CONNECTION_LOST', kind: 'transient' }
    case 1412: // ER_TABLE_DEF_CHANGED
      return { code: 'MYSQL_TABLE_CHANGED', kind: 'transient', hint: 'The table was altered while it was read.' }
    case 1146: // ER_NO_SUCH_TABLE
      return context.snapshot === true ? { code: 'MYSQL_TABLE_CHANGED', kind: 'transient' } : { code: 'MYSQL_NO_TABLE', kind: 'data' }
    case 1054: // ER_BAD_FIELD_ERROR
      return context.snapshot === true ? { code: 'MYSQL_TABLE_CHANGED', kind: 'transient' } : undefined
    case 1062: // ER_DUP_ENTRY
    case 1586: // ER_DUP_ENTRY_WITH_KEY_NAME
      return { code: 'MYSQL_DUPLICATE', kind: 'data', hint: 'Compare the unique keys and the collations of source and target.' }
    case 1264: // ER_WARN_DATA_OUT_OF_RANGE
    case 1265: // WARN_DATA_TRUNCATED
    case 1292: // ER_TRUNCATED_WRONG_VALUE
    case 1366: // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
    case 1406: // ER_DATA_TOO_LONG
    case 1411: // ER_WRONG_VALUE_FOR_TYPE
    case 1048: // ER_BAD_NULL_ERROR
    case 3140: // ER_INVALID_JSON_TEXT
    case 3819: // ER_CHECK_CONSTRAINT_VIOLATED
    case 4025: // ER_CONSTRAINT_FAILED (MariaDB)
      return { code: 'MYSQL_VALUE', kind: 'data' }
    case 1451: // ER_ROW_IS_REFERENCED_2
    case 1452: // ER_NO_REFERENCED_ROW_2
      return { code: 'MYSQL_FOREIGN_KEY', kind: 'data' }
    case 1823: // ER_FK_FAIL_ADD_SYSTEM
    case 1826: // ER_DUP_CONSTRAINT_NAME
      return takenName()
    case 1005: // ER_CANT_CREATE_TABLE
      // HA_ERR_FOUND_DUPP_KEY
      return error.message.includes('errno: 121 ') ? takenName() : undefined
    case 1025: // ER_ERROR_ON_RENAME: the last step of an ALTER, of which nothing is left then
      // HA_ERR_LOCK_DEADLOCK
      return error.message.includes('errno: 149 ') ? { code: 'MYSQL_BUSY', kind: 'transient' } : undefined
    case 1153: // ER_NET_PACKET_TOO_LARGE
    case 1301: // ER_WARN_ALLOWED_PACKET_OVERFLOWED
    case 1162: // ER_TOO_LONG_STRING
      return { code: 'MYSQL_PACKET', kind: 'data', hint: `Raise max_allowed_packet on ${context.label}: SET GLOBAL max_allowed_packet=1073741824` }
    case 1021: // ER_DISK_FULL
    case 1114: // ER_RECORD_FILE_FULL
    case 3: // EE_WRITE
      return { code: 'MYSQL_DISK_FULL', kind: 'data', hint: `Free disk space on ${context.label} and run again.` }
    case 1418: // ER_BINLOG_UNSAFE_ROUTINE
    case 1419: // ER_BINLOG_CREATE_ROUTINE_NEED_SUPER
      return {
        code: 'MYSQL_PRIVILEGE',
        kind: 'privilege',
        hint: `The server writes a binary log, and lets only SUPER make functions and triggers then. On ${context.label}: SET GLOBAL log_bin_trust_function_creators = 1; and keep it in the server's settings.`,
      }
    case 1290: // ER_OPTION_PREVENTS_STATEMENT
    case 1792: // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
    case 1836: // ER_READ_ONLY_MODE
      return { code: 'MYSQL_READ_ONLY', kind: 'refused', hint: readOnlyHint }
    default:
      return undefined
  }
}

const readOnlyHint = 'Give the address of a server that may be written to, or let this one be: SET GLOBAL read_only = OFF.'

/** Names of foreign keys are shared by all tables of a database. */
function takenName(): Verdict {
  return {
    code: 'MYSQL_CONSTRAINT_NAME',
    kind: 'data',
    hint: 'Mostly it is a table that was renamed or dropped at the source, and is still there in the copy: --allow-destructive drops it, and the run after that one has the name.',
  }
}

const ROUTINES = 'CREATE ROUTINE, ALTER ROUTINE, EXECUTE'
/** By the word that a statement or an activity has in capitals. */
const OBJECT_PRIVILEGES: Readonly<Record<string, string>> = {
  VIEW: 'CREATE VIEW, SHOW VIEW, DROP',
  TRIGGER: 'TRIGGER',
  PROCEDURE: ROUTINES,
  FUNCTION: ROUTINES,
  EVENT: 'EVENT',
}

function grantHint(context: ErrorContext, message: string): string {
  const database = context.table?.database ?? / to database '(.+)'$/s.exec(message)?.[1] ?? 'database'
  const on = `${quoteId(database)}.*`
  const object = /\b(?:VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT)\b/.exec(context.doing)?.[0]
  if (object !== undefined) return `GRANT ${OBJECT_PRIVILEGES[object]} ON ${on} TO '${context.user ?? 'user'}'@'…'; the message above names what was refused.`
  const privileges = /writ|creat|load|alter|chang|delet|drop/.test(context.doing)
    ? 'SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES'
    : 'SELECT'
  return `GRANT ${privileges} ON ${on} TO '${context.user ?? 'user'}'@'…'; the message above names what was refused.`
}
