import type { Target } from '../contract/target.ts'
import { afterChanges } from '../plan/assemble.ts'
import type { TablePlan } from '../plan/plan.ts'

/**
 * Makes the counter of a table give the number that it gives at the source, once the rows are in: rows that were deleted there have
 * moved it as well. Asks the target only where it may differ.
 */
export async function settleCounter(plan: TablePlan, target: Target, written: boolean, signal: AbortSignal): Promise<void> {
  const goal = plan.wanted.counter
  if (goal === undefined || target.counter === undefined) return
  if (!written && plan.statements.length === 0 && afterChanges(plan)?.counter?.next === goal.next) return
  const now = await target.counter(plan.wanted, signal)
  if (now === undefined) return
  // No lower than the rows that are there: it would be raised again, run after run.
  const next = BigInt(goal.next) > BigInt(now.least) ? BigInt(goal.next) : BigInt(now.least)
  if (next === BigInt(now.next)) return
  await target.run(target.render({ type: 'set-counter', table: plan.wanted.table, next: String(next) }), signal)
}
