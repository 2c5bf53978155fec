import type { Config, Listener, SyncEvent } from '@dbsync/core'
import { errorJson } from '@dbsync/core/plugin'
import { openLogFile } from './log-file.ts'
import { redactTexts } from './redact-texts.ts'

const PROGRESS_EVERY_MS = 10_000

export type Log = {
  /** Absent where no log can be written. */
  readonly path?: string
  readonly listener: Listener
  /** What a command did that has no events. */
  entry(name: string, fields: object): void
  warning(message: string): void
  /** The report that people see at the end, under one tag: `grep SYNC_REPORT` finds the whole of it. */
  report(text: string): void
  failure(error: unknown): void
  close(): void
}

export type LogOptions = {
  readonly config: Pick<Config, 'log'>
  readonly run: string
  /** Takes secrets out of every text before it is written. */
  readonly redact: (text: string) => string
  /** Shown every entry as well, as lines for people; everything is logged then. */
  readonly echo?: (lines: string) => void
  /** Told once when the log cannot be written: a run never fails for its log. */
  readonly onLost: (message: string) => void
}

/** The log of one run. */
export async function openLog({ config: { log }, run, redact, echo, onLost }: LogOptions): Promise<Log> {
  const file = await openLogFile({
    path: log.file,
    format: log.format,
    level: echo === undefined ? log.level : 'debug',
    echo,
    base: { pid: process.pid, run },
    onLost,
  })
  if (file === undefined) return { listener: () => {}, entry: () => {}, warning: () => {}, report: () => {}, failure: () => {}, close: () => {} }
  const { path, logger, close } = file
  const thinned = thinProgress()

  return {
    path,
    listener: (event) => {
      const level = thinned(event) ? levelOf(event) : 'debug'
      if (logger.isLevelEnabled(level)) logger[level](redactTexts(fieldsOf(event), redact), event.type)
    },
    entry: (name, fields) => logger.info(redactTexts(fields, redact), name),
    warning: (message) => logger.warn(redact(message)),
    report: (text) => logger.info({ lines: redact(text).split('\n') }, 'SYNC_REPORT'),
    failure: (error) => logger.error(redactTexts({ error: errorJson(error), stack: stackOf(error) }, redact), 'failed'),
    close,
  }
}

/** Lets one progress event of a table through every ten seconds, and everything else. */
function thinProgress(): (event: SyncEvent) => boolean {
  const last = new Map<string, number>()
  return (event) => {
    if (event.type !== 'table.progress' && event.type !== 'backup.progress') return true
    const id = event.type === 'table.progress' ? event.id : event.target
    const now = Date.parse(event.at)
    if (now - (last.get(id) ?? Number.NEGATIVE_INFINITY) < PROGRESS_EVERY_MS) return false
    last.set(id, now)
    return true
  }
}

function levelOf(event: SyncEvent): 'info' | 'warn' | 'error' {
  if (event.type === 'warning' || event.type === 'table.retrying') return 'warn'
  if (event.type === 'table.verified' && event.result.outcome !== 'equal') return 'warn'
  return event.type === 'table.finished' && event.report.error !== undefined ? 'error' : 'info'
}

/** Rows that differ are shown and never logged: their values are the user's data. */
function withoutValues(event: SyncEvent): SyncEvent {
  if (event.type === 'table.verified') return { ...event, result: { ...event.result, differences: [] } }
  if (event.type !== 'table.finished' || event.report.verified === undefined) return event
  const { differences: _, ...verified } = event.report.verified
  return { ...event, report: { ...event.report, verified } }
}

/** The plan is logged without the tables' schemas, which would be most of the log. */
function fieldsOf(event: SyncEvent): object {
  if (event.type !== 'run.planned') {
    const { v: _version, run: _run, type: _type, at: _at, ...fields } = withoutValues(event)
    return fields
  }
  const { targets, ...plan } = event.plan
  const short = targets.map((target) => ({
    ...target,
    databases: target.databases.map((database) => ({
      ...database,
      tables: database.tables.map(({ schema: _schema, wanted: _wanted, existing: _existing, changes: _changes, ...table }) => table),
    })),
  }))
  return { plan: { ...plan, targets: short } }
}

const stackOf = (error: unknown): string | undefined => (error instanceof Error ? error.stack : undefined)
