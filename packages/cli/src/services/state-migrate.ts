import {
  executeMigration,
  isLiteral,
  isZone,
  literalName,
  localZone,
  type MigrationPlan,
  type MigrationReport,
  nameMatcher,
  planMigration,
  previewMigration,
  SyncError,
} from '@dbsync/core'
import type { CliCode } from '../codes.ts'
import type { ProjectFlags } from '../load-project.ts'
import { openEnd } from '../open-endpoints.ts'
import type { PluginHost } from '../registry.ts'
import type { Session } from '../session.ts'
import { beginLog, openStateWork, type StateWork } from './state-work.ts'

export type MigrateRequest = {
  readonly project: ProjectFlags
  readonly preview: boolean
  readonly timezone: string | undefined
  readonly targets: readonly string[] | undefined
}

export type MigrateOutcome = {
  readonly kind: 'preview' | 'migrated'
  readonly plan: MigrationPlan
  readonly report: MigrationReport
  /** Where the files go. */
  readonly aside: string
  readonly warnings: readonly string[]
  readonly exit: number
}

/** Takes over what an older tool left beside the state. Throws where nothing could be done; files that stay are in the plan. */
export async function migrateState(host: PluginHost, { project, preview, timezone, targets }: MigrateRequest, session: Session): Promise<MigrateOutcome> {
  const zone = timezone ?? localZone()
  if (!isZone(zone)) {
    throw new SyncError('USAGE' satisfies CliCode, `--timezone ${zone} is no time zone.`, {
      kind: 'config',
      hint: 'Give a name such as Europe/Berlin or UTC, or an offset such as +02:00.',
    })
  }
  const selected = targets === undefined ? project : { ...project, overrides: { ...project.overrides, targets } }
  await using work = await openStateWork(host, selected, session, preview)
  const { state, warnings } = work
  const { legacy } = state
  const listing = (await legacy?.list()) ?? { own: [], files: [] }
  const some = listing.files.some(({ content }) => content.kind === 'table')
  if (some && work.targets.length > 1 && targets === undefined) throw severalTargets(work)
  const known = some ? await knownDatabases(work, listing.own, session.interrupt.signal) : { names: new Set<string>(), plausible: () => false }
  const plan = planMigration({ listing, known, zone, assumedZone: timezone === undefined, targets: work.targets })
  const outcome = { plan, aside: legacy?.aside ?? '', exit: plan.left.every(({ kind }) => kind === 'foreign') ? 0 : 1 }
  if (preview || legacy === undefined || plan.databases.length === 0) {
    const report = await previewMigration(state, plan)
    return { ...outcome, kind: preview ? 'preview' : 'migrated', report, warnings }
  }
  await beginLog(work, session)
  const report = await executeMigration(state, legacy, plan, session.interrupt.signal)
  session.log?.entry('state.migrated', { zone, report, left: plan.left })
  return { ...outcome, kind: 'migrated', report, warnings }
}

/** All databases that may have such files. Where the source does not answer, what `db_list` selects may be one. */
async function knownDatabases({ config, registry, warnings }: StateWork, own: readonly string[], signal: AbortSignal) {
  const stored = own.map((key) => key.slice('database/'.length))
  const configured = config.databases.filter(isLiteral).map(literalName)
  try {
    await using source = await openEnd(registry.sources, 'source', 'source', config.source, config, { signal, warn: (message) => void warnings.push(message) })
    return { names: new Set([...configured, ...stored, ...(await source.databases())]), plausible: () => false }
  } catch (error) {
    if (!SyncError.is(error) || error.kind === 'bug' || error.kind === 'cancelled') throw error
    warnings.push(`the source could not be asked which databases it has; db_list and the state were: ${error.message}`)
    return { names: new Set([...configured, ...stored]), plausible: nameMatcher(config.databases) }
  }
}

const severalTargets = ({ targets }: StateWork): SyncError =>
  new SyncError('STATE_TARGET', 'The files of the older tool do not say which target they speak of, and there are several.', {
    kind: 'config',
    hint: `Nothing was changed. Say which one it wrote to: ${targets.map(({ name }) => `--target ${name}`).join(' or ')}.`,
  })
