// Makes the folder that is published as @dbsync/cli out of what the compiler wrote: node scripts/bundle.ts [folder]
import { resolve } from 'node:path'
import { bundleCli, CLI_PACKAGE } from './bundle/cli.ts'

const [folder = CLI_PACKAGE] = process.argv.slice(2)
await bundleCli(resolve(folder))
