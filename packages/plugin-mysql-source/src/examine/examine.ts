import { type Examination, type ExamineRequest, examineAll } from '@dbsync/core/plugin'
import { examineClock, examineRowLimit, examineShared, type MysqlConnection, type MysqlOptions, readVariables } from '@dbsync/mysql'
import { engineFindings } from './engines.ts'
import { modeFindings } from './modes.ts'
import { sourceRights } from './rights.ts'
import { indexFindings, nullFindings } from './time-columns.ts'

const VARIABLES = ['max_allowed_packet', 'max_user_connections', 'sql_mode', 'have_ssl']

/** What is wrong, or could be better, at the source. Needs SELECT and nothing else. */
export async function examineSource(connection: MysqlConnection, options: MysqlOptions, request: ExamineRequest): Promise<Examination> {
  const { signal, tables } = request
  const variables = await readVariables(connection, VARIABLES, signal)
  const findings = await examineAll([
    ['server', () => examineShared(connection, options, variables, request, 'source')],
    ['rights', () => sourceRights(connection, request)],
    ['sql_mode', () => modeFindings(variables)],
    ['engine', () => engineFindings(tables)],
    ['timestamp-index', () => indexFindings(tables)],
    ['timestamp-null', () => nullFindings(connection, tables, signal)],
  ])
  return { findings, clock: await examineClock(connection, signal), ...examineRowLimit(variables) }
}
