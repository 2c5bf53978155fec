import type { DatabasePlan, Plan } from '@dbsync/core'
import type { RunDone, RunOutput } from '../outputs.ts'
import type { RunOutcome } from '../services/run.ts'
import { labelOf, tableLabels } from './labels.ts'
import { notCopiedLines, othersOf } from './not-copied.ts'
import { objectsText } from './objects.ts'
import { dryRunText } from './plan.ts'
import { reportText } from './report.ts'

export async function runText(outcome: RunOutcome, now: Date): Promise<string> {
  if (outcome.kind === 'dry-run') return dryRunText(outcome.preview, outcome.warnings, now)
  const labels = tableLabels(outcome.plan)
  return reportText(
    outcome.report,
    { warnings: outcome.warnings, notCopied: notCopiedLines(outcome.plan), objects: objectsText(outcome.report, outcome.plan) },
    (id) => labelOf(labels, id),
    now,
  )
}

/** What `--json` prints: one object, the same keys whatever happened. */
export function runJson(outcome: RunOutcome): RunOutput {
  const { warnings } = outcome
  if (outcome.kind === 'run') return { status: outcome.report.status, report: outcome.report, notCopied: objectsOf(outcome.plan), warnings }
  const { plan, tables, statements, backups } = outcome.preview
  return { status: 'planned', plan, tables, statements, backups, warnings }
}

/** By source database: what is there besides tables; `null` where these rights do not show it. */
function objectsOf(plan: Plan): RunDone['notCopied'] {
  const kinds = ({ objects, objectPlan }: DatabasePlan) =>
    Object.fromEntries(Object.entries(othersOf(objects, objectPlan?.kinds)).map(([kind, names]) => [kind, names ?? null]))
  return Object.fromEntries(plan.targets.flatMap((target) => target.databases.map((database) => [database.source, kinds(database)])))
}
