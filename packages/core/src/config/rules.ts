import { keyName } from './check.ts'
import type { Config, TableRule } from './config.ts'
import type { Document } from './document.ts'
import { type Gathered, isObject } from './endpoint.ts'
import { patternFault } from './glob.ts'
import { at } from './merge.ts'
import { KINDS } from './schema.ts'

const POLICIES = ['evolve', 'freeze'] as const
const MODES = ['full', 'time', 'digest'] as const

/** The settings of single tables, in the order of the file. */
export function gatherRules(document: Document | undefined, { problems, sources }: Gathered): Config['tableRules'] {
  const path = ['table_settings', 'tables']
  const entries = at(document?.value, path)
  if (document === undefined || !isObject(entries)) return []
  return Object.entries(entries).flatMap(([match, raw]) => {
    const fault = patternFault(match)
    if (fault !== undefined) {
      const message = `${keyName([...path, match])} in ${document.where([...path, match])} is a pattern that ${fault}.`
      problems.push({ code: 'CONFIG_PATTERN', severity: 'error', message })
    }
    sources.set(`tableRules.${match}`, document.where([...path, match]))
    return isObject(raw) ? [{ match, rule: ruleOf(raw) }] : []
  })
}

/** What does not parse was reported when the whole file was checked. */
function ruleOf(raw: Record<string, unknown>): TableRule {
  const mode = MODES.find((candidate) => candidate === raw.mode)
  const columns = KINDS.names.safeParse(raw.timestamp_columns).data
  const lookback = KINDS.minutes.safeParse(raw.lookback_minutes).data
  const policy = POLICIES.find((candidate) => candidate === raw.schema_policy)
  return {
    ...(policy === undefined ? {} : { schemaPolicy: policy }),
    ...(mode === undefined ? {} : { mode }),
    ...(columns === undefined ? {} : { timestampColumns: columns }),
    ...(lookback === undefined ? {} : { lookbackMinutes: lookback }),
  }
}
