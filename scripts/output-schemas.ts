import { readdirSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createGenerator, type Schema } from 'ts-json-schema-generator'
import { commandFiles } from './bundle/packages.ts'

const ROOT = join(import.meta.dirname, '..')

/** Each command's schema lies here, and in the folder `schemas` of the published package. */
export const OUTPUT_SCHEMAS = join(ROOT, 'packages', 'cli', 'schemas')

/** Commands of oclif's plugins that print data. */
const OCLIF = ['plugins', 'plugins/inspect', 'version']

type Definition = Exclude<NonNullable<Schema['definitions']>[string], boolean>

/** The schemas by file name, made of the types in `packages/cli/src/outputs.ts`. Throws where a command has no type there. */
export function outputSchemas(): ReadonlyMap<string, string> {
  const generator = createGenerator({
    path: join(ROOT, 'packages', 'cli', 'src', 'outputs.ts'),
    tsconfig: join(ROOT, 'scripts', 'output-schemas.tsconfig.json'),
    // The compiler checks types, and this only reads them.
    skipTypeCheck: true,
  })
  const file = (title: string, types: readonly string[]): string => {
    const schemas = types.map((type) => generator.createSchema(type))
    const definitions = Object.assign({}, ...schemas.map((schema) => schema.definitions)) as Readonly<Record<string, Definition>>
    const refs = types.map((type) => ({ $ref: `#/definitions/${type}` }))
    const whole = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      title,
      ...(refs.length === 1 ? refs[0] : { anyOf: refs }),
      definitions: sorted(definitions),
    }
    return `${JSON.stringify(whole, withoutNever, 2)}\n`
  }
  const all = [...Object.keys(commandFiles()).map((id) => [id, 'ErrorOutput'] as const), ...OCLIF.map((id) => [id, 'OclifErrorOutput'] as const)]
  return new Map([
    ...all.map(([id, error]) => [schemaFile(id), file(`dbsync ${id.replaceAll('/', ' ')} --json`, [typeOf(id), error])] as const),
    ['error.schema.json', file('What any command prints with --json when it could not do its work', ['ErrorOutput'])],
  ])
}

/** `backup/list` → `backup-list.schema.json`. */
export const schemaFile = (id: string): string => `${id.replaceAll('/', '-')}.schema.json`

/** `backup/list` → `BackupListOutput`. */
const typeOf = (id: string): string => `${id.replaceAll(/(?:^|[/-])(\w)/g, (_, letter: string) => letter.toUpperCase())}Output`

const sorted = (definitions: Readonly<Record<string, Definition>>): object =>
  Object.fromEntries(Object.entries(definitions).toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** A value that may be `undefined` is a key that may be missing: JSON has no such value. */
const withoutNever = (key: string, value: unknown): unknown =>
  key === 'anyOf' && Array.isArray(value) ? value.filter((each) => JSON.stringify(each) !== '{"not":{}}') : value

/** What is in the folder now. */
export async function writtenSchemas(): Promise<ReadonlyMap<string, string>> {
  const names = readdirSync(OUTPUT_SCHEMAS).toSorted()
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(OUTPUT_SCHEMAS, name), 'utf8')] as const)))
}

/** What is there of commands that are gone goes. */
export async function writeOutputSchemas(): Promise<void> {
  const made = outputSchemas()
  await mkdir(OUTPUT_SCHEMAS, { recursive: true })
  for (const [name, text] of made) await writeFile(join(OUTPUT_SCHEMAS, name), text)
  for (const name of readdirSync(OUTPUT_SCHEMAS)) if (!made.has(name)) await rm(join(OUTPUT_SCHEMAS, name))
}
