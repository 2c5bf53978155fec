import type { ErrorJson, ObjectReport, Plan, RunReport } from '@dbsync/core'
import { printable, printableLines } from '../printable.ts'
import { number } from './format.ts'
import { list } from './report.ts'

/** What became of views, triggers, routines and events: counts, and the names of those that something happened to. */
export function objectsText(report: RunReport, plan: Plan): string {
  if (report.objects === undefined) return ''
  const { unchanged, changes } = report.objects
  const by = Map.groupBy(changes, ({ outcome }) => outcome)
  const done = (['created', 'replaced', 'dropped', 'cancelled'] as const).flatMap((outcome) => {
    const objects = by.get(outcome) ?? []
    return objects.length === 0 ? [] : [`${number(objects.length)} ${outcome}: ${objects.map(label).join(', ')}`]
  })
  const kept = plan.targets.flatMap(({ databases }) => databases.flatMap(({ objectPlan }) => objectPlan?.kept ?? []))
  const failed = [...(by.get('failed') ?? []), ...(by.get('refused') ?? [])]
  const lines = failed.map(
    (object) => `${label(object)} ${object.outcome}: ${object.error === undefined ? 'no reason was given' : objectFailure(object.error)}`,
  )
  return list('Objects', [`${number(unchanged)} unchanged`, ...done, ...(kept.length === 0 ? [] : [keptText(kept)]), ...lines])
}

export const keptText = (kept: readonly string[]): string =>
  `Only at the target, kept (--allow destructive drops what is certain to be gone): ${kept.map(printable).join(', ')}`

export const objectFailure = ({ message, hint, code }: ErrorJson): string =>
  `${printableLines(message, '    ')} [${printable(code)}]${hint === undefined ? '' : `\n    Next: ${printableLines(hint, '          ')}`}`

const label = ({ type, name }: ObjectReport): string => printable(`${type} ${name}`)
