import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'

const MAX_TEXT = 1000
const MAX_DETAILS = 20

/** What an alert says. Plain JSON, redacted, and never more than some 50 kB. */
export type Alert = {
  readonly v: 1
  /** The same in every attempt to deliver this alert, and in no other alert. */
  readonly id: string
  readonly event: 'job.failed' | 'job.held-up' | 'job.killed' | 'test'
  readonly at: string
  readonly host: string
  /** The project's folder. */
  readonly directory: string
  readonly job: string | null
  /** The exit code of the job; null where it has none. */
  readonly exit: number | null
  readonly message: string
  readonly hint: string | null
  readonly code: string | null
  /** The run in the log. */
  readonly run: string | null
  readonly log: string | null
  /** What went wrong with single tables, the first twenty. */
  readonly tables: readonly { readonly table: string; readonly outcome: string; readonly message: string }[]
  readonly moreTables: number
}

export type AlertFacts = Pick<Alert, 'event' | 'directory' | 'message'> & Partial<Alert>

/** Redacts first and cuts then: half a secret would pass the redaction. */
export function alertOf(facts: AlertFacts, redact: (text: string) => string): Alert {
  const short = (text: string): string => {
    const clean = redact(text)
    return clean.length > MAX_TEXT ? `${clean.slice(0, MAX_TEXT)}…` : clean
  }
  const optional = (text: string | null | undefined): string | null => (typeof text === 'string' ? short(text) : null)
  const tables = facts.tables ?? []
  return {
    v: 1,
    id: randomUUID(),
    event: facts.event,
    at: new Date().toISOString(),
    host: hostname(),
    directory: short(facts.directory),
    job: optional(facts.job),
    exit: facts.exit ?? null,
    message: short(facts.message),
    hint: optional(facts.hint),
    code: facts.code ?? null,
    run: facts.run ?? null,
    log: optional(facts.log),
    tables: tables.slice(0, MAX_DETAILS).map(({ table, outcome, message }) => ({ table: short(table), outcome, message: short(message) })),
    moreTables: Math.max(0, tables.length - MAX_DETAILS),
  }
}

const SLACK_TEXT = 3000

/** For Slack and what understands its webhooks (Mattermost, Rocket.Chat, Google Chat). */
export function slackText({ event, job, host, directory, exit, message, hint, tables, moreTables, log }: Alert): string {
  const head = event === 'test' ? `dbsync: test on ${host}` : `dbsync: ${job ?? 'a job'} on ${host}${exit === null ? '' : ` ended with exit code ${exit}`}`
  const lines = [
    head,
    message,
    ...tables.slice(0, 5).map(({ table, outcome, message: why }) => `• ${table} ${outcome}: ${why}`),
    ...(tables.length + moreTables > 5 ? [`• and ${tables.length + moreTables - 5} more`] : []),
    ...(hint === null ? [] : [`Next: ${hint}`]),
    `In ${directory}${log === null ? '' : `, log ${log}`}`,
  ]
  // The three characters that Slack takes for markup of its own.
  const text = lines.join('\n').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return text.length > SLACK_TEXT ? `${text.slice(0, SLACK_TEXT)}…` : text
}
