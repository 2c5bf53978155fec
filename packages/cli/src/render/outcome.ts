import type { TableReport } from '@dbsync/core'
import { printable } from '../printable.ts'
import { duration, number, rows } from './format.ts'

/** One line on how a table ended. */
export function outcomeText(report: TableReport): string {
  switch (report.outcome) {
    case 'synced':
      return `${changes(report)} in ${duration(report.ms)}`
    case 'unchanged':
      return `unchanged, ${duration(report.ms)}`
    case 'cancelled':
      return 'stopped'
    default:
      return `${report.outcome}: ${printable(report.error?.message ?? 'no reason was given')}`
  }
}

function changes({ inserted, updated, deleted, rowsRead }: TableReport): string {
  const parts = [
    ...(inserted > 0 ? [`${number(inserted)} inserted`] : []),
    ...(updated > 0 ? [`${number(updated)} updated`] : []),
    ...(deleted > 0 ? [`${number(deleted)} deleted`] : []),
  ]
  return parts.length === 0 ? `${rows(rowsRead)} read` : parts.join(', ')
}
