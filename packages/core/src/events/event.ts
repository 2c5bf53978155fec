import type { ErrorJson } from '../errors/sync-error.ts'
import type { JsonValue, Satisfies } from '../model/json.ts'
import type { Plan } from '../plan/plan.ts'
import type { RunBackup, RunReport, TableReport } from '../run/report.ts'
import type { TableVerification } from '../verify/report.ts'

/** What the engine tells. Terminal, log and JSON are listeners to this one stream; `id` is that of the plan's table. */
export type SyncEvent = { readonly v: 1; readonly run: string; readonly at: string } & (
  | { readonly type: 'run.planned'; readonly plan: Plan }
  | { readonly type: 'table.started'; readonly id: string; readonly attempt: number; readonly rows?: number }
  /** `rows` so far of about `total`, in this phase. At most ten a second and table. */
  | { readonly type: 'table.progress'; readonly id: string; readonly phase: Phase; readonly rows: number; readonly total?: number; readonly bytes: number }
  | { readonly type: 'table.retrying'; readonly id: string; readonly attempt: number; readonly delayMs: number; readonly error: ErrorJson }
  | { readonly type: 'table.finished'; readonly id: string; readonly report: TableReport }
  | { readonly type: 'table.verified'; readonly id: string; readonly result: TableVerification }
  /** Before the first write to a target. `rows` so far of about `total`; at most ten a second. */
  | { readonly type: 'backup.started'; readonly target: string; readonly tables: number }
  | { readonly type: 'backup.progress'; readonly target: string; readonly rows: number; readonly total?: number }
  | { readonly type: 'backup.finished'; readonly target: string; readonly backup: RunBackup }
  | { readonly type: 'warning'; readonly id?: string; readonly message: string }
  | { readonly type: 'run.finished'; readonly report: RunReport }
)

/** `compare`: digests of both ends; `copy`: rows on their way; `apply`: the target makes them visible. */
export type Phase = 'compare' | 'copy' | 'apply'

export type Listener = (event: SyncEvent) => void

/** Fails to compile if an event stops surviving JSON. */
export type WireEvent = Satisfies<JsonValue, SyncEvent>

type WithoutStamp<T> = T extends unknown ? Omit<T, 'v' | 'run' | 'at'> : never
export type Emit = (event: WithoutStamp<SyncEvent>) => void

/** Stamps events and hands them to every listener. A listener that throws is a bug of that listener: the run goes on without it. */
export function emitter(run: string, listeners: readonly Listener[]): Emit {
  const live = new Set(listeners)
  return (event) => {
    const stamped = { v: 1, run, at: new Date().toISOString(), ...event } as SyncEvent
    for (const listener of live) {
      try {
        listener(stamped)
      } catch {
        live.delete(listener)
      }
    }
  }
}
