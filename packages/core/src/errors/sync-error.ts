import type { TableRef } from '../model/schema.ts'

/**
 * What kind of trouble it is, which decides what happens next:
 * `config` exits 2; `connection` and `privilege` exit 3; `locked` exits 4; `transient` is retried;
 * `data` and `refused` fail the table and let the others finish; `cancelled` exits 130; `bug` exits 70 and asks for a report.
 */
export type ErrorKind = 'config' | 'connection' | 'privilege' | 'locked' | 'transient' | 'data' | 'refused' | 'cancelled' | 'bug'

export type SyncErrorDetails = {
  readonly kind: ErrorKind
  /** The next step: a command, a GRANT, a setting. */
  readonly hint?: string
  readonly table?: TableRef
  readonly cause?: unknown
}

const BRAND = 'dbsync.error/1'

/** An error that a user can meet. The message says what happened and to which table; the hint says what to do next. */
export class SyncError extends Error {
  readonly brand = BRAND
  readonly code: string
  readonly kind: ErrorKind
  readonly hint: string | undefined
  readonly table: TableRef | undefined

  constructor(code: string, message: string, details: SyncErrorDetails) {
    super(message, { cause: details.cause })
    this.name = 'SyncError'
    this.code = code
    this.kind = details.kind
    this.hint = details.hint
    this.table = details.table
  }

  /** By brand, not `instanceof`: an installed plugin carries its own copy of core. */
  static is(error: unknown): error is SyncError {
    return error instanceof Error && 'brand' in error && error.brand === BRAND
  }
}

export type ErrorJson = {
  readonly code: string
  readonly kind: ErrorKind
  readonly message: string
  readonly hint?: string
}

/** What went wrong first: closing things afterwards may have failed too, as it does where a connection is lost. */
export function firstError(thrown: unknown): unknown {
  return thrown instanceof SuppressedError ? firstError(thrown.suppressed) : thrown
}

/** Any thrown value as JSON, by what went wrong first; what is not a `SyncError` is a bug. Redact before showing it. */
export function errorJson(thrown: unknown): ErrorJson {
  const error = firstError(thrown)
  if (SyncError.is(error)) {
    return { code: error.code, kind: error.kind, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'UNEXPECTED', kind: 'bug', message, hint: 'This is a fault of dbsync or of a plugin: please report it with the log file.' }
}
