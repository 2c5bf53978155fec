import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { table } from './markdown.ts'

const ROOT = join(import.meta.dirname, '..')

export const CONFIGURATION = join(ROOT, 'docs', 'configuration.md')

type Schema = {
  readonly description?: string
  readonly type?: string
  readonly enum?: readonly (string | number)[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
}

/** Of `OptionSpec` and `Setting` in core, what is printed. */
type Option = {
  readonly name: string
  readonly kind: string
  readonly description: string
  readonly required?: boolean
  readonly default?: string | number | boolean
  readonly choices?: readonly string[]
}

type Setting = {
  readonly at: string
  readonly params?: readonly string[]
  readonly sync?: readonly string[]
  readonly variables: readonly string[]
  readonly plain?: readonly string[]
}

/** Where each plugin says what it can be told. */
const PLUGINS: readonly { readonly heading: string; readonly file: string }[] = [
  { heading: 'Source `mysql`', file: 'packages/plugin-mysql-source/src/options.ts' },
  { heading: 'Target `mysql`', file: 'packages/plugin-mysql-target/src/options.ts' },
  { heading: 'Target `bigquery`', file: 'packages/plugin-bigquery-target/src/options.ts' },
  { heading: 'Target `duckdb` (a plugin of its own)', file: 'packages/plugin-duckdb-target/src/options.ts' },
  { heading: 'State store `json`', file: 'packages/plugin-state-json/src/options.ts' },
]

const HEAD = `# Configuration

<!-- Made from scripts/configuration-introduction.md, the schemas of packages/core and the options of the plugins: change them there, then run \`node scripts/docs.ts\`. -->`

/** `docs/configuration.md` as it should be. */
export async function configurationReference(): Promise<string> {
  const [params, sync] = await Promise.all(['params', 'sync-config'].map(schemaOf))
  const introduction = await readFile(join(ROOT, 'scripts', 'configuration-introduction.md'), 'utf8')
  const settings = await exported<readonly Setting[]>('packages/core/src/config/settings.ts', 'SETTINGS')
  const plugins: string[] = []
  for (const { heading, file } of PLUGINS) plugins.push(`### ${heading}`, optionsTable(await exported<readonly Option[]>(file, 'OPTIONS', 'options')))
  const sections = [
    '## params.json',
    keysTable(params as Schema),
    '## sync-config.json',
    keysTable(sync as Schema),
    '## Options of the plugins',
    'The options of a target stand beside its `type` and `database` under `targets`, those of the state store under `state`. The source is what the `db_…` keys describe.',
    ...plugins,
    '## Variables',
    'Every setting of one value can be a variable, too. Each works as `DBSYNC_NAME`; those that are marked work without the prefix as well.',
    variablesTable(settings),
  ]
  return `${[HEAD, introduction.trimEnd(), ...sections].join('\n\n')}\n`
}

const schemaOf = async (name: string): Promise<Schema> =>
  JSON.parse(await readFile(join(ROOT, 'packages', 'core', 'schemas', `${name}.schema.json`), 'utf8')) as Schema

/** What a source file exports under the first of these names. */
async function exported<T>(file: string, ...names: readonly string[]): Promise<T> {
  const all = (await import(pathToFileURL(join(ROOT, file)).href)) as Readonly<Record<string, T>>
  const name = names.find((each) => all[each] !== undefined)
  if (name === undefined) throw new Error(`${file} exports none of ${names.join(', ')}`)
  return all[name] as T
}

const keysTable = (schema: Schema): string => table(['Key', 'Value', 'Meaning'], [...keysIn(schema, '')])

/** Objects with fixed keys are gone into; what stands under names of the user's own has `NAME` for them. */
function* keysIn({ properties = {} }: Schema, prefix: string): Generator<readonly string[]> {
  for (const [name, schema] of Object.entries(properties)) {
    if (name === '$schema') continue
    const key = `${prefix}${name}`
    const inner =
      typeof schema.additionalProperties === 'object' && schema.additionalProperties.properties !== undefined ? schema.additionalProperties : undefined
    if (schema.description !== undefined || (schema.properties === undefined && inner === undefined))
      yield [`\`${key}\``, valueText(schema), schema.description ?? '']
    if (schema.properties !== undefined) yield* keysIn(schema, `${key}.`)
    if (inner !== undefined) yield* keysIn(inner, `${key}.NAME.`)
    if (schema.items?.properties !== undefined) yield* keysIn(schema.items, `${key}[].`)
  }
}

function valueText(schema: Schema): string {
  const { type, enum: choices, anyOf = [], minimum, maximum } = schema
  if (choices !== undefined) return choices.map((choice) => `\`${choice}\``).join(', ')
  if (anyOf.some((each) => each.type === 'boolean')) return 'true, false'
  const [first] = anyOf
  if (first?.type === 'integer') return valueText(first)
  if (anyOf.some((each) => each.type === 'array')) return 'list'
  if (type === 'integer' && minimum !== undefined && maximum !== undefined && maximum < 2 ** 40) return `${minimum} to ${maximum}`
  return type ?? first?.type ?? ''
}

const optionsTable = (options: readonly Option[]): string =>
  table(
    ['Option', 'Value', 'Meaning'],
    options.map(({ name, kind, description, required, default: usual, choices }) => [
      `\`${name}\``,
      choices === undefined ? kind : choices.map((choice) => `\`${choice}\``).join(', '),
      [sentence(description), required === true ? 'Required.' : '', usual === undefined ? '' : `Default \`${usual}\`.`].filter((part) => part !== '').join(' '),
    ]),
  )

const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`)

function variablesTable(settings: readonly Setting[]): string {
  const rows = settings.map(({ params, sync, variables, plain = [], at }) => {
    const keys = [params, sync].flatMap((path) => (path === undefined ? [] : [`\`${path.join('.')}\``]))
    const names = variables.map((name) => (plain.includes(name) ? `\`${name}\`*` : `\`${name}\``))
    return [names.join(', '), keys.length === 0 ? `\`${at.replace('.options', '')}\`` : keys.join(', ')]
  })
  return `${table(['Variable', 'Sets'], rows)}\n\n\\* also without \`DBSYNC_\`.`
}
