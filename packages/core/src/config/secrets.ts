import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { MASK, redactor } from '../errors/redact.ts'
import { SyncError } from '../errors/sync-error.ts'
import type { Config, EndpointConfig } from './config.ts'
import { isSecretName } from './secret-names.ts'

/** The options that a plugin declares as secret, by role and type; names that look like a secret's count in any case. */
export type DeclaredSecrets = (role: 'source' | 'target' | 'state', type: string) => readonly string[]

export type SecretContext = {
  /** The variable that `env:NAME` refers to, from the real environment or `.env`. */
  readonly variable: (name: string) => string | undefined
  /** Where a setting stands, for messages. */
  readonly source: (key: string) => string | undefined
  readonly signal: AbortSignal
  readonly declared?: DeclaredSecrets | undefined
}

const COMMAND_MS = 30_000
const MAX_SECRET_BYTES = 64 * 1024

/** The configuration with every `env:`, `file:` and `cmd:` reference replaced by what it refers to. Never show or store the answer. */
export async function resolveSecrets(config: Config, context: SecretContext): Promise<Config> {
  return eachSecret(config, context.declared, (value, key, directory) => resolveReference(value, key, directory, context))
}

/** What one `env:`, `file:` or `cmd:` reference refers to; any other text is its own answer. */
export async function resolveReference(value: string, key: string, directory: string, context: SecretContext): Promise<string> {
  const [, kind, rest] = /^(env|file|cmd):([\s\S]*)$/.exec(value) ?? []
  if (kind === undefined || rest === undefined) return value
  const source = context.source(key)
  const name = `\`${key}\`${source === undefined ? '' : ` (${source})`}`
  const found =
    kind === 'env'
      ? fromVariable(rest, name, context)
      : kind === 'file'
        ? await fromFile(resolve(directory, rest), name)
        : await fromCommand(rest, name, directory, context)
  if (found === '') throw missing(`${name}: what it refers to is empty.`, 'Put the secret there.')
  return found
}

/** The configuration as it may be shown: secrets and passwords in URLs hidden, `env:` and `file:` references left readable. */
export function maskSecrets(config: Config, declared?: DeclaredSecrets): Config {
  const mask = (value: string) => (/^(env|file):/.test(value) ? value : value.startsWith('cmd:') ? `cmd:${MASK}` : MASK)
  // The address of a webhook lets everybody who knows it write there.
  const webhooks = config.alerts.webhooks.map(({ url, format, secret }) => ({
    url: mask(url),
    format,
    secret: secret === undefined ? undefined : mask(secret),
  }))
  const masked = { ...eachSecretSync(config, declared, mask), alerts: { ...config.alerts, webhooks } }
  return mapStrings(masked, redactor([])) as Config
}

/** The variables that secrets of the configuration refer to, those of the alerts among them. */
export function variablesIn(config: Config, declared?: DeclaredSecrets): readonly string[] {
  const found = config.alerts.webhooks.flatMap(({ url, secret }) => [url, secret ?? ''])
  eachSecretSync(config, declared, (value) => {
    found.push(value)
    return value
  })
  return [...new Set(found.flatMap((value) => (value.startsWith('env:') ? [value.slice('env:'.length)] : [])))]
}

function fromVariable(variable: string, name: string, context: SecretContext): string {
  const value = context.variable(variable)
  if (value === undefined)
    throw missing(`${name} refers to the variable ${JSON.stringify(variable)}, which is not set.`, 'Set it in the environment or in .env.')
  return value
}

async function fromFile(path: string, name: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8')
    if (text.length > MAX_SECRET_BYTES) throw missing(`${name} refers to ${path}, which is too large for a secret.`, 'Check the path.')
    return text.replace(/\r?\n$/, '')
  } catch (cause) {
    if (SyncError.is(cause)) throw cause
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw missing(`${name} refers to ${path}, which cannot be read (${code}).`, 'Check the path and its permissions.', cause)
  }
}

/** Neither the command nor what it prints is shown: both may hold the secret. */
async function fromCommand(command: string, name: string, directory: string, { signal }: SecretContext): Promise<string> {
  const { exec } = await import('node:child_process')
  return await new Promise((done, fail) => {
    const child = exec(command, { cwd: directory, timeout: COMMAND_MS, maxBuffer: MAX_SECRET_BYTES, signal, encoding: 'utf8' }, (error, output) => {
      if (error === null) return done(output.replace(/\r?\n$/, ''))
      if (signal.aborted) return fail(new SyncError('CONFIG_SECRET', `${name}: its command was stopped.`, { kind: 'cancelled' }))
      const ended = error.killed === true ? `was stopped after ${COMMAND_MS / 1000} seconds or too much output` : `ended with ${error.code ?? error.signal}`
      fail(missing(`${name}: its command ${ended}.`, 'Run the command in a shell to see why.'))
    })
    child.stdin?.end()
  })
}

const missing = (message: string, hint: string, cause?: unknown) => new SyncError('CONFIG_SECRET', message, { kind: 'config', hint, cause })

type Change<R> = (value: string, key: string, directory: string) => R

/** One after the other: two commands may both ask on the terminal. */
async function eachSecret(config: Config, declared: DeclaredSecrets | undefined, change: Change<Promise<string>>): Promise<Config> {
  const wanted: Parameters<typeof change>[] = []
  eachSecretSync(config, declared, (...secret) => {
    wanted.push(secret)
    return secret[0]
  })
  const found = new Map<string, string>()
  for (const secret of wanted) found.set(secret[1], await change(...secret))
  return eachSecretSync(config, declared, (value, key) => found.get(key) ?? value)
}

function eachSecretSync(config: Config, declared: DeclaredSecrets | undefined, change: Change<string>): Config {
  const endpoint = <T extends EndpointConfig>(role: Parameters<DeclaredSecrets>[0], key: string, config: T): T => {
    const names = new Set(declared?.(role, config.type))
    const walk = (value: unknown, here: string, secret: boolean): unknown => {
      if (Array.isArray(value)) return value.map((item, index) => walk(item, `${here}.${index}`, secret))
      if (typeof value === 'object' && value !== null) {
        return Object.fromEntries(
          Object.entries(value).map(([name, item]) => [name, walk(item, `${here}.${name}`, secret || isSecretName(name) || names.has(name))]),
        )
      }
      if (!secret || (typeof value !== 'string' && typeof value !== 'number')) return value
      const changed = change(String(value), here, config.directory)
      return changed === String(value) ? value : changed
    }
    return { ...config, options: walk(config.options, `${key}.options`, false) as T['options'] }
  }
  return {
    ...config,
    source: endpoint('source', 'source', config.source),
    state: endpoint('state', 'state', config.state),
    targets: config.targets.map((target) => endpoint('target', `targets.${target.name}`, target)),
  }
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change)]))
}
