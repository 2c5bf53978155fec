import { setTimeout as sleep } from 'node:timers/promises'
import { type ErrorJson, errorJson, SyncError } from '../errors/sync-error.ts'
import { mustHave } from '../model/must.ts'
import type { ObjectPlan } from '../plan/objects.ts'
import type { DatabasePlan, TargetPlan } from '../plan/plan.ts'
import type { PreparedRun } from './prepare.ts'
import { lockPlace } from './run-locks.ts'

export type ObjectReport = {
  readonly id: string
  readonly type: string
  readonly name: string
  readonly outcome: 'created' | 'replaced' | 'dropped' | 'failed' | 'refused' | 'cancelled'
  readonly error?: ErrorJson
}

const DONE = { create: 'created', replace: 'replaced', drop: 'dropped' } as const

/** The objects that a run makes before the tables: those that go. */
export const isEarly = ({ action }: ObjectPlan): boolean => action === 'drop'

/** Carries out the part of the plan for which `when` holds, one object after the other. What happens to one stays with it. */
export async function runObjects(prepared: PreparedRun, when: (object: ObjectPlan) => boolean, signal: AbortSignal): Promise<readonly ObjectReport[]> {
  const reports: ObjectReport[] = []
  for (const target of prepared.plan.targets) {
    for (const database of target.databases) {
      for (const object of database.objectPlan?.changes.filter(when) ?? []) reports.push(await runObject(prepared, { target, database, object, signal }))
    }
  }
  return reports
}

type ObjectJob = { readonly target: TargetPlan; readonly database: DatabasePlan; readonly object: ObjectPlan; readonly signal: AbortSignal }

async function runObject(prepared: PreparedRun, { target, database, object, signal }: ObjectJob): Promise<ObjectReport> {
  const { id, type, name, refused } = object
  const { maxRetries, retryDelayMs } = prepared.config
  const done = (outcome: ObjectReport['outcome'], error?: ErrorJson): ObjectReport => ({ id, type, name, outcome, ...(error === undefined ? {} : { error }) })
  if (refused !== undefined) return done('refused', refused)
  for (let attempt = 1; ; attempt++) {
    if (signal.aborted) return done('cancelled')
    try {
      if (!prepared.locks.unbroken(lockPlace(target.name, database.target))) throw lockLost(database.target)
      await mustHave(prepared.endpoints.targets, target.name).run(object.statements, signal)
      return done(DONE[object.action])
    } catch (error) {
      const failure = errorJson(error)
      if (signal.aborted || failure.kind === 'cancelled') return done('cancelled')
      const passing = failure.kind === 'transient' || failure.kind === 'connection'
      if (!passing || failure.code === 'RUN_LOCK_LOST' || attempt > maxRetries) return done('failed', failure)
      await sleep(retryDelayMs * 2 ** (attempt - 1), undefined, { signal }).catch(() => {})
    }
  }
}

const lockLost = (database: string): SyncError =>
  new SyncError('RUN_LOCK_LOST', `The lock on ${database} was lost, so that another run may have changed what was planned.`, {
    kind: 'transient',
    hint: 'Run again: the next run compares the definitions anew.',
  })
