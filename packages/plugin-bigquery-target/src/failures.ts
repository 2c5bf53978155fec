import { SyncError } from '@dbsync/core/plugin'

/** What BigQuery answered instead of doing it, of a request or of a job. `status` 0: no answer at all. */
export class BigqueryFailure extends Error {
  readonly status: number
  readonly reason: string

  constructor(status: number, reason: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'BigqueryFailure'
    this.status = status
    this.reason = reason
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
 * What may be done again, and how. `request`: the same request, with the same id; `job`: the job is known to have failed, so that a new one may do it;
 * `busy`: the same after a longer pause.
 */
export function retryable({ status, reason, message }: BigqueryFailure): 'request' | 'job' | 'busy' | undefined {
  if (['jobBackendError', 'jobInternalError', 'jobRateLimitExceeded'].includes(reason)) return 'job'
  if (BUSY.test(message)) return 'busy'
  if (reason === 'rateLimitExceeded' || reason === 'userRateLimitExceeded' || (reason === 'quotaExceeded' && RATE.test(message))) return 'busy'
  if (status === 0 || status === 408 || status === 429 || status >= 500 || reason === 'backendError' || reason === 'internalError') return 'request'
  return undefined
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
  if (status === 403)
    return error('BIGQUERY_PRIVILEGE', 'privilege', 'Grant roles/bigquery.jobUser on the project and roles/bigquery.dataEditor on the dataset.')
  if (status === 404 || reason === 'notFound') return error('BIGQUERY_MISSING', 'data', 'Run again: the plan is then made from what is there.')
  return error('BIGQUERY_FAILED', 'data', 'If it names a value, correct the row at the source; otherwise please report it with the log file.')
}
