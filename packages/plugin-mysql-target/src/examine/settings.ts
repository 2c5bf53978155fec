import type { ExamineRequest, Finding } from '@dbsync/core/plugin'
import { grants, holds, type MysqlConnection, setGlobal, type Variables } from '@dbsync/mysql'
import type { TargetSetup } from './examine.ts'

const WEEK_SECONDS = 604_800

export async function settingsFindings(
  connection: MysqlConnection,
  variables: Variables,
  setup: TargetSetup,
  { objects }: ExamineRequest,
): Promise<readonly Finding[]> {
  const is = (name: string, value: string) => variables.get(name) === value
  const found: Finding[] = []
  const warn = (id: string, message: string, value: string | number) => found.push({ level: 'warning', id, message, fix: setGlobal(id, value) })

  if (!is('read_only', 'OFF') && variables.has('read_only')) {
    const message = 'The server is read-only: nothing can be written to it. If it is a replica, name another target; if not:'
    found.push({ level: 'failure', id: 'read_only', message, fix: setGlobal('read_only', 0) })
  }
  found.push(loadingFinding(connection, setup, is('local_infile', 'ON')))
  for (const id of ['sql_require_primary_key', 'sql_generate_invisible_primary_key']) {
    if (is(id, 'ON')) warn(id, `${id} is on: tables without a key cannot be copied as they are.`, 0)
  }
  if (is('log_bin', 'ON')) found.push(...binlogFindings(connection, variables))
  const creates = objects.includes('triggers') || objects.includes('routines')
  if (creates && is('log_bin', 'ON') && is('log_bin_trust_function_creators', 'OFF') && !holds(await grants(connection), '', ['SUPER'])) {
    const message = 'The server writes a binary log, and lets only SUPER make triggers and functions: those of the source cannot be copied.'
    found.push({ level: 'failure', kind: 'privilege', id: 'log_bin_trust_function_creators', message, fix: setGlobal('log_bin_trust_function_creators', 1) })
  }
  return found
}

/** How rows get in: the id is the setting of a server that could make it quicker. */
function loadingFinding({ takesBulk }: MysqlConnection, { loadsFiles, sendsBulk }: TargetSetup, allowed: boolean): Finding {
  const id = 'local_infile'
  if (sendsBulk && takesBulk) return { level: 'ok', id, message: 'Rows are sent in bulk statements.' }
  if (!loadsFiles) return { level: 'ok', id, message: 'Rows go by INSERT, as it is configured.' }
  if (allowed) return { level: 'ok', id, message: 'Rows are loaded with LOAD DATA LOCAL.' }
  return { level: 'warning', id, message: 'LOAD DATA LOCAL is switched off: rows go by INSERT, which is slower.', fix: setGlobal(id, 1) }
}

function binlogFindings({ server }: MysqlConnection, variables: Variables): readonly Finding[] {
  const found: Finding[] = []
  if (variables.get('binlog_format') === 'STATEMENT') {
    const message = 'Replicas of this server are sent statements: they may come to other rows than it has itself.'
    found.push({ level: 'warning', id: 'binlog_format', message, fix: setGlobal('binlog_format', 'ROW') })
  }
  const [seconds, days] = ['binlog_expire_logs_seconds', 'expire_logs_days'].map((name) => Number(variables.get(name) ?? 0))
  if (seconds === 0 && days === 0) {
    const inSeconds = variables.has('binlog_expire_logs_seconds') && (server.flavour === 'mysql' || server.versionNumber >= 100601)
    const fix = inSeconds ? setGlobal('binlog_expire_logs_seconds', WEEK_SECONDS) : setGlobal('expire_logs_days', WEEK_SECONDS / 86_400)
    found.push({
      level: 'warning',
      id: 'binlog_expire',
      message: 'Binary logs are never removed: all that a run writes stays on this disk a second time.',
      fix,
    })
  }
  if (found.length === 0) found.push({ level: 'ok', id: 'binlog', message: `The binary log is in the format ${variables.get('binlog_format')} and expires.` })
  return found
}
