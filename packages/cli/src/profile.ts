import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SyncError } from '@dbsync/core/plugin'
import type { CliCode } from './codes.ts'

/** Where a file of the configuration is, as a run finds it: an old project has them in `scripts`. `undefined`: in neither place. */
export const findFile = (cwd: string, name: string): string | undefined => [name, join('scripts', name)].find((file) => existsSync(join(cwd, file)))

/** The files of a profile that are there: `params.staging.json` beside, or in the scripts folder, where params.json would be. Throws `NO_SUCH_PROFILE`. */
export function profileFiles(cwd: string, profile: string): { readonly params: string | undefined; readonly config: string | undefined } {
  const names = [`params.${profile}.json`, `sync-config.${profile}.json`] as const
  checkProfileName(profile)
  const [params, config] = names.map((name) => findFile(cwd, name))
  if ((params ?? config) !== undefined) return { params, config }
  throw new SyncError('NO_SUCH_PROFILE' satisfies CliCode, `There is no profile ${JSON.stringify(profile)}.`, {
    kind: 'config',
    hint: `A profile NAME is a file params.NAME.json or sync-config.NAME.json in ${cwd}; what has no file of its own is read from params.json and sync-config.json.`,
  })
}

/** Throws `NO_SUCH_PROFILE`. */
export function checkProfileName(profile: string): void {
  if (/^[\w-]+$/.test(profile)) return
  throw new SyncError('NO_SUCH_PROFILE' satisfies CliCode, `${JSON.stringify(profile)} cannot be the name of a profile.`, {
    kind: 'config',
    hint: 'It is part of the names of two files: letters, digits, _ and - make one.',
  })
}
