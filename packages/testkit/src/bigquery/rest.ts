import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export type JsonObject = { readonly [name: string]: Json | undefined }

/** What BigQuery, or a job, answered instead of a result. */
export class BigQueryRefusal extends Error {
  /** The HTTP status; undefined where a job was accepted and failed. */
  readonly status: number | undefined
  /** BigQuery's own word, such as `duplicate`. */
  readonly reason: string

  constructor(status: number | undefined, reason: string, message: string) {
    super(message)
    this.name = 'BigQueryRefusal'
    this.status = status
    this.reason = reason
  }
}

export type QueryOptions = { readonly [setting: string]: Json | undefined }

export type LoadOptions = {
  readonly dataset: string
  readonly table: string
  /** The lines of a file of newline-delimited JSON. */
  readonly rows: readonly JsonObject[]
  readonly jobId?: string
  /** More of `configuration.load`. */
  readonly load?: JsonObject
}

/** Just enough of BigQuery's REST interface to prepare a test and to see what came of it. */
export interface BigQueryRest {
  /** `path` is below the project: `/datasets`. Throws `BigQueryRefusal`. */
  request(method: string, path: string, body?: JsonObject): Promise<JsonObject>
  /** Runs one statement, or a script, to its end, with more settings of `jobs.query`. Cells are as BigQuery writes them: text or null. */
  query(sql: string, settings?: QueryOptions): Promise<readonly (readonly Json[])[]>
  /** Inserts a job and waits for its end. Throws where it failed. */
  job(configuration: JsonObject, jobId?: string): Promise<JsonObject>
  /** Loads rows by one multipart upload and waits for the job's end. */
  load(options: LoadOptions): Promise<JsonObject>
}

/** Whoever is asked must answer: nothing is tried twice here. */
export function bigQueryRest(server: { readonly endpoint: string; readonly project: string }): BigQueryRest {
  const base = `/bigquery/v2/projects/${encodeURIComponent(server.project)}`

  async function send(method: string, path: string, contentType: string, body: string | undefined): Promise<JsonObject> {
    const answer = await fetch(server.endpoint + path, {
      method,
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined ? {} : { body, headers: { 'content-type': contentType } }),
    })
    const content = await answer.text()
    if (!answer.ok) throw refusal(answer.status, content)
    const result = (content === '' ? {} : JSON.parse(content)) as JsonObject
    // bqemulator answers a query that failed so, with no rows.
    const [error] = (result['errors'] ?? []) as readonly Json[]
    if (error !== undefined) throw new BigQueryRefusal(answer.status, text(error, 'reason'), text(error, 'message'))
    return result
  }

  const request = (method: string, path: string, body?: JsonObject): Promise<JsonObject> =>
    send(method, base + path, 'application/json', body === undefined ? undefined : JSON.stringify(body))

  async function finished(job: JsonObject): Promise<JsonObject> {
    let now = job
    while (read(now, 'status', 'state') !== 'DONE') {
      await sleep(20)
      now = await request('GET', `/jobs/${encodeURIComponent(text(now, 'jobReference', 'jobId'))}`)
    }
    const error = read(now, 'status', 'errorResult')
    if (error !== undefined) throw new BigQueryRefusal(undefined, text(error, 'reason'), text(error, 'message'))
    return now
  }

  const reference = (jobId: string = randomUUID()) => ({ projectId: server.project, jobId })

  return {
    request,
    async query(sql, settings = {}) {
      let answer = await request('POST', '/queries', { query: sql, useLegacySql: false, timeoutMs: 30_000, ...settings })
      const jobId = encodeURIComponent(text(answer, 'jobReference', 'jobId'))
      while (answer['jobComplete'] === false) answer = await request('GET', `/queries/${jobId}?timeoutMs=10000`)
      const rows = cells(answer)
      while (answer['pageToken'] !== undefined && answer['pageToken'] !== null) {
        answer = await request('GET', `/queries/${jobId}?pageToken=${encodeURIComponent(text(answer, 'pageToken'))}`)
        rows.push(...cells(answer))
      }
      return rows
    },
    async job(configuration, jobId) {
      return finished(await request('POST', '/jobs', { jobReference: reference(jobId), configuration }))
    },
    async load({ dataset, table, rows, jobId, load = {} }) {
      const boundary = `dbsync-${randomUUID()}`
      const job: JsonObject = {
        jobReference: reference(jobId),
        configuration: {
          load: {
            destinationTable: { projectId: server.project, datasetId: dataset, tableId: table },
            sourceFormat: 'NEWLINE_DELIMITED_JSON',
            createDisposition: 'CREATE_NEVER',
            writeDisposition: 'WRITE_APPEND',
            ...load,
          },
        },
      }
      const part = (type: string, content: string) => `--${boundary}\r\nContent-Type: ${type}\r\n\r\n${content}\r\n`
      const body = `${part('application/json; charset=UTF-8', JSON.stringify(job))}${part('application/octet-stream', rows.map((row) => `${JSON.stringify(row)}\n`).join(''))}--${boundary}--\r\n`
      return finished(await send('POST', `/upload${base}/jobs?uploadType=multipart`, `multipart/related; boundary=${boundary}`, body))
    },
  }
}

/** A member of a member; undefined where there is none on the way, or null. */
export function read(from: Json | undefined, ...path: readonly string[]): Json | undefined {
  let now: Json | undefined = from
  for (const name of path) now = typeof now === 'object' && now !== null && !Array.isArray(now) ? (now as JsonObject)[name] : undefined
  return now ?? undefined
}

/** The rows of an answer of `jobs.query` or `getQueryResults`. */
function cells(answer: JsonObject): Json[][] {
  const rows = (answer['rows'] ?? []) as unknown as readonly { readonly f: readonly { readonly v: Json }[] }[]
  return rows.map((row) => row.f.map((cell) => cell.v))
}

/** The same as text; empty where there is no plain value. */
export function text(from: Json | undefined, ...path: readonly string[]): string {
  const found = read(from, ...path)
  return typeof found === 'object' || found === undefined ? '' : String(found)
}

function refusal(status: number, answer: string): BigQueryRefusal {
  let body: Json
  try {
    body = JSON.parse(answer) as Json
  } catch {
    return new BigQueryRefusal(status, 'unreadable', answer.slice(0, 500))
  }
  const errors = read(body, 'error', 'errors')
  const reason = Array.isArray(errors) ? read(errors[0] as Json, 'reason') : undefined
  return new BigQueryRefusal(status, text(reason) || 'unknown', text(body, 'error', 'message') || answer.slice(0, 500))
}
