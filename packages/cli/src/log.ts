import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Listener, SyncEvent } from '@dbsync/core'
import { errorJson } from '@dbsync/core/plugin'
import { redactTexts } from './redact-texts.ts'

export const LOG_FILE = join('logs', 'incremental-sync.log')
const ROTATE_BYTES = 10 * 1024 * 1024
const KEEP = 5
const PROGRESS_EVERY_MS = 10_000

export type Log = {
  /** Absent where no log can be written. */
  readonly path?: string
  readonly listener: Listener
  warning(message: string): void
  failure(error: unknown): void
  close(): void
}

export type LogOptions = {
  readonly directory: string
  readonly run: string
  /** Takes secrets out of every text before it is written. */
  readonly redact: (text: string) => string
  /** Told once when the log cannot be written: a run never fails for its log. */
  readonly onLost: (message: string) => void
}

/** One JSON object a line, written at once, so that a killed process has lost nothing of it. */
export async function openLog({ directory, run, redact, onLost }: LogOptions): Promise<Log> {
  const path = join(directory, LOG_FILE)
  let file: number | undefined
  const lost = (error: unknown): void => {
    if (!isSystemError(error)) throw error
    file = undefined
    onLost(`there is no log of this run: ${path} cannot be written (${error.code})`)
  }
  try {
    file = openFile(path)
  } catch (error) {
    lost(error)
    return { listener: () => {}, warning: () => {}, failure: () => {}, close: () => {} }
  }

  const { pino } = await import('pino')
  const write = (line: string): void => {
    if (file === undefined) return
    try {
      writeSync(file, line)
    } catch (error) {
      lost(error)
    }
  }
  const logger = pino({ base: { pid: process.pid, run }, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } }, { write })
  const thinned = thinProgress()

  return {
    path,
    listener: (event) => {
      if (thinned(event)) logger[levelOf(event)](redactTexts(fieldsOf(event), redact), event.type)
    },
    warning: (message) => logger.warn(redact(message)),
    failure: (error) => logger.error(redactTexts({ error: errorJson(error), stack: stackOf(error) }, redact), 'failed'),
    close: () => {
      if (file !== undefined) closeSync(file)
      file = undefined
    },
  }
}

function openFile(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > ROTATE_BYTES) rotate(path)
  return openSync(path, 'a', 0o600)
}

/** `.1` is the youngest. A second process that rotates at the same moment moves what is left, and loses nothing. */
function rotate(path: string): void {
  for (let age = KEEP - 1; age >= 0; age--) {
    try {
      renameSync(age === 0 ? path : `${path}.${age}`, `${path}.${age + 1}`)
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'ENOENT') throw error
    }
  }
}

/** Lets one progress event of a table through every ten seconds, and everything else. */
function thinProgress(): (event: SyncEvent) => boolean {
  const last = new Map<string, number>()
  return (event) => {
    if (event.type !== 'table.progress') return true
    const now = Date.parse(event.at)
    if (now - (last.get(event.id) ?? Number.NEGATIVE_INFINITY) < PROGRESS_EVERY_MS) return false
    last.set(event.id, now)
    return true
  }
}

function levelOf(event: SyncEvent): 'info' | 'warn' | 'error' {
  if (event.type === 'warning' || event.type === 'table.retrying') return 'warn'
  return event.type === 'table.finished' && event.report.error !== undefined ? 'error' : 'info'
}

/** The plan is logged without the tables' schemas, which would be most of the log. */
function fieldsOf(event: SyncEvent): object {
  if (event.type !== 'run.planned') {
    const { v: _version, run: _run, type: _type, at: _at, ...fields } = event
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

const isSystemError = (error: unknown): error is Error & { readonly code: string } => error instanceof Error && 'syscall' in error && 'code' in error
