import { stat } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import type { Finding } from '@dbsync/core'
import { declaredSecrets, type Project } from '../load-project.ts'
import { ok, shellWord, warning } from './findings.ts'

/** Files with secrets that others than their owner can read. */
export async function exposedFiles(cwd: string, project: Project | undefined): Promise<readonly Finding[]> {
  if (process.platform === 'win32') return []
  const files = new Set(['.env', ...(project === undefined ? [] : filesWithSecrets(project))])
  const found: Finding[] = []
  for (const file of files) {
    const mode = await modeOf(isAbsolute(file) ? file : resolve(cwd, file))
    if (mode === undefined || (mode & 0o077) === 0) continue
    const message = `${file} holds secrets, and others than its owner may open it (mode ${(mode & 0o777).toString(8)}).`
    found.push(warning('file-mode', message, { by: 'command', commands: [`chmod 600 ${shellWord(file)}`] }))
  }
  return found.length > 0 ? found : [ok('file-mode', 'No file with secrets can be opened by others.')]
}

/** Configuration files in which one stands in plain text, and files that a setting refers to. */
function filesWithSecrets({ loaded, registry }: Project): readonly string[] {
  const { config } = loaded
  const shown = loaded.masked(declaredSecrets(registry))
  const ends = [
    { key: 'source.options', options: config.source.options, masked: shown.source.options },
    { key: 'state.options', options: config.state.options, masked: shown.state.options },
    ...config.targets.map(({ name, options }, i) => ({ key: `targets.${name}.options`, options, masked: shown.targets[i]?.options ?? {} })),
    { key: 'alerts', options: { webhooks: config.alerts.webhooks }, masked: { webhooks: shown.alerts.webhooks } },
  ]
  return ends.flatMap(({ key, options, masked }) => walk(options, masked, key, loaded.sources))
}

function walk(value: unknown, masked: unknown, key: string, sources: Readonly<Record<string, string>>): readonly string[] {
  if (typeof value === 'string') {
    if (value.startsWith('file:')) return [value.slice('file:'.length)]
    if (/\.(?:ssl\.key|key_file)$/.test(key)) return [value]
    if (value === masked || value.startsWith('cmd:')) return []
    const [, file] = /^(.*) line \d+$/s.exec(sources[key] ?? '') ?? []
    return file === undefined ? [] : [file]
  }
  if (typeof value !== 'object' || value === null) return []
  const hidden = new Map(Object.entries(typeof masked === 'object' && masked !== null ? masked : {}))
  return Object.entries(value).flatMap(([name, item]) => walk(item, hidden.get(name), `${key}.${name}`, sources))
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    const stats = await stat(path)
    return stats.isFile() ? stats.mode : undefined
  } catch (error) {
    // Whoever needs it will say that it is not there.
    if (error instanceof Error && 'syscall' in error) return undefined
    throw error
  }
}
