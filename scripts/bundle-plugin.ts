// Makes the folder that is published as a plugin out of what the compiler wrote: node scripts/bundle-plugin.ts packages/plugin-duckdb-target [folder]
import { join, resolve } from 'node:path'
import { bundlePlugin } from './bundle/plugin.ts'

const [plugin = '.', folder = join(plugin, 'dist', 'package')] = process.argv.slice(2)
await bundlePlugin(resolve(plugin), resolve(folder))
