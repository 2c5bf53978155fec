import type { OtherObjects, Plan } from '@dbsync/core'
import type { RunOutcome } from '../services/run.ts'
import { labelOf, tableLabels } from './labels.ts'
import { notCopiedLines } from './not-copied.ts'
import { dryRunText } from './plan.ts'
import { reportText } from './report.ts'

export async function runText(outcome: RunOutcome, now: Date): Promise<string> {
  if (outcome.kind === 'dry-run') return dryRunText(outcome.preview, outcome.warnings, now)
  const labels = tableLabels(outcome.plan)
  return reportText(outcome.report, { warnings: outcome.warnings, notCopied: notCopiedLines(outcome.plan) }, (id) => labelOf(labels, id), now)
}

/** What `--json` prints: one object, the same keys whatever happened. */
export function runJson(outcome: RunOutcome): object {
  const { warnings } = outcome
  if (outcome.kind === 'run') return { status: outcome.report.status, report: outcome.report, notCopied: objectsOf(outcome.plan), warnings }
  const { plan, tables, statements } = outcome.preview
  return { status: 'planned', plan, tables, statements, warnings }
}

/** By source database: what is there besides tables; `null` where these rights do not show it. */
function objectsOf(plan: Plan): object {
  const kinds = ({ views, triggers, routines, events, sequences }: OtherObjects) => ({
    views,
    triggers: triggers ?? null,
    routines: routines ?? null,
    events: events ?? null,
    sequences,
  })
  return Object.fromEntries(plan.targets.flatMap((target) => target.databases.map(({ source, objects }) => [source, kinds(objects)])))
}
