import type { ErrorKind, Finding, Fix } from '@dbsync/core'
import { SyncError } from '@dbsync/core'
import { alerts } from '../doctor/alerts.ts'
import { backups } from '../doctor/backups.ts'
import { type Check, type End, Unchecked } from '../doctor/check.ts'
import { clocks } from '../doctor/clocks.ts'
import { configuration } from '../doctor/configuration.ts'
import { type Context, openContext } from '../doctor/context.ts'
import { source, target } from '../doctor/ends.ts'
import { plugins } from '../doctor/plugins.ts'
import { schedule } from '../doctor/schedule.ts'
import { state } from '../doctor/state.ts'
import { tables } from '../doctor/tables.ts'
import type { ProjectFlags } from '../load-project.ts'
import type { PluginHost } from '../registry.ts'
import type { Session } from '../session.ts'

/** A fix that needs to know nothing more of where it belongs. */
export type ShownFix = Exclude<Fix, { by: 'option' | 'setting' }> | { readonly by: 'setting'; readonly file: string; readonly value: Settings }

type Settings = Extract<Fix, { by: 'setting' }>['value']

export type ShownFinding = Omit<Finding, 'fix'> & { readonly fix?: ShownFix }

export type FindingGroup = {
  readonly id: string
  readonly title: string
  /** The server that statements are for. */
  readonly end?: End
  readonly findings: readonly ShownFinding[]
}

export type DoctorOutcome = {
  readonly groups: readonly FindingGroup[]
  readonly summary: Readonly<Record<Finding['level'], number>>
  readonly exit: number
}

/** Looks at everything that a run needs, and at what will be missed only when something has gone wrong. Writes nothing. */
export async function doctor(host: PluginHost, flags: ProjectFlags, session: Session): Promise<DoctorOutcome> {
  await using context = await openContext(host, flags, session)
  const groups: FindingGroup[] = []
  for (const check of checksFor(context)) {
    const { id, title, end } = check
    const findings = (await findingsOf(check, context)).map((finding) => placed(finding, context, end))
    if (findings.length > 0) groups.push({ id, title, ...(end === undefined ? {} : { end }), findings })
  }
  const all = groups.flatMap(({ findings }) => findings)
  const count = (level: Finding['level']) => all.filter((finding) => finding.level === level).length
  const summary = { ok: count('ok'), note: count('note'), warning: count('warning'), failure: count('failure'), unchecked: count('unchecked') }
  return { groups, summary, exit: exitOf(all) }
}

function checksFor({ config }: Context): readonly Check[] {
  const targets = config.ok ? config.value.targets : []
  return [configuration, plugins, source, ...targets.map(({ name }) => target(name)), clocks, tables, ...targets.map(backups), state, schedule, alerts]
}

/** A check that breaks is a fault of ours, and still no reason to keep what the others have found to ourselves. */
async function findingsOf(check: Check, context: Context): Promise<readonly Finding[]> {
  try {
    return await check.run(context)
  } catch (error) {
    context.session.interrupt.signal.throwIfAborted()
    if (!(error instanceof Error)) throw error
    if (error instanceof Unchecked || SyncError.is(error)) return [{ level: 'unchecked', id: check.id, message: error.message }]
    return [{ level: 'failure', id: check.id, kind: 'bug', message: `Not checked, for a fault of dbsync: ${error.message}` }]
  }
}

/** An option of an end as the setting that it is in a file. */
function placed({ fix, ...finding }: Finding, { project }: Context, end: End | undefined): ShownFinding {
  if (fix === undefined) return finding
  if (fix.by === 'setting') return { ...finding, fix: { ...fix, file: written(fix.file, project) } }
  if (fix.by !== 'option') return { ...finding, fix }
  const { name, value } = fix
  if (end === undefined) return { ...finding, fix: { by: 'hand', text: `${name}: ${JSON.stringify(value)}` } }
  if (end.role === 'source') return { ...finding, fix: { by: 'setting', file: written('params.json', project), value: { [SOURCE_KEYS[name] ?? name]: value } } }
  const where = project.ok ? project.value.loaded.sources[`targets.${end.name}`] : undefined
  const file = written(where?.includes('sync-config') ? 'sync-config.json' : 'params.json', project)
  return { ...finding, fix: { by: 'setting', file, value: { targets: { [end.name]: { [name]: value } } } } }
}

/** The file of this kind that was read, such as `scripts/params.json` or `params.staging.json`. */
function written(file: 'params.json' | 'sync-config.json', project: Context['project']): string {
  const kind = new RegExp(`(?:^|[/\\\\])${file.replace('.json', '')}(?:\\.[^/\\\\]+)?\\.json$`)
  return (project.ok ? project.value.loaded.files.find((each) => kind.test(each)) : undefined) ?? file
}

const SOURCE_KEYS: Readonly<Record<string, string>> = { ssl: 'db_ssl' }

const FIRST: readonly (readonly [exit: number, kinds: readonly ErrorKind[]])[] = [
  [70, ['bug']],
  [2, ['config']],
  [3, ['connection', 'privilege', 'transient']],
]

/** That of a run: with a configuration that cannot be used nothing starts, and without its ends nothing does either. */
function exitOf(all: readonly ShownFinding[]): number {
  const failures = all.filter(({ level }) => level === 'failure')
  const found = FIRST.find(([, kinds]) => failures.some(({ kind = 'refused' }) => kinds.includes(kind)))
  return found?.[0] ?? (failures.length > 0 ? 1 : 0)
}
