import { spawn } from 'node:child_process'
import type { Answer } from './webhook.ts'

const STDERR_SHOWN = 500
/** A secret is found whole only: it is taken out before the rest is cut. */
const STDERR_KEPT = 16_000

export type CommandOptions = { readonly cwd: string; readonly timeoutMs: number; readonly redact?: (text: string) => string }

/** Runs the command with the alert on its standard input. Once: what a command has done already, nobody knows. Never throws. */
export function runCommand(command: string, body: string, { cwd, timeoutMs, redact = (text) => text }: CommandOptions): Promise<Answer> {
  return new Promise((done) => {
    let stderr = ''
    let tookTooLong = false
    // A group of its own, so that what it started ends with it.
    const child = spawn(command, { cwd, shell: true, detached: true, stdio: ['pipe', 'ignore', 'pipe'] })
    const timer = setTimeout(() => {
      tookTooLong = true
      endGroup(child.pid)
    }, timeoutMs)
    const answer = (ok: boolean, detail: string): void => {
      clearTimeout(timer)
      // What it left running in the background may hold this open for ever.
      child.stderr.destroy()
      done({ ok, detail: stderr === '' || ok ? detail : `${detail}: ${redact(stderr.trim()).slice(-STDERR_SHOWN)}`, attempts: 1 })
    }
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-STDERR_KEPT)
    })
    // A command need not read what it is told.
    child.stdin.on('error', () => {})
    child.stdin.end(body)
    child.once('error', (error) => answer(false, `could not be run (${'code' in error ? String(error.code) : error.message})`))
    child.once('exit', (code, signal) => {
      const detail = tookTooLong ? `stopped after ${timeoutMs / 1000} s` : code === null ? `ended by ${signal}` : `ended with ${code}`
      // What it wrote last may still be in the pipe.
      setImmediate(() => answer(code === 0, detail))
    })
  })
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // It ended by itself meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
