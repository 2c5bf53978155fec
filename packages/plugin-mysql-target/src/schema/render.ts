import type { AlterPart, TableRef } from '@dbsync/core/plugin'
import { quoteTable } from '@dbsync/mysql'
import { ADD_PARTITION } from './diff-options.ts'

/** One statement for all parts, so that a big table is rebuilt once; partitions that are added need another one, which rebuilds nothing. */
export function renderAlter(table: TableRef, parts: readonly AlterPart[]): readonly string[] {
  const clausesOf = (some: readonly AlterPart[]) => some.flatMap((part) => part.clauses)
  const partitions = clausesOf(parts.filter((part) => part.kind === 'partitions'))
  const clauses = clausesOf(parts.filter((part) => part.kind !== 'partitions'))
  // Partitions as a whole come last, after no comma.
  const whole = partitions.filter((clause) => !clause.startsWith(ADD_PARTITION))
  const text = [clauses.join(', '), ...whole].filter((each) => each !== '').join(' ')
  return [text, ...partitions.filter((clause) => clause.startsWith(ADD_PARTITION))]
    .filter((each) => each !== '')
    .map((each) => `ALTER TABLE ${quoteTable(table)} ${each}`)
}

/** Values that do not fit are cut, as a server without a strict mode does it; of rows with the same key one stays, on MariaDB. */
export const lossy = (statements: readonly string[]): readonly string[] => [
  "SET SESSION sql_mode = REPLACE(@@sql_mode, 'STRICT_ALL_TABLES', '')",
  ...statements.map((sql) => sql.replace(/^ALTER TABLE/, 'ALTER /*M! IGNORE */ TABLE')),
  "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')",
]
