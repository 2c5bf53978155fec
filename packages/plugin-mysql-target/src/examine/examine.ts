import { type Examination, type ExamineRequest, examineAll } from '@dbsync/core/plugin'
import { examineClock, examineRowLimit, examineShared, type MysqlConnection, type MysqlOptions, readVariables } from '@dbsync/mysql'
import { targetRights } from './rights.ts'
import { settingsFindings } from './settings.ts'

const VARIABLES = [
  'max_allowed_packet',
  'max_user_connections',
  'have_ssl',
  'local_infile',
  'read_only',
  'log_bin',
  'binlog_format',
  'binlog_expire_logs_seconds',
  'expire_logs_days',
  'log_bin_trust_function_creators',
  'sql_require_primary_key',
  'sql_generate_invisible_primary_key',
]

export type TargetSetup = { readonly options: MysqlOptions; readonly loadsFiles: boolean; readonly sendsBulk: boolean }

/** What is wrong, or could be better, at the target. Reads, and writes nothing. */
export async function examineTarget(connection: MysqlConnection, setup: TargetSetup, request: ExamineRequest): Promise<Examination> {
  const variables = await readVariables(connection, VARIABLES, request.signal)
  const findings = await examineAll([
    ['server', () => examineShared(connection, setup.options, variables, request, 'target')],
    ['rights', () => targetRights(connection, request)],
    ['settings', () => settingsFindings(connection, variables, setup, request)],
  ])
  return { findings, clock: await examineClock(connection, request.signal), ...examineRowLimit(variables) }
}
