import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Logger } from 'pino'

const ROTATE_BYTES = 10 * 1024 * 1024
const KEEP = 5

export type LogFile = {
  readonly path: string
  readonly logger: Logger
  readonly close: () => void
}

export type LogFileOptions = {
  readonly path: string
  /** Stands in every line. */
  readonly base: Readonly<Record<string, unknown>>
  /** Told once when the log cannot be written: nothing fails for its log. */
  readonly onLost: (message: string) => void
}

/** One JSON object a line, written at once, so that a killed process has lost nothing of it. `undefined` where no log can be written. */
export async function openLogFile({ path, base, onLost }: LogFileOptions): Promise<LogFile | undefined> {
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
    return undefined
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
  const logger = pino({ base, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } }, { write })
  return {
    path,
    logger,
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

const isSystemError = (error: unknown): error is Error & { readonly code: string } => error instanceof Error && 'syscall' in error && 'code' in error
