import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..', '..')
export const CLI = join(ROOT, 'packages', 'cli')

/** As much of a package.json as bundling looks at. */
export type PackageJson = {
  readonly name: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly oclif: { readonly plugins?: readonly string[]; readonly hooks?: Readonly<Record<string, string>> }
}

export const readPackage = (folder: string): PackageJson => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson

/** A plugin of this workspace that comes with dbsync. */
export type BundledPlugin = { readonly name: string; readonly version: string; readonly hook: string; readonly register: string }

const HOOK = 'dbsync:register'

/** The plugins of this workspace that `cli` lists. */
export function bundledPlugins(cli: PackageJson): readonly BundledPlugin[] {
  return ownPlugins(cli).map((name) => {
    const folder = join(CLI, 'node_modules', name)
    const { version, oclif } = readPackage(folder)
    const hook = oclif.hooks?.[HOOK]
    if (hook === undefined) throw new Error(`${name} has no hook ${HOOK}`)
    return { name, version, hook: HOOK, register: join(folder, hook) }
  })
}

export const ownPlugins = ({ oclif }: PackageJson): readonly string[] => (oclif.plugins ?? []).filter((name) => name.startsWith('@dbsync/'))

/** The compiled commands, `run` → its file. Listed from the sources: the compiler leaves what was removed. */
export function commandFiles(): Readonly<Record<string, string>> {
  const sources = globSync('**/*.ts', { cwd: join(CLI, 'src', 'commands') }).filter((file) => !file.endsWith('.test.ts'))
  return Object.fromEntries(sources.map((file) => [file.replace(/\.ts$/, ''), join(CLI, 'dist', 'commands', file.replace(/\.ts$/, '.js'))]))
}

/** Hooks of the command line's own, `dist/hooks/x` → its file. */
export const hookFiles = ({ oclif }: PackageJson): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.values(oclif.hooks ?? {}).map((file) => [file.replace(/^\.\/|\.js$/g, ''), join(CLI, file)]))

/** Resolves as the command line does. */
export const cliRequire = createRequire(join(CLI, 'package.json'))

/** The folder of the package that a file belongs to. */
export function packageOf(file: string): string {
  const [, folder] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file) ?? []
  return folder ?? dirname(file)
}
