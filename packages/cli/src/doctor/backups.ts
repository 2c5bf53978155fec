import { access, constants, lstat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { BackupPoint, Backups, Config, Finding, Target, TargetConfig } from '@dbsync/core'
import { ago, bytes } from '../render/format.ts'
import { attempt, expected, needed } from './attempt.ts'
import type { Check } from './check.ts'
import type { Context } from './context.ts'
import { failureOf, note, ok, shellWord, warning } from './findings.ts'

/** A point that was proved longer ago says little of those that came since. */
const PROVED_DAYS = 30
/** A dump is compressed text: mostly a third of what the tables take. */
const DUMP_PART = 0.5

/** Whether there is a way back, and room for the next one. */
export const backups = (targetConfig: TargetConfig): Check => ({
  id: 'backups',
  title: `Backup points of ${targetConfig.name}`,
  end: { role: 'target', name: targetConfig.name },
  async run(context) {
    const config = needed(context.config, 'the configuration cannot be used')
    const target = needed(context.targets.get(targetConfig.name) ?? { ok: false, error: new Error() }, `target ${targetConfig.name} cannot be opened`)
    const { directory } = config.backup
    const kept = target.backups?.(directory)
    if (kept === undefined) return [note('backups', 'Targets of this type have no backup points.')]
    const found = [...(await unfinished(context, kept, targetConfig))]
    if (!config.backupBeforeSync) {
      const fix = { by: 'setting', file: 'sync-config.json', value: { sync_settings: { backup_before_sync: true } } } as const
      return [...found, note('backups', 'backup_before_sync is false: there is no way back after a run.', fix)]
    }
    const place = await attempt(context.session.interrupt.signal, () => kept.list())
    if (!place.ok) return [...found, failureOf('backup-folder', expected(place.error))]
    const points = place.value.filter(({ manifest }) => manifest?.target === targetConfig.name)
    return [...found, ...(await room(context, config, target, targetConfig, points)), proved(context, config, targetConfig, points)]
  },
})

async function unfinished({ inventory, session }: Context, kept: Backups, { name, database }: TargetConfig): Promise<readonly Finding[]> {
  if (!inventory.ok) return []
  const copies = inventory.value.databases.map((each) => database.replaceAll('{database}', () => each))
  const pending = await kept.unfinished(copies, session.interrupt.signal)
  if (pending === undefined) return []
  const message = `A rollback of ${pending.databases.join(', ')} to ${pending.point} was stopped in the middle: runs refuse until it is finished.`
  return [
    {
      level: 'failure',
      id: 'rollback',
      message,
      fix: { by: 'command', commands: [`dbsync rollback ${shellWord(pending.point)} --target ${shellWord(name)} --yes`] },
    },
  ]
}

async function room(context: Context, config: Config, target: Target, targetConfig: TargetConfig, points: readonly BackupPoint[]): Promise<readonly Finding[]> {
  const { directory, mode } = config.backup
  const place = await nearest(directory)
  try {
    await access(place, constants.W_OK | constants.X_OK)
  } catch {
    const fix = { by: 'command', commands: [`chmod u+rwx ${shellWord(place)}`] } as const
    return [{ level: 'failure', id: 'backup-folder', message: `The user that runs this may not write to ${place}: no point can be made in ${directory}.`, fix }]
  }
  const { bavail, bsize } = await statfs(place)
  const free = bavail * bsize
  if (mode === 'journal') return [ok('backup-room', `${bytes(free)} are free for journals in ${directory}.`)]
  const data = await dataBytes(context, target, targetConfig)
  const newest = points.find(({ kind }) => kind === 'dump')?.bytes ?? 0
  const needs = Math.max(data * DUMP_PART, newest * 1.2)
  if (needs * 2 <= free) return [ok('backup-room', `${bytes(free)} are free in ${directory}; the next point may take ${bytes(Math.ceil(needs))}.`)]
  const message = `The next point may take ${bytes(Math.ceil(needs))}, and ${bytes(free)} are free in ${directory}. A journal keeps only the rows that change; another folder goes into backup_settings.directory.`
  const fix = { by: 'setting', file: 'sync-config.json', value: { backup_settings: { mode: 'journal' } } } as const
  return [{ level: needs > free ? 'failure' : 'warning', id: 'backup-room', message, fix }]
}

/** By statistics: what the tables of the copies take. */
async function dataBytes({ inventory }: Context, target: Target, { database }: TargetConfig): Promise<number> {
  const copies = new Set(inventory.ok ? inventory.value.databases.map((each) => database.replaceAll('{database}', () => each)) : [])
  let sum = 0
  for (const name of (await target.databases()).filter((each) => copies.has(each))) {
    for (const { estimate } of await target.describe(name)) sum += estimate?.bytes ?? 0
  }
  return sum
}

function proved({ now }: Context, config: Config, { name }: TargetConfig, points: readonly BackupPoint[]): Finding {
  if (points.length === 0) return note('backup-proved', 'There are no points yet: the next run that writes makes one.')
  const only = config.targets.length === 1 ? '' : ` --target ${shellWord(name)}`
  const check = `dbsync backup check latest --restore${only}`
  const dumps = points.filter(({ kind }) => kind === 'dump')
  if (dumps.length === 0) {
    const commands = [`dbsync backup create${only}`, check]
    return warning('backup-proved', 'There are journals and no whole point: without one, a damaged table cannot be put back.', { by: 'command', commands })
  }
  const newest = dumps.reduce((latest, { manifest }) => ((manifest?.restoredAt ?? '') > latest ? (manifest?.restoredAt ?? '') : latest), '')
  const fix = { by: 'command', commands: [check] } as const
  if (newest === '') return warning('backup-proved', `None of ${dumps.length === 1 ? 'them' : `the ${dumps.length} points`} was ever restored on trial.`, fix)
  if (now.getTime() - Date.parse(newest) > PROVED_DAYS * 86_400_000)
    return warning('backup-proved', `No point was restored on trial since ${newest.slice(0, 10)}.`, fix)
  return ok('backup-proved', `A point was restored on trial ${ago(newest, now)}.`)
}

/** The folder, or where there is none yet the nearest one above it. */
async function nearest(path: string): Promise<string> {
  const there = await lstat(path).then(
    () => true,
    () => false,
  )
  return there || dirname(path) === path ? path : nearest(dirname(path))
}
