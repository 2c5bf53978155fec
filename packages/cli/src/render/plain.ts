import type { Plan, SyncEvent } from '@dbsync/core'
import { printable } from '../printable.ts'
import { duration, plural } from './format.ts'
import { labelOf, tableLabels } from './labels.ts'
import { backupText, outcomeText, verifiedText } from './outcome.ts'
import { advance, progressText, type TableProgress } from './progress.ts'
import type { View } from './view.ts'

const EVERY_MS = 10_000

/** One labelled line for each thing that happens: for logs, pipes and machines without a terminal. */
export function plainView(write: (line: string) => void): View {
  let labels: ReadonlyMap<string, string> = new Map()
  const progress = new Map<string, { readonly state: TableProgress; readonly shownAt: number }>()

  let backupShownAt = 0

  const line = (event: SyncEvent): string | undefined => {
    switch (event.type) {
      case 'run.planned':
        labels = tableLabels(event.plan)
        return planText(event.plan)
      case 'table.started':
        progress.delete(event.id)
        return `${labelOf(labels, event.id)}: started`
      case 'table.progress': {
        const before = progress.get(event.id)
        const state = advance(before?.state, event)
        const due = before === undefined || state.at - before.shownAt >= EVERY_MS
        progress.set(event.id, { state, shownAt: due ? state.at : before.shownAt })
        return due && before !== undefined ? `${labelOf(labels, event.id)}: ${progressText(state)}` : undefined
      }
      case 'table.retrying':
        return `${labelOf(labels, event.id)}: attempt ${event.attempt} in ${duration(event.delayMs)} after: ${printable(event.error.message)}`
      case 'table.finished':
        return `${labelOf(labels, event.id)}: ${outcomeText(event.report)}`
      case 'table.verified':
        return `${labelOf(labels, event.id)}: ${verifiedText(event.result)}`
      case 'backup.started':
      case 'backup.finished':
        backupShownAt = Date.parse(event.at)
        return `${printable(event.target)}: ${backupText(event)}`
      case 'backup.progress': {
        const at = Date.parse(event.at)
        if (at - backupShownAt < EVERY_MS) return undefined
        backupShownAt = at
        return `${printable(event.target)}: ${backupText(event)}`
      }
      case 'warning':
        return `warning: ${event.id === undefined ? '' : `${labelOf(labels, event.id)}: `}${printable(event.message)}`
      case 'run.finished':
        return undefined
    }
  }

  return {
    listener: (event) => {
      const text = line(event)
      if (text !== undefined) write(text)
    },
    notice: (text) => write(printable(text)),
    [Symbol.asyncDispose]: async () => {},
  }
}

export function planText(plan: Plan): string {
  const tables = plan.targets.reduce((sum, target) => sum + target.databases.reduce((inner, database) => inner + database.tables.length, 0), 0)
  const targets = plan.targets.map(({ name, label }) => `${printable(name)} (${printable(label)})`).join(', ')
  const of = `${plural(tables, 'table')} ${plan.purpose === 'verify' ? 'at' : 'from'} ${printable(plan.source.label)}`
  return plan.purpose === 'verify' ? `verification of ${of} against ${targets}` : `${plan.mode} run of ${of} to ${targets}`
}
