import { copyFileSync, cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type OutputChunk, rolldown } from 'rolldown'
import { thirdPartyNotices } from './notices.ts'
import {
  type BundledPlugin,
  bundledPlugins,
  CLI,
  cliRequire,
  commandFiles,
  hookFiles,
  ownPlugins,
  type PackageJson,
  packageOf,
  ROOT,
  readPackage,
} from './packages.ts'
import { slimming } from './slim.ts'

/** Where `bin/run.js` looks for the bundle in a working copy, and what `npm publish` is given. */
export const CLI_PACKAGE = join(CLI, 'dist', 'package')

const MAIN = 'dbsync:main'

/** The bundled plugins are plugins to oclif like any other; it finds them in the folder `plugins` of the package. */
const MAIN_CODE = `
import { join } from 'node:path'
import { execute } from '@oclif/core/execute'

export function start() {
  const root = join(import.meta.dirname, '..')
  return execute({ loadOptions: { root, pluginAdditions: { core: ['./*'], path: join(root, 'plugins') } } })
}
`

/** Writes the package of the command line into `folder`; what was there is replaced as a whole. */
export async function bundleCli(folder: string): Promise<void> {
  const cli = readPackage(CLI)
  const plugins = bundledPlugins(cli)
  const building = `${folder}.${process.pid}`
  rmSync(building, { recursive: true, force: true })
  mkdirSync(join(building, 'bin'), { recursive: true })

  await writeModules(building, plugins, cli)
  for (const plugin of plugins) writePlugin(building, plugin)
  writeJson(join(building, 'plugins', 'package.json'), {
    type: 'module',
    dependencies: Object.fromEntries(plugins.map(({ name, version }) => [`./${basename(name)}`, version])),
  })
  writeJson(join(building, 'package.json'), published(cli))
  copyFileSync(join(CLI, 'bin', 'run.js'), join(building, 'bin', 'run.js'))
  // What `dbsync init` names as `$schema`, and what `--json` prints.
  for (const schemas of [join(ROOT, 'packages', 'core', 'schemas'), join(CLI, 'schemas')]) cpSync(schemas, join(building, 'schemas'), { recursive: true })
  for (const file of ['LICENSE', 'README.md']) cpSync(join(ROOT, file), join(building, file))
  await writeManifest(building)

  rmSync(folder, { recursive: true, force: true })
  renameSync(building, folder)
}

async function writeModules(folder: string, plugins: readonly BundledPlugin[], cli: PackageJson): Promise<void> {
  const slim = slimming()
  const bundle = await rolldown({
    cwd: CLI,
    platform: 'node',
    // oclif asks for these where they are, to run TypeScript and in other package managers.
    external: ['typescript', 'ts-node', 'pnpapi'],
    input: {
      'dist/main': MAIN,
      ...Object.fromEntries(Object.entries(commandFiles()).map(([id, file]) => [`dist/commands/${id}`, file])),
      ...hookFiles(cli),
      ...Object.fromEntries(plugins.map(({ name, register }) => [`plugins/${basename(name)}/register`, register])),
    },
    // The ES modules of a package where it has both: the others cannot be split.
    resolve: { mainFields: ['module', 'main'] },
    plugins: [
      {
        name: 'dbsync-main',
        resolveId: (id, importer) => (id === MAIN ? MAIN : importer === MAIN && id.startsWith('@') ? cliRequire.resolve(id) : undefined),
        load: (id) => (id === MAIN ? MAIN_CODE : undefined),
      },
      slim.plugin,
    ],
  })
  const { output } = await bundle.generate({
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'dist/[name]-[hash].js',
    // Names stay: without them the stack in a log file tells nobody anything.
    minify: { compress: true, mangle: false, codegen: true },
  })
  await bundle.close()
  const unused = slim.unused()
  if (unused.length > 0) throw new Error(`scripts/bundle/slim.ts does not fit the dependencies any more: ${unused.join(', ')}`)

  const chunks = output.filter((file): file is OutputChunk => file.type === 'chunk')
  for (const { fileName, code } of chunks) write(join(folder, fileName), ascii(code))
  for (const [name, content] of slim.files()) write(join(folder, 'dist', name), content)
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds).filter((id) => id.includes('/node_modules/'))
  write(join(folder, 'THIRD-PARTY-NOTICES'), thirdPartyNotices(new Set(modules.map(packageOf))))
}

/** One letter outside ASCII makes V8 keep a whole module in two bytes a letter. */
const ascii = (code: string): string => code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

function writePlugin(folder: string, { name, version, hook }: BundledPlugin): void {
  writeJson(join(folder, 'plugins', basename(name), 'package.json'), {
    name,
    version,
    type: 'module',
    main: './register.js',
    oclif: { hooks: { [hook]: './register.js' } },
  })
}

/** Installed, it needs oclif's own plugins only: everything else is inside. */
function published(cli: PackageJson): object {
  const { dependencies, private: _workspaceOnly, devDependencies: _devDependencies, scripts: _scripts, ...rest } = cli as PackageJson & Record<string, unknown>
  const own = ownPlugins(cli)
  const plugins = (cli.oclif.plugins ?? []).filter((name) => !own.includes(name))
  return {
    ...rest,
    dependencies: Object.fromEntries(Object.entries(dependencies ?? {}).filter(([name]) => plugins.includes(name))),
    oclif: { ...cli.oclif, plugins },
  }
}

/** What the commands are, so that help loads none of them. */
async function writeManifest(folder: string): Promise<void> {
  const { Plugin } = cliRequire('@oclif/core/config') as OclifConfig
  const plugin = new Plugin({ root: folder, isRoot: true, ignoreManifest: true, errorOnManifestCreate: true })
  await plugin.load()
  writeJson(join(folder, 'oclif.manifest.json'), plugin.manifest)
}

type OclifConfig = {
  readonly Plugin: new (options: object) => { load(): Promise<void>; readonly manifest: unknown }
}

const writeJson = (file: string, value: unknown): void => write(file, `${JSON.stringify(value, null, 2)}\n`)

function write(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}
