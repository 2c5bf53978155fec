import { parseEnv } from 'node:util'
import { SyncError } from '@dbsync/core/plugin'
import type { CliCode } from '../codes.ts'

/**
 * The text of a `.env` file with these variables set, all else as it was. Throws `INIT_ENV_FILE` where a value has no spelling there, or
 * where the file is such that another variable would change.
 */
export function withVariables(text: string, variables: ReadonlyMap<string, string>): string {
  let edited = text
  for (const [name, value] of variables) edited = withVariable(edited, name, value)
  const [before, after] = [parseEnv(text), parseEnv(edited)]
  const wanted = { ...before, ...Object.fromEntries(variables) }
  if (JSON.stringify(sorted(after)) !== JSON.stringify(sorted(wanted))) throw unsafe([...variables.keys()].join(', '))
  return edited
}

function withVariable(text: string, name: string, value: string): string {
  const spelled = ['', "'", '"', '`'].map((quote) => `${name}=${quote}${value}${quote}`).find((line) => isExactly(line, name, value))
  if (spelled === undefined) throw unsafe(name)
  const line = new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name.replaceAll('.', '\\.')}[ \\t]*=.*$`, 'm')
  if (line.test(text)) return text.replace(line, () => spelled)
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${spelled}\n`
}

/** The line says this and nothing else, also between others. */
function isExactly(line: string, name: string, value: string): boolean {
  const parsed = parseEnv(`A=1\n${line}\nB=2\n`)
  return parsed[name] === value && JSON.stringify(sorted(parsed)) === JSON.stringify(sorted({ A: '1', B: '2', [name]: value }))
}

const sorted = (values: Readonly<Record<string, string | undefined>>) => Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))

const unsafe = (names: string): SyncError =>
  new SyncError('INIT_ENV_FILE' satisfies CliCode, `${names} cannot be set in .env: it has no place for such a value, or a line there is not what it seems.`, {
    kind: 'config',
    hint: 'Keep the secret in a file of its own (file:PATH), or set the variable by hand.',
  })
