import { resolve } from 'node:path'
import { type OptionSpec, type PluginContext, SyncError } from '@dbsync/core/plugin'
import type { Folders } from './layout.ts'

export const options: readonly OptionSpec[] = [
  { name: 'status_dir', kind: 'string', required: true, description: 'Folder with one state file for each source database.' },
  { name: 'sync_dir', kind: 'string', required: true, description: 'Folder with the file of the last run, sync-state.json.' },
]

export function foldersOf(settings: Readonly<Record<string, unknown>>, context: Pick<PluginContext, 'directory'>): Folders {
  const folder = (name: string): string => {
    const value = settings[name]
    if (typeof value === 'string' && value !== '' && !value.includes('\0')) return resolve(context.directory, value)
    throw new SyncError('STATE_OPTIONS', `The state store needs ${name}: the path of a folder.`, { kind: 'config', hint: `Set ${name} in the state settings.` })
  }
  return { status: folder('status_dir'), sync: folder('sync_dir') }
}
