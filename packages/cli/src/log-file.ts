import { closeSync, constants, lstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Logger } from 'pino'
import { printable, printableJson } from './printable.ts'

const ROTATE_BYTES = 10 * 1024 * 1024
const KEEP = 5

export type LogFile = {
  readonly path: string
  readonly logger: Logger
  readonly close: () => void
}

export type LogFileOptions = {
  readonly path: string
  readonly format?: 'json' | 'text'
  readonly level?: Logger['level']
  readonly echo?: ((lines: string) => void) | undefined
  /** Stands in every line. */
  readonly base: Readonly<Record<string, unknown>>
  /** Told once when the log cannot be written: nothing fails for its log. */
  readonly onLost: (message: string) => void
}

/** One entry a line, written at once, so that a killed process has lost nothing of it. `undefined` where no log can be written. */
export async function openLogFile({ path, format = 'json', level = 'info', echo, base, onLost }: LogFileOptions): Promise<LogFile | undefined> {
  let file: number | undefined
  const lost = (error: unknown): void => {
    if (!isSystemError(error)) throw error
    file = undefined
    const why = error.code === 'ELOOP' ? 'is a symbolic link: set log_file to the file itself' : `cannot be written (${error.code})`
    onLost(`there is no log of this run: ${path} ${why}`)
  }
  try {
    file = openFile(path)
  } catch (error) {
    lost(error)
    return undefined
  }
  const { pino } = await import('pino')
  const write = (line: string): void => {
    echo?.(textLines(line))
    if (file === undefined) return
    try {
      writeSync(file, format === 'json' ? printableJson(line) : textLines(line))
    } catch (error) {
      lost(error)
    }
  }
  const logger = pino({ base, level, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (name) => ({ level: name }) } }, { write })
  return {
    path,
    logger,
    close: () => {
      if (file !== undefined) closeSync(file)
      file = undefined
    },
  }
}

/** An entry for people: when, how grave, what, and the rest as it is. What has `lines` is told line by line, each under the same tag. */
function textLines(json: string): string {
  const { time, level, run = '', pid: _pid, msg, lines, ...rest } = JSON.parse(json) as Entry
  const head = `${time} ${level.toUpperCase().padEnd(5)} ${run} ${msg}`
  if (lines !== undefined) return lines.map((line) => `${printable(`${head} ${line}`)}\n`).join('')
  return `${printable(`${head}${Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`}`)}\n`
}

type Entry = {
  readonly time: string
  readonly level: string
  readonly run?: string
  readonly pid: number
  readonly msg: string
  readonly lines?: readonly string[]
}

function openFile(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if ((lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) > ROTATE_BYTES) rotate(path)
  // Whoever may set a link where the log is to be would choose the file that it is added to.
  return openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o600)
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

const isSystemError = (error: unknown): error is Error & { readonly code: string } => error instanceof Error && 'syscall' in error && 'code' in error
