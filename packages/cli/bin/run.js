#!/usr/bin/env node
// Starts on any Node that knows ES modules, so that an old one gets a plain sentence and not a syntax error.
import module from 'node:module'
import process from 'node:process'
import { setFlagsFromString } from 'node:v8'

const FLOOR = { major: 24, minor: 15 }
const [major, minor] = process.versions.node.split('.').map(Number)
const recent = major > FLOOR.major || (major === FLOOR.major && minor >= FLOOR.minor)

if (recent) await start()
else await handOver()

async function start() {
  // Rows pass through as bytes outside the JS heap: a young generation that grows to its usual 48 MiB would hold nothing but litter.
  setFlagsFromString('--semi-space-growth-factor=1')
  // Little is run often enough to gain by V8's quick compiler, whose code takes 1 to 2 MB. What is, its optimizing ones compile.
  setFlagsFromString('--no-sparkplug')
  module.enableCompileCache?.()
  // Passwords may come in variables, and whoever asks Node for a report of a crash sends it on.
  process.report.excludeEnv = true
  // Our plugins are compiled already: oclif would say so of every linked one.
  process.env.OCLIF_DISABLE_LINKED_ESM_WARNING ??= '1'
  // `dbsync status | head`: the reader went away and the rest is of no use to anybody.
  process.stdout.on('error', (error) => {
    if (error.code === 'EPIPE') process.exit()
    throw error
  })
  // Progress goes to stderr: a run goes on when nobody watches it.
  process.stderr.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error
  })
  const bundle = await findBundle()
  if (bundle === undefined) {
    const { execute } = await import('@oclif/core/execute')
    await execute({ dir: import.meta.url })
  } else {
    const main = await import(bundle.href)
    await main.start()
  }
  // Everything is closed by now. A handle that a plugin forgot must not keep a finished run alive.
  setTimeout(() => process.exit(), 5000).unref()
}

/** An installation is a bundle. A working copy has one too, which counts until the compiler writes again. */
async function findBundle() {
  const { existsSync, readdirSync, statSync } = await import('node:fs')
  const installed = new URL('../dist/main.js', import.meta.url)
  if (existsSync(installed)) return installed

  const made = new URL('../dist/package/dist/main.js', import.meta.url)
  const packages = new URL('../../', import.meta.url)
  const changedAt = (url) => statSync(url, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const compiledAt = Math.max(...readdirSync(packages).map((name) => changedAt(new URL(`${name}/tsconfig.tsbuildinfo`, packages))))
  return changedAt(made) > compiledAt ? made : undefined
}

/** Hands over to the Node that the workspace carries. */
async function handOver() {
  const { fileURLToPath } = await import('node:url')
  const script = fileURLToPath(import.meta.url)
  const node = process.env.DBSYNC_NODE_HANDED_OVER ? undefined : await nearestNode(script)
  if (node === undefined) {
    process.stderr.write(`dbsync needs Node.js ${FLOOR.major}.${FLOOR.minor} or newer; this is ${process.version}.\n`)
    process.stderr.write(
      `  Next: install a newer one from https://nodejs.org, or put one beside dbsync alone: npm install --prefix FOLDER node@${FLOOR.major}\n`,
    )
    process.exit(2)
  }
  const { spawn } = await import('node:child_process')
  const child = spawn(node, [script, ...process.argv.slice(2)], { stdio: 'inherit', env: { ...process.env, DBSYNC_NODE_HANDED_OVER: '1' } })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 70)))
}

async function nearestNode(script) {
  const { existsSync } = await import('node:fs')
  const { dirname, join } = await import('node:path')
  for (let folder = dirname(script), above = ''; folder !== above; folder = dirname(folder)) {
    const node = join(folder, 'node_modules', '.bin', 'node')
    if (existsSync(node)) return node
    above = folder
  }
  return undefined
}
