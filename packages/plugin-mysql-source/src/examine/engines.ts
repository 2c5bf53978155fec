import { type ExamineRequest, type Finding, tableName } from '@dbsync/core/plugin'
import { quoteTable } from '@dbsync/mysql'
import { shortened } from './shortened.ts'

/** A table outside of transactions has no moment at which it could be read, by whatever strategy. */
export function engineFindings(tables: ExamineRequest['tables']): readonly Finding[] {
  const id = 'engine'
  const found = tables
    .filter(({ schema }) => !schema.transactional)
    .map(({ schema: { table } }): Finding => {
      const message = `${tableName(table)}: its engine has no snapshots, so that no run can promise an exact copy while somebody writes to it.`
      return { level: 'warning', id, message, fix: { by: 'sql', statements: [`ALTER TABLE ${quoteTable(table)} ENGINE=InnoDB;`] } }
    })
  return found.length === 0 ? [{ level: 'ok', id, message: 'All tables have transactions, so that they can be read at one moment.' }] : shortened(found)
}
