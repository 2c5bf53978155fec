import type { RunBackup, SyncEvent, TableReport, TableVerification, Totals } from '@dbsync/core'
import { printable } from '../printable.ts'
import { bytes, duration, number, plural, rows } from './format.ts'

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

/** One line on what a verification found. */
export function verifiedText(result: TableVerification): string {
  const { outcome, ms, rowsCompared, schema, error } = result
  const found = foundText(result)
  switch (outcome) {
    case 'equal':
      return `equal, ${rows(rowsCompared)} in ${duration(ms)}${found === '' ? '' : `; ${found}`}`
    case 'different':
      return `different: ${[found, ...(schema.length > 0 ? ['the definition'] : [])].filter((part) => part !== '').join(', ')}`
    case 'cancelled':
      return 'stopped'
    default:
      return `failed: ${printable(error?.message ?? 'no reason was given')}`
  }
}

/** `3 missing, 1 changed`; empty where nothing is. */
export const foundText = ({ missing, extra, changed, notSynced }: Omit<Totals, 'rowsCompared' | 'settled'>): string =>
  [
    ...(missing > 0 ? [`${number(missing)} missing`] : []),
    ...(extra > 0 ? [`${number(extra)} extra`] : []),
    ...(changed > 0 ? [`${number(changed)} changed`] : []),
    ...(notSynced > 0 ? [`${number(notSynced)} not synced yet`] : []),
  ].join(', ')

/** One line on a backup point while it is made. */
export function backupText(event: Extract<SyncEvent, { type: `backup.${string}` }>): string {
  switch (event.type) {
    case 'backup.started':
      return `backup point of ${plural(event.tables, 'table')}`
    case 'backup.progress':
      return event.total === undefined
        ? `backup point: ${rows(event.rows)}`
        : `backup point: ${Math.min(99, Math.floor((100 * event.rows) / event.total))} %, ${rows(event.rows)}`
    case 'backup.finished':
      return madeText(event.backup)
  }
}

/** What was kept, and under which name. */
export const madeText = ({ name, tables, rows: kept, bytes: size }: RunBackup): string =>
  `backup point ${printable(name)}: ${plural(tables, 'table')}, ${rows(kept)}, ${bytes(size)}`

function changes({ inserted, updated, deleted, rowsRead }: TableReport): string {
  const parts = [
    ...(inserted > 0 ? [`${number(inserted)} inserted`] : []),
    ...(updated > 0 ? [`${number(updated)} updated`] : []),
    ...(deleted > 0 ? [`${number(deleted)} deleted`] : []),
  ]
  return parts.length === 0 ? `${rows(rowsRead)} read` : parts.join(', ')
}
