import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { checkProfileName, findFile } from '../profile.ts'

/** A file of the configuration, by its names from the folder. */
export type InitFile = {
  readonly writes: string
  /** What it begins with: itself where it is there, else the plain one, of which it becomes a changed copy; `undefined`: nothing is there. */
  readonly begins: string | undefined
}
export type InitFiles = { readonly params: InitFile; readonly sync: InitFile }

export type Chosen = { readonly params?: string | undefined; readonly config?: string | undefined; readonly profile?: string | undefined }

/** The plain files, unless others are asked for. Throws `NO_SUCH_PROFILE` for what cannot be the name of one. */
export function initFiles(cwd: string, { params, config, profile }: Chosen): InitFiles {
  if (profile !== undefined) checkProfileName(profile)
  const exists = (name: string) => existsSync(resolve(cwd, name))
  const file = (base: string, given: string | undefined): InitFile => {
    const plain = findFile(cwd, `${base}.json`)
    const own = profile === undefined ? undefined : (findFile(cwd, `${base}.${profile}.json`) ?? join(dirname(plain ?? ''), `${base}.${profile}.json`))
    const writes = given ?? own ?? plain ?? `${base}.json`
    return { writes, begins: exists(writes) ? writes : plain }
  }
  return { params: file('params', params), sync: file('sync-config', config) }
}
