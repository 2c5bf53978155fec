import type { ExamineRequest, Finding } from '@dbsync/core/plugin'
import type { MysqlConnection } from '../connection.ts'
import type { MysqlOptions } from '../options.ts'
import type { Role } from '../session.ts'
import { tlsFindings } from './tls.ts'
import { setGlobal, type Variables } from './variables.ts'
import { versionFindings } from './versions.ts'

const MIB = 1024 * 1024
/** The default of MariaDB. */
export const LEAST_PACKET = 16 * MIB

/** What is looked at in the same way at both ends. Asks nothing: `variables` holds what the server has said. */
export const examineShared = (
  { server }: MysqlConnection,
  options: MysqlOptions,
  variables: Variables,
  { connections }: Pick<ExamineRequest, 'connections'>,
  role: Role,
): readonly Finding[] => [
  ...versionFindings(server, new Date()),
  ...tlsFindings(options, variables),
  ...packetFindings(variables),
  ...connectionFindings(variables, connections, role === 'target' ? 2 : 1),
]

function packetFindings(variables: Variables): readonly Finding[] {
  const id = 'max_allowed_packet'
  const bytes = Number(variables.get(id))
  if (bytes >= LEAST_PACKET) return [{ level: 'ok', id, message: `Rows may have up to ${Math.floor(bytes / MIB)} MiB (max_allowed_packet).` }]
  const message = `max_allowed_packet is ${(bytes / MIB).toFixed(1)} MiB: a row that is larger fails its table.`
  return [{ level: 'warning', id, message, fix: setGlobal(id, 4 * LEAST_PACKET) }]
}

/** So many tables are worked on at once, and at the target one of them may need two connections. */
function connectionFindings(variables: Variables, tables: number, perTable: number): readonly Finding[] {
  const id = 'max_user_connections'
  const most = Number(variables.get(id) ?? 0)
  if (most === 0 || most >= tables * perTable) return []
  const message = `A user may have ${most} connections here, and a run may ask for ${tables * perTable}.`
  return [{ level: 'warning', id, message, fix: { by: 'setting', file: 'params.json', value: { pool_size: Math.max(1, Math.floor(most / perTable)) } } }]
}
