import { mustHave } from '../model/must.ts'
import type { DatabasePlan, TargetPlan } from '../plan/plan.ts'
import { definitionHash, printId, readPrints, writePrints } from '../state/prints.ts'
import type { ObjectReport } from './objects.ts'
import type { PreparedRun } from './prepare.ts'

/**
 * Looks at what was made, and keeps what the target prints otherwise: the next run would take it for different. Where that fails for one database it is
 * done for the others before it throws.
 */
export async function notePrints(prepared: PreparedRun, reports: readonly ObjectReport[], signal: AbortSignal): Promise<void> {
  const made = new Set(reports.filter(({ outcome }) => outcome === 'created' || outcome === 'replaced').map(({ id }) => id))
  const failures: unknown[] = []
  for (const target of prepared.plan.targets) {
    for (const database of target.databases) {
      if (signal.aborted || !database.objectPlan?.changes.some(({ id }) => made.has(id))) continue
      await noteDatabase(prepared, target, database, made, signal).catch((error: unknown) => failures.push(error))
    }
  }
  if (failures.length > 0) throw failures[0]
}

async function noteDatabase(prepared: PreparedRun, target: TargetPlan, database: DatabasePlan, made: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
  const { state, targets } = prepared.endpoints
  const { kinds = [], changes = [] } = database.objectPlan ?? {}
  const found = await mustHave(targets, target.name).objects?.definitions(database.target, kinds, signal)
  const before = await readPrints(state, target.name, database.target)
  const after = new Map(before)
  for (const { id, type, name, given } of changes) {
    const object = found?.objects.find((one) => one.type === type && one.name === name)
    if (!made.has(id) || object === undefined || given === undefined) continue
    const printed = definitionHash(object)
    if (printed === given) after.delete(printId(object))
    else after.set(printId(object), { given, printed })
  }
  if (JSON.stringify([...before]) !== JSON.stringify([...after])) await writePrints(state, target.name, database.target, after)
}
