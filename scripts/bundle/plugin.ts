import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type OutputChunk, rolldown } from 'rolldown'
import { thirdPartyNotices } from './notices.ts'
import { type PackageJson, packageOf, ROOT, readPackage } from './packages.ts'

const HOOK = 'dbsync:register'

/**
 * Writes the package of a plugin that users install by themselves into `into`. Installed it has a `node_modules` of its own: what it uses of this
 * workspace is inside, and its dependencies are those that a registry has.
 */
export async function bundlePlugin(plugin: string, into: string): Promise<void> {
  const { devDependencies: _dev, private: _workspaceOnly, exports: _exports, ...rest } = readPackage(plugin) as PackageJson & Record<string, unknown>
  const hook = rest.oclif.hooks?.[HOOK]
  if (hook === undefined) throw new Error(`${rest.name} has no hook ${HOOK}`)
  const bundle = await rolldown({
    cwd: plugin,
    platform: 'node',
    external: Object.keys(rest.dependencies ?? {}),
    input: { register: join(plugin, hook) },
  })
  // Names stay: without them the stack in a log file tells nobody anything.
  const { output } = await bundle.generate({ format: 'esm', minify: { compress: true, mangle: false, codegen: true } })
  await bundle.close()

  rmSync(into, { recursive: true, force: true })
  const chunks = output.filter((file): file is OutputChunk => file.type === 'chunk')
  for (const { fileName, code } of chunks) write(join(into, 'dist', fileName), code)
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds).filter((id) => id.includes('/node_modules/'))
  if (modules.length > 0) write(join(into, 'THIRD-PARTY-NOTICES'), thirdPartyNotices(new Set(modules.map(packageOf))))
  write(join(into, 'package.json'), `${JSON.stringify({ ...rest, main: './dist/register.js', oclif: { hooks: { [HOOK]: './dist/register.js' } } }, null, 2)}\n`)
  cpSync(join(ROOT, 'LICENSE'), join(into, 'LICENSE'))
}

function write(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}
