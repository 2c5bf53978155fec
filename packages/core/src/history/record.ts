import { hostname } from 'node:os'
import type { RunMode } from '../config/config.ts'
import type { StateStore } from '../contract/state-store.ts'
import type { ErrorJson } from '../errors/sync-error.ts'
import type { Phase } from '../events/event.ts'
import { isJsonObject, type JsonValue, type Satisfies } from '../model/json.ts'
import type { RunReport } from '../run/report.ts'
import type { VerifyReport } from '../verify/report.ts'

const PREFIX = 'runs/'

/** Key of the document of one run. */
export const runKey = (run: string): string => `${PREFIX}${run}`

/** One run or verification, as other terminals and later commands see it. */
export type RunRecord = {
  readonly version: 1
  readonly run: string
  readonly kind: 'run' | 'verify'
  readonly mode: RunMode
  /** `failed`: it could not start, or ended before it had a report. `held-up`: another run was at work; it is forgotten at once. */
  readonly status: 'running' | 'failed' | 'held-up' | RunReport['status'] | VerifyReport['status']
  readonly process: { readonly host: string; readonly pid: number }
  readonly startedAt: string
  /** While it runs this is written anew every few seconds. */
  readonly seenAt: string
  readonly finishedAt: string | null
  readonly tables: { readonly total: number; readonly done: number }
  /** Rows that were read or compared so far. */
  readonly rows: number
  /** Tables at work, by the ids of the plan. */
  readonly working: readonly TableAtWork[]
  readonly rates: Rates
  /** Without the rows that differ: their values are the user's data. */
  readonly report?: RunReport
  readonly verification?: VerifyReport
  readonly error?: ErrorJson
}

export type TableAtWork = { readonly id: string; readonly phase: Phase; readonly rows: number; readonly total?: number }

/** Rows in each span of `everyMs`, from the beginning. */
export type Rates = { readonly everyMs: number; readonly rows: readonly number[] }

export type WireRecord = Satisfies<JsonValue, RunRecord>

/** Without a sign of life for so long a run has been killed, or its machine is down. */
const SILENT_MS = 30_000

/** Whether it is still at work: of this machine by its process, of others by what was last heard. */
export function runIsAlive({ status, seenAt, process: { host, pid } }: RunRecord, now: Date): boolean {
  if (status !== 'running' || now.getTime() - Date.parse(seenAt) >= SILENT_MS) return false
  return host !== hostname() || processExists(pid)
}

/** Whether this machine has a process of this number; one of another user counts. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** All runs that are remembered, the newest first. What is no record is passed over: it is damaged, or was written by another version. */
export async function readRuns(state: StateStore): Promise<readonly RunRecord[]> {
  const found = (await state.list(PREFIX)).map(({ value }) => value).filter(isRecord)
  return found.toSorted((a, b) => (a.startedAt > b.startedAt ? -1 : 1))
}

/** As far as it takes to tell when it began and whether it is at work. */
const isRecord = (value: JsonValue): value is RunRecord & JsonValue => {
  if (!isJsonObject(value) || value['version'] !== 1 || !isJsonObject(value['process'])) return false
  return ['run', 'status', 'startedAt', 'seenAt'].every((name) => typeof value[name] === 'string')
}
