import type { Finding } from '@dbsync/core/plugin'
import { setGlobal, type Variables } from '@dbsync/mysql'

/** dbsync reads in a mode of its own. What other clients write without a strict one is cut before anybody can copy it. */
export function modeFindings(variables: Variables): readonly Finding[] {
  const id = 'sql_mode'
  const mode = variables.get(id) ?? ''
  if (/\bSTRICT_(?:TRANS|ALL)_TABLES\b/.test(mode)) return [{ level: 'ok', id, message: 'sql_mode is strict: the server cuts no value that is written to it.' }]
  const message = 'sql_mode is not strict: the server cuts values that do not fit, before they can be copied.'
  return [{ level: 'warning', id, message, fix: setGlobal(id, [mode, 'STRICT_TRANS_TABLES'].filter((word) => word !== '').join(',')) }]
}
