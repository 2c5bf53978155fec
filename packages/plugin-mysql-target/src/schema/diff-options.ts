import type { AlterPart, DiffOptions } from '@dbsync/core/plugin'
import { groupItems, stringValue, type TableOptions, tokens } from '@dbsync/mysql'
import { words } from './table-shape.ts'

/** Where a server keeps its files is its own affair. */
const LOCAL = new Set(['DATA DIRECTORY', 'INDEX DIRECTORY', 'DIRECTORY', 'TABLESPACE', 'CONNECTION', 'UNION', 'AUTO_INCREMENT', 'SECONDARY_ENGINE', 'SEQUENCE'])

/** What stands for an option that is not there. */
const UNSET: Readonly<Record<string, string>> = {
  COMMENT: "''",
  KEY_BLOCK_SIZE: '0',
  CHECKSUM: '0',
  DELAY_KEY_WRITE: '0',
  MIN_ROWS: '0',
  MAX_ROWS: '0',
  AVG_ROW_LENGTH: '0',
  COMPRESSION: "'NONE'",
  ENCRYPTION: "'N'",
  PAGE_CHECKSUM: '0',
}

export function diffOptions(actual: TableOptions, wanted: TableOptions, { drop }: DiffOptions): readonly AlterPart[] {
  const parts: AlterPart[] = []
  const text = (value: string | undefined) => (value === undefined ? 'none' : /^'/.test(value) ? stringValue(value) : value)
  for (const name of new Set([...wanted.options.keys(), ...actual.options.keys()])) {
    const [from, to] = [actual.options.get(name), wanted.options.get(name)]
    if (from === to || LOCAL.has(name) || name === 'CHARSET' || name === 'COLLATE') continue
    if (from !== undefined && to !== undefined && from.toUpperCase() === to.toUpperCase() && !/^'/.test(to)) continue
    parts.push({ kind: 'option', action: 'change', name, from: text(from), to: text(to), clauses: [`${name}=${to ?? UNSET[name] ?? 'DEFAULT'}`] })
  }
  parts.push(...characterSet(actual, wanted))
  if (wanted.versioned && !actual.versioned) parts.push({ kind: 'option', action: 'add', name: 'SYSTEM VERSIONING', clauses: ['ADD SYSTEM VERSIONING'] })
  if (!wanted.versioned && actual.versioned && drop === 'all') {
    parts.push({ kind: 'option', action: 'drop', name: 'SYSTEM VERSIONING', clauses: ['DROP SYSTEM VERSIONING'], destructive: true })
  }
  return parts
}

/** Older servers print no collation that is the default of its character set: what is not printed is not compared. */
function characterSet(actual: TableOptions, wanted: TableOptions): readonly AlterPart[] {
  const [from, to] = [actual, wanted].map(({ options }) => ({ charset: options.get('CHARSET'), collate: options.get('COLLATE') }))
  if (from === undefined || to?.charset === undefined) return []
  const collates = from.collate !== undefined && to.collate !== undefined && from.collate !== to.collate
  if (from.charset === to.charset && !collates) return []
  const text = ({ charset, collate }: typeof from) => [charset, collate].filter((each) => each !== undefined).join(' ')
  const clause = `DEFAULT CHARACTER SET ${to.charset}${to.collate === undefined ? '' : ` COLLATE ${to.collate}`}`
  return [{ kind: 'option', action: 'change', name: 'CHARSET', from: text(from), to: text(to), clauses: [clause] }]
}

/** The partitions: those that are only added at the end are added; else the table is partitioned anew. */
export function diffPartitions({ partitions: from }: TableOptions, { partitions: to }: TableOptions): readonly AlterPart[] {
  const described = { kind: 'partitions', name: 'PARTITIONS' } as const
  if (from === to || (from !== undefined && to !== undefined && words(from) === words(to))) return []
  if (to === undefined) return [{ ...described, action: 'drop', clauses: ['REMOVE PARTITIONING'] }]
  if (from === undefined) return [{ ...described, action: 'add', to, clauses: [to], ...fitsAll(to) }]
  const [a, b] = [listed(from), listed(to)]
  const more = b.items.slice(a.items.length)
  if (a.head === b.head && a.items.length > 0 && more.length > 0 && a.items.every((item, i) => words(item) === words(b.items[i] ?? ''))) {
    return [{ ...described, action: 'change', from, to, clauses: [`${ADD_PARTITION} (${more.join(', ')})`] }]
  }
  return [{ ...described, action: 'change', from, to, clauses: [to], ...fitsAll(to) }]
}

export const ADD_PARTITION = 'ADD PARTITION'

/** A value may have no partition where a range or a list does not take all. */
const fitsAll = (text: string): Pick<AlterPart, 'narrowing'> =>
  /\bLESS THAN\b/i.test(text) ? (/\bMAXVALUE\b/i.test(text) ? {} : { narrowing: true }) : /\bVALUES IN\b/i.test(text) ? { narrowing: true } : {}

function listed(text: string): { readonly head: string; readonly items: readonly string[] } {
  const all = tokens(text)
  const last = all.at(-1)
  if (last?.kind !== 'group' || !/^\(\s*PARTITION\b/i.test(last.text)) return { head: words(text), items: [] }
  const items = groupItems(last.text)
  return { head: words(text.slice(0, text.length - last.text.length)), items }
}
