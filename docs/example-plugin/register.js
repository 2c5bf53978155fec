/** What this plugin brings. Every command of dbsync calls this, so nothing heavy is imported before `open`. */
const target = {
  type: 'sqlite',
  summary: 'A folder of SQLite files, one for each database',
  options: [{ name: 'folder', kind: 'string', required: true, description: 'The folder of the files; it is created when it is not there.' }],
  async open(options, context) {
    const { resolve } = await import('node:path')
    const { openTarget } = await import('./target.js')
    // Relative paths start at the folder of the configuration file, not at the current one.
    return openTarget(resolve(context.directory, options.folder))
  },
}

const stateStore = {
  type: 'sqlite',
  summary: 'One SQLite file',
  options: [{ name: 'path', kind: 'string', required: true, description: 'The file; it is created when it is not there.' }],
  async open(options, context) {
    const { resolve } = await import('node:path')
    const { openStore } = await import('./store.js')
    return openStore(resolve(context.directory, options.path))
  },
}

export default async () => ({ apiVersion: 1, targets: [target], stateStores: [stateStore] })
