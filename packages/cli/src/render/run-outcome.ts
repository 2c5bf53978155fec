import type { RunOutcome } from '../services/run.ts'
import { labelOf, tableLabels } from './labels.ts'
import { dryRunText } from './plan.ts'
import { reportText } from './report.ts'

export async function runText(outcome: RunOutcome, now: Date): Promise<string> {
  if (outcome.kind === 'dry-run') return dryRunText(outcome.preview, outcome.warnings, now)
  const labels = tableLabels(outcome.plan)
  return reportText(outcome.report, outcome.warnings, (id) => labelOf(labels, id), now)
}

/** What `--json` prints: one object, the same keys whatever happened. */
export function runJson(outcome: RunOutcome): object {
  const { warnings } = outcome
  if (outcome.kind === 'run') return { status: outcome.report.status, report: outcome.report, warnings }
  const { plan, tables, statements } = outcome.preview
  return { status: 'planned', plan, tables, statements, warnings }
}
