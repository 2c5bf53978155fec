import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'

const SCHEMAS = fileURLToPath(new URL('../packages/cli/schemas/', import.meta.url))

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true })
const validators = new Map<string, ValidateFunction>()

/** What is wrong with the output of a command that was run with `--json`, measured by the schema that is published for it. */
export function outputFault(args: readonly string[], { code, stdout }: { readonly code: number | string; readonly stdout: string }): string | undefined {
  if (!args.includes('--json') || args.includes('--help')) return undefined
  const value = parsed(stdout)
  // Killed before it could say anything, or in the middle of it.
  if (typeof code === 'string' && value === undefined) return undefined
  const name = schemaOf(args)
  const what = `dbsync ${args.join(' ')}`
  if (name === undefined) return `${what}: no schema is published for the output of this command.`
  if (value === undefined) return `${what}: stdout is not one JSON value but ${JSON.stringify(stdout.slice(0, 500))}`
  const validate = validatorOf(name)
  if (validate(value)) return undefined
  return `${what}: the output is not what ${name} says.\n${(validate.errors ?? []).slice(0, 40).map(faultText).join('\n')}\n${stdout.slice(0, 2000)}`
}

/** Of the longest beginning that is a command. */
function schemaOf(args: readonly string[]): string | undefined {
  const end = args.findIndex((arg) => arg.startsWith('-'))
  return [2, 1].map((words) => `${args.slice(0, Math.min(words, end)).join('-')}.schema.json`).find((name) => existsSync(`${SCHEMAS}${name}`))
}

function validatorOf(name: string): ValidateFunction {
  const validate = validators.get(name) ?? ajv.compile(JSON.parse(readFileSync(`${SCHEMAS}${name}`, 'utf8')) as object)
  validators.set(name, validate)
  return validate
}

const faultText = ({ instancePath, message, params }: ErrorObject): string => `  at ${instancePath || 'the top'}: ${message} ${JSON.stringify(params)}`

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
