import { join } from 'node:path'
import { type BackupPoint, type Backups, SyncError } from '@dbsync/core/plugin'
import type { ServerFacts } from '@dbsync/mysql'
import type { Connections } from '../connections.ts'
import { restoring } from '../restore/restoring.ts'
import { checkPoint } from './check-point.ts'
import { createPoint } from './create-point.ts'
import { namesIn, removeFile, statsOf, syncFolder } from './files.ts'
import { fillFromDump } from './fill-dump.ts'
import { manifestPath, readManifest } from './manifest.ts'
import { DUMP_SUFFIX, madeAt, newestFirst } from './point-names.ts'

export type BackupTools = {
  readonly connections: Connections
  readonly server: ServerFacts
  readonly folder: string
  /** Throws where the lock on the database may have been lost. */
  readonly allowed: (database: string) => void
}

/** The backup points of this server in one folder. */
export function mysqlBackups(tools: BackupTools): Backups {
  const { connections, folder, allowed } = tools
  return {
    ...restoring({ connections, fillOf: fillFromDump, allowed }),
    create: (request, signal) => connections.with(signal, (connection) => createPoint(connection, folder, request, signal)),
    async journal() {
      throw notSupported('a journal (backup_settings.mode)')
    },
    async list() {
      return (await dumps(folder)).toSorted(newestFirst)
    },
    check: (point, options) => checkPoint(tools, point, options),
    async drop({ name }) {
      if (!name.endsWith(DUMP_SUFFIX) || /[/\\]/.test(name)) throw new Error(`${name} is no backup point`)
      // The dump first: a manifest alone is no point, and the next one removes it.
      await removeFile(join(folder, name))
      await syncFolder(folder)
      const stem = name.slice(0, -DUMP_SUFFIX.length)
      if (madeAt(stem) !== undefined) await removeFile(manifestPath(folder, stem))
    },
  }
}

const notSupported = (what: string): SyncError =>
  new SyncError('BACKUP_UNSUPPORTED', `${what} is not supported by MySQL targets yet`, { kind: 'config', hint: 'Use backup_settings.mode "dump".' })

/** Every dump in the folder: ours, and what others have put there. */
async function dumps(folder: string): Promise<BackupPoint[]> {
  const points: BackupPoint[] = []
  for (const name of await namesIn(folder)) {
    if (!name.endsWith(DUMP_SUFFIX) || name.startsWith('.')) continue
    const path = join(folder, name)
    const stats = await statsOf(path)
    if (stats === undefined || !stats.isFile()) continue
    const stem = name.slice(0, -DUMP_SUFFIX.length)
    const made = madeAt(stem)
    const manifest = made === undefined ? undefined : await readManifest(folder, stem)
    points.push({
      name,
      path,
      kind: 'dump',
      bytes: stats.size,
      madeAt: (made?.at ?? stats.mtime).toISOString(),
      ...(manifest === undefined || manifest === 'damaged' ? {} : { manifest }),
    })
  }
  return points
}
