import { openCredentials, reasonOf } from './credentials.ts'
import { BigqueryFailure, failureOf } from './failures.ts'
import { askHttp, bodyOf } from './http.ts'
import { retrying } from './retry.ts'
import type { Settings } from './settings.ts'

export type Request = {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Behind `/bigquery/v2/projects/<project>`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** The HTTP side of BigQuery. Every request is tried again after faults that pass, so each one has to be harmless when it arrives twice. */
export interface Rest {
  readonly project: string
  call<T>(request: Request): Promise<T>
  /** The same, not tried again. */
  once<T>(request: Request): Promise<T>
  /** The same, `undefined` where the thing is not there. */
  find<T>(request: Request): Promise<T | undefined>
  /** One load job with its rows, in one request. Not tried again: the caller knows how. */
  upload<T>(job: unknown, rows: Uint8Array, signal: AbortSignal): Promise<T>
  traffic(): { readonly received: number; readonly sent: number }
}

/**
 * Google's client brings the credentials and knows the project. The requests are our own: its uploads are never tried again, what it tries again does
 * not stop when the run does, and it makes JavaScript values of cells.
 */
export async function openRest(settings: Settings, signal: AbortSignal): Promise<Rest> {
  const endpoint = settings.apiEndpoint ?? 'https://bigquery.googleapis.com'
  const { project, authorize } = await openCredentials(settings, endpoint)
  signal.throwIfAborted()
  const base = `/bigquery/v2/projects/${encodeURIComponent(project)}`
  const traffic = { received: 0, sent: 0 }

  async function send(url: string, init: { method: string; headers: Readonly<Record<string, string>>; parts: readonly Uint8Array[] }, stop: AbortSignal) {
    stop.throwIfAborted()
    const headers = { ...Object.fromEntries((await authorize()) ?? []), ...init.headers }
    const body = init.parts.length === 0 ? undefined : bodyOf(init.parts)
    const answer = await askHttp(url, { method: init.method, headers, body, signal: stop }).catch((error: unknown) => {
      if (stop.aborted) throw stop.reason
      throw new BigqueryFailure(0, 'network', `no answer from ${new URL(url).host}: ${reasonOf(error)}`, { cause: error })
    })
    traffic.sent += body?.length ?? 0
    traffic.received += answer.text.length
    if (answer.status < 200 || answer.status > 299) throw failureOf(answer.status, answer.text)
    return answer.text
  }

  const once = async <T>({ method = 'GET', path, query, body, headers = {}, signal: stop }: Request): Promise<T> => {
    const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`
    const parts = body === undefined ? [] : [Buffer.from(JSON.stringify(body))]
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
    const text = await send(`${endpoint}${base}${path}${search}`, { method, headers: { ...type, ...headers }, parts }, stop)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }
  const call = <T>(request: Request): Promise<T> => retrying(settings.retryDelayMs, request.signal, () => once<T>(request))

  return {
    project,
    call,
    once,
    async find<T>(request: Request) {
      try {
        return await call<T>(request)
      } catch (error) {
        if (error instanceof BigqueryFailure && error.status === 404) return undefined
        throw error
      }
    },
    async upload<T>(job: unknown, rows: Uint8Array, stop: AbortSignal) {
      const boundary = 'dbsync_8f1c2a'
      const head = `--${boundary}\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(job)}\r\n--${boundary}\r\ncontent-type: application/octet-stream\r\n\r\n`
      const parts = [Buffer.from(head), rows, Buffer.from(`\r\n--${boundary}--\r\n`)]
      const headers = { 'content-type': `multipart/related; boundary=${boundary}` }
      return JSON.parse(await send(`${endpoint}/upload${base}/jobs?uploadType=multipart`, { method: 'POST', headers, parts }, stop)) as T
    },
    traffic: () => ({ ...traffic }),
  }
}
