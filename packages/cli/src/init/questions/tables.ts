import { escapeName, matcher, nameMatcher } from '@dbsync/core'
import { SyncError, tableName } from '@dbsync/core/plugin'
import { printable } from '../../printable.ts'
import { bytes } from '../../render/format.ts'
import type { Known } from '../answers.ts'
import { type Desk, listOf } from '../desk.ts'
import { type Named, notThere, patternsIn, tick } from '../pick-names.ts'
import type { Prompts } from '../prompts.ts'
import type { Question, Theme } from '../question.ts'
import { chosenTables, databaseTables, patternFaults } from '../selection.ts'
import { sizeOf } from '../show-source.ts'
import { showTables } from '../show-tables.ts'
import { addressOf } from './source.ts'

type Way = 'all' | 'tick' | 'patterns'

const databases: Question<'databases'> = {
  id: 'databases',
  flag: 'databases',
  summary: 'Databases to copy: names or patterns (shop*), separated by commas.',
  helpValue: 'PATTERNS',
  several: true,
  required: true,
  parse: (given) => patternFaults('databases', given.flatMap(patternsIn)),
  fallback(_known, desk) {
    const path = addressOf(desk)?.path
    return path === undefined ? listOf(desk, 'databases') : [escapeName(path)]
  },
  async ask(prompts, fallback, _known, desk) {
    const { databases: seen = [], tables } = desk.source ?? {}
    const named = seen.map((name): Named => {
      const described = tables?.get(name)
      return { name, about: described === undefined ? '' : sizeOf(described), pattern: escapeName(name) }
    })
    const before = nameMatcher(fallback ?? (seen.length === 1 ? ['*'] : []))
    const way: Way = fallback?.some((pattern) => /[*?[]/.test(pattern.replaceAll(/\\[\s\S]/g, ''))) ? 'patterns' : 'tick'
    return askNames(prompts, { what: 'databases', all: named, way, before: ({ name }) => before(name), patterns: fallback, star: ['*'] })
  },
}

const tables: Question<'tables'> = {
  id: 'tables',
  flag: 'tables',
  summary: 'Only these tables: table or database.table, names or patterns, separated by commas. Left out: all.',
  helpValue: 'PATTERNS',
  several: true,
  parse: (given) => patternFaults('tables', given.flatMap(patternsIn)),
  fallback: (_known, desk) => listOf(desk, 'tables') ?? [],
  async ask(prompts, fallback = [], known, desk) {
    await desk.source?.describe(selected(known, desk))
    const before = matcher(fallback)
    const schemas = databaseTables(known, desk)
    const chosen = new Set(schemas.filter(({ table }) => before(table.database, table.name)).map(({ table }) => tableName(table)))
    const all = schemas.map((schema): Named => {
      const { database, name } = schema.table
      const about = schema.estimate === undefined ? '' : bytes(schema.estimate.bytes)
      return { name: tableName(schema.table), about, pattern: `${escapeName(database)}.${escapeName(name)}` }
    })
    return askNames(prompts, {
      what: 'tables',
      all,
      way: fallback.length === 0 ? 'all' : 'patterns',
      before: ({ name }) => chosen.has(name),
      patterns: fallback,
      star: [],
    })
  },
}

const exclude: Question<'exclude'> = {
  id: 'exclude',
  flag: 'exclude',
  summary: 'Tables to leave out: names or patterns, separated by commas.',
  helpValue: 'PATTERNS',
  several: true,
  parse: (given) => patternFaults('exclude', given.flatMap(patternsIn)),
  fallback: (_known, desk) => listOf(desk, 'excludeTables') ?? [],
  async ask(prompts, fallback = []) {
    const typed = await prompts.text('Tables to leave out, such as tmp_*, *_log (Enter: none)', {
      ...(fallback.length === 0 ? {} : { fallback: fallback.join(', ') }),
      check: (text) => faultIn(text),
    })
    return patternsIn(typed)
  },
}

type Names = {
  readonly what: string
  readonly all: readonly Named[]
  readonly way: Way
  readonly before: (name: Named) => boolean
  readonly patterns: readonly string[] | undefined
  /** The patterns for all of them. */
  readonly star: readonly string[]
}

async function askNames(prompts: Prompts, { what, all, way, before, patterns, star }: Names): Promise<readonly string[]> {
  const [only] = all
  if (star.length > 0 && all.length === 1 && only !== undefined) {
    return tick(prompts, `Which ${what}?`, all, () => true)
  }
  const chosen = await prompts.one<Way>(
    `Which ${what}?`,
    [
      { value: 'tick', name: 'I tick them in a list' },
      { value: 'all', name: `All ${all.length}, and those to come` },
      { value: 'patterns', name: 'By names and patterns' },
    ],
    way,
  )
  if (chosen === 'all') return star
  if (chosen === 'tick') return tick(prompts, 'Tick with the space bar', all, before)
  const typed = await prompts.text('Names or patterns, separated by commas', {
    ...(patterns === undefined || patterns.length === 0 ? {} : { fallback: patterns.join(', ') }),
    check: (text) => (patternsIn(text).length === 0 ? 'Something has to stand here.' : faultIn(text)),
  })
  return patternsIn(typed)
}

function faultIn(text: string): string | undefined {
  try {
    patternFaults('patterns', patternsIn(text))
    return undefined
  } catch (error) {
    if (!SyncError.is(error)) throw error
    return error.message.replace(/^--\w+ /, '')
  }
}

const selected = ({ databases: patterns = [] }: Known, desk: Desk): readonly string[] => (desk.source?.databases ?? []).filter(nameMatcher(patterns))

export const TABLES: Theme = {
  title: 'What is copied',
  questions: [databases, tables, exclude],
  async tryOut(known, desk) {
    const { databases: seen = [] } = desk.source ?? {}
    const missing = notThere(known.databases ?? [], seen)
    const names = selected(known, desk)
    if (missing.length > 0 || names.length === 0) {
      const what = missing.length > 0 ? missing.map(printable).join(', ') : (known.databases ?? []).map(printable).join(', ')
      throw new SyncError('DATABASE_NOT_VISIBLE', `The source shows no database ${what}.`, {
        kind: 'privilege',
        hint: `Seen there: ${seen.slice(0, 20).map(printable).join(', ')}. Either the name is another one, or the user needs SELECT on it.`,
      })
    }
    await desk.source?.describe(names)
    const wanted = chosenTables(known, desk)
    if (wanted.length === 0) {
      throw new SyncError('NOTHING_TO_SYNC', 'No table is left to copy.', { kind: 'config', hint: 'Choose other tables, or leave out fewer.' })
    }
    await showTables(wanted, known, desk)
  },
}
