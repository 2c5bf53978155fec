import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What was done and what came of it, in order, on disk: a soak that hangs has a log too. */
export interface Log {
  readonly path: string
  readonly line: (text: string) => void
  /** All that a command has said, into a file beside the log. */
  attach(output: string): void
  last(lines: number): string
  remove(): void
}

/** `DBSYNC_SOAK_LOG` names a file that stays, whatever the end. */
export function openLog(seed: number): Log {
  const kept = process.env.DBSYNC_SOAK_LOG
  const path = kept ?? join(tmpdir(), `dbsync-soak-${seed}-${process.pid}.log`)
  const start = performance.now()
  writeFileSync(path, `DBSYNC_SOAK_SEED=${seed}\n`)
  return {
    path,
    line: (text) => appendFileSync(path, `${((performance.now() - start) / 1000).toFixed(1).padStart(7)}  ${text.replaceAll(/\s*\n\s*/g, ' ')}\n`),
    attach: (output) => writeFileSync(`${path}.output`, output),
    last: (lines) => readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n'),
    remove: () => (kept === undefined ? rmSync(path, { force: true }) : undefined),
  }
}
