import { SyncError } from '@dbsync/core/plugin'

/** What BigQuery answered instead of doing it, of a request or of a job. `status` 0: no answer at all. */
export class BigqueryFailure extends Error {
  readonly status: number
  readonly reason: string
  /** It is the end of a job: the job is over, and has done nothing. Otherwise a request failed, and what became of its job is not known by that. */
  readonly ended: boolean

  constructor(status: number, reason: string, message: string, { cause, ended = false }: { readonly cause?: unknown; readonly ended?: boolean } = {}) {
    super(message, { cause })
    this.name = 'BigqueryFailure'
    this.status = status
    this.reason = reason
    this.ended = ended
  }
}

/** The answer of a request as a failure: `{error: {code, message, errors: [{reason}]}}`. */
export function failureOf(status: number, text: string): BigqueryFailure {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  const error = typeof body === 'object' && body !== null && 'error' in body ? (body.error as ErrorBody) : undefined
  return new BigqueryFailure(status, error?.errors?.[0]?.reason ?? error?.status ?? '', error?.message ?? (text.slice(0, 300) || `HTTP status ${status}`))
}

type ErrorBody = { readonly message?: string; readonly status?: string; readonly errors?: readonly { readonly reason?: string }[] }

const BUSY = /could not serialize access|too many dml statements outstanding|aborted due to concurrent update|streaming buffer/i
const RATE = /rate ?limit|too many/i

/**
 * Whether it passes, and when. `request`: soon; `job`: soon, of a job; `busy`: after a longer pause. What is done again is the caller's to know: the same
 * request with the same id, or, of a job that is known to be over, another one.
 */
export function retryable({ status, reason, message }: BigqueryFailure): 'request' | 'job' | 'busy' | undefined {
  if (['jobBackendError', 'jobInternalError', 'jobRateLimitExceeded'].includes(reason)) return 'job'
  if (BUSY.test(message)) return 'busy'
  if (reason === 'rateLimitExceeded' || reason === 'userRateLimitExceeded' || (reason === 'quotaExceeded' && RATE.test(message))) return 'busy'
  if (status === 0 || status === 408 || status === 429 || status >= 500 || reason === 'backendError' || reason === 'internalError') return 'request'
  return undefined
}

/** The role that brings the permission which the message names. */
function grantFor(message: string): string {
  const [permission] = /bigquery\.\w+\.\w+/.exec(message) ?? []
  switch (permission) {
    case undefined:
      return 'Grant roles/bigquery.jobUser on the project and roles/bigquery.dataEditor on the dataset.'
    case 'bigquery.jobs.create':
      return 'Grant roles/bigquery.jobUser on the project (it has bigquery.jobs.create).'
    case 'bigquery.jobs.get':
      return 'Another account began it. Run as that account, or run again when its statement has ended, at the latest in six hours.'
    case 'bigquery.datasets.create':
      return 'Make the dataset yourself (`bq mk --dataset`), or grant roles/bigquery.user on the project (it has bigquery.datasets.create).'
    default:
      return `Grant roles/bigquery.dataEditor on the dataset (it has ${permission}).`
  }
}

/** A failure in the words of dbsync. */
export function syncError(failure: unknown, doing: string): unknown {
  if (!(failure instanceof BigqueryFailure)) return failure
  const { status, reason, message } = failure
  const error = (code: string, kind: SyncError['kind'], hint: string) =>
    new SyncError(code, `BigQuery, ${doing}: ${message.replaceAll(/\s+/g, ' ').slice(0, 600)}`, { kind, hint, cause: failure })
  if (/bytes billed/i.test(message)) return error('BIGQUERY_COST', 'refused', 'Raise max_bytes_billed of the target if this is what it may cost.')
  switch (retryable(failure)) {
    case 'request':
      return error('BIGQUERY_UNREACHABLE', 'transient', 'Check the network and the address. Run again: nothing was left half done.')
    case 'job':
    case 'busy':
      return error('BIGQUERY_BUSY', 'transient', 'Others write to the same table, or ask too often. Run again later.')
  }
  if (status === 401) return error('BIGQUERY_AUTH', 'connection', 'Run `gcloud auth application-default login`, or set key_file.')
  if (reason === 'quotaExceeded') return error('BIGQUERY_QUOTA', 'data', 'Wait until the quota comes back, or run less often.')
  if (status === 403) return error('BIGQUERY_PRIVILEGE', 'privilege', grantFor(message))
  if (status === 404 || reason === 'notFound') return error('BIGQUERY_MISSING', 'data', 'Run again: the plan is then made from what is there.')
  return error('BIGQUERY_FAILED', 'data', 'If it names a value, correct the row at the source; otherwise please report it with the log file.')
}
