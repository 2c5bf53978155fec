import type { AlterPart, DiffOptions } from '@dbsync/core/plugin'
import { quoteId } from '@dbsync/mysql'
import type { Dialect } from './dialect.ts'
import { type KeyShape, lower, type TableShape } from './table-shape.ts'

/** The differences of primary key and indexes. `touched`: over a column that goes and comes back. `kept`: columns that only the target has. */
export function diffKeys(
  actual: TableShape,
  wanted: TableShape,
  { drop }: DiffOptions,
  touched: ReadonlySet<string>,
  kept: ReadonlySet<string>,
  dialect: Dialect,
): readonly AlterPart[] {
  const parts: AlterPart[] = []
  const gone = [...actual.keys].filter(([name, key]) => !wanted.keys.has(name) && drop !== 'nothing' && !isOver(key, kept))
  const left = new Map(gone)
  for (const [name, key] of wanted.keys) {
    const there = actual.keys.get(name)
    if (there !== undefined) {
      parts.push(
        ...changedKey(
          there,
          key,
          key.text.parts.some(({ column }) => column !== undefined && touched.has(lower(column))),
          dialect,
        ),
      )
      continue
    }
    // No data and no doubt: an index of the same shape under another name is the same index.
    const twin =
      key.part.kind === 'primary' || !dialect.renamesIndexes
        ? undefined
        : [...left].find(([, other]) => shapeText(other) === shapeText(key) && !usesAny(key, touched))
    if (twin === undefined)
      parts.push({ ...described(key), action: 'add', to: shapeText(key), clauses: [`ADD ${key.part.definition}`], ...narrows(key, actual) })
    else {
      left.delete(twin[0])
      const from = twin[1].part.name
      parts.push({
        ...described(key),
        action: 'change',
        from: `named ${from}`,
        to: `named ${key.part.name}`,
        clauses: [`RENAME INDEX ${quoteId(from)} TO ${quoteId(key.part.name)}`],
      })
    }
  }
  for (const key of left.values()) parts.push({ ...described(key), action: 'drop', from: shapeText(key), clauses: [dropKey(key)] })
  return inOrder(parts, actual, wanted)
}

/**
 * A key that is added stands behind all others of its class. Where that is not its place at the source, those that follow it there
 * are made again behind it: the order decides between keys that are equally good. For the order alone nothing is made again.
 */
function inOrder(parts: readonly AlterPart[], actual: TableShape, wanted: TableShape): readonly AlterPart[] {
  const made = new Map(parts.filter(makes).map((part) => [lower(part.name), part]))
  if (made.size === 0) return parts
  const renamed = new Map(parts.flatMap((part) => (part.from?.startsWith('named ') ? [[lower(part.from.slice(6)), lower(part.name)] as const] : [])))
  const now = [...actual.keys.keys()].map((name) => renamed.get(name) ?? name)
  const ordered: AlterPart[] = []
  const last = new Map<number, number>()
  for (const [name, key] of wanted.keys) {
    const [place, group] = [now.indexOf(name), keyClass(key, wanted)]
    const found = made.get(name)
    const behind = last.get(group) ?? -1
    if (found === undefined && place > behind) {
      last.set(group, place)
      continue
    }
    last.set(group, Number.POSITIVE_INFINITY)
    ordered.push(found ?? { ...described(key), action: 'move', clauses: [dropKey(key), `ADD ${key.part.definition}`] })
  }
  return [...parts.filter((part) => !made.has(lower(part.name))), ...ordered]
}

/** The indexes that have to be made behind one that `waits`, and so after it. */
export function behind(parts: readonly AlterPart[], wanted: TableShape, waits: (part: AlterPart) => boolean): ReadonlySet<AlterPart> {
  const waiting = new Set<number>()
  return new Set(
    parts.filter((part) => {
      const key = part.kind === 'index' && makes(part) ? wanted.keys.get(lower(part.name)) : undefined
      if (key === undefined) return false
      const group = keyClass(key, wanted)
      if (!waits(part)) return waiting.has(group)
      waiting.add(group)
      return false
    }),
  )
}

const makes = ({ clauses }: AlterPart): boolean => clauses.some((clause) => clause.startsWith('ADD '))

/** The servers list unique keys without NULLs first, then unique ones, then the rest, full text last. */
function keyClass({ part, text }: KeyShape, { columns }: TableShape): number {
  if (part.kind === 'primary') return 0
  if (part.kind === 'fulltext') return 4
  if (part.kind !== 'unique') return 3
  return text.parts.some(({ column }) => columns.get(lower(column ?? ''))?.column.nullable !== false) ? 2 : 1
}

function changedKey(actual: KeyShape, wanted: KeyShape, remake: boolean, { flavour }: Dialect): readonly AlterPart[] {
  const [from, to] = [shapeText(actual), shapeText(wanted)]
  const named = actual.part.name === wanted.part.name
  if (from === to && named && !remake) {
    if (actual.text.ignored === wanted.text.ignored) return []
    const state = flavour === 'mariadb' ? (wanted.text.ignored ? 'IGNORED' : 'NOT IGNORED') : wanted.text.ignored ? 'INVISIBLE' : 'VISIBLE'
    const text = (ignored: boolean) => (ignored ? 'ignored' : 'used')
    return [
      {
        ...described(wanted),
        action: 'change',
        from: text(actual.text.ignored),
        to: text(wanted.text.ignored),
        clauses: [`ALTER INDEX ${quoteId(wanted.part.name)} ${state}`],
      },
    ]
  }
  const sameRows = isUnique(actual) && columnText(actual) === columnText(wanted)
  return [
    {
      ...described(wanted),
      action: 'change',
      from: named ? from : `${actual.part.name}: ${from}`,
      to,
      clauses: [dropKey(actual), `ADD ${wanted.part.definition}`],
      ...(isUnique(wanted) && !sameRows ? { narrowing: true } : {}),
      ...(wanted.part.kind === 'primary' && !sameRows ? { rows: true } : {}),
    },
  ]
}

const described = ({ part }: KeyShape): Pick<AlterPart, 'kind' | 'name'> => ({ kind: part.kind === 'primary' ? 'primary-key' : 'index', name: part.name })

const dropKey = ({ part }: KeyShape): string => (part.kind === 'primary' ? 'DROP PRIMARY KEY' : `DROP KEY ${quoteId(part.name)}`)

/** A key over the same columns makes sure of it already. */
function narrows(key: KeyShape, actual: TableShape): Pick<AlterPart, 'narrowing' | 'rows'> {
  if (!isUnique(key)) return {}
  const sure = [...actual.keys.values()].some((other) => isUnique(other) && columnText(other) === columnText(key))
  return { ...(sure ? {} : { narrowing: true }), ...(key.part.kind === 'primary' ? { rows: true } : {}) }
}

export const isUnique = ({ part }: KeyShape): boolean => part.kind === 'primary' || part.kind === 'unique'

/** All columns of the key are kept ones: it belongs to them. Not the primary key, which new rows could not do without. */
export const isOver = ({ part, text }: KeyShape, kept: ReadonlySet<string>): boolean =>
  kept.size > 0 && part.kind !== 'primary' && text.parts.every(({ column }) => column !== undefined && kept.has(lower(column)))

const usesAny = ({ text }: KeyShape, names: ReadonlySet<string>): boolean => text.parts.some(({ column }) => column !== undefined && names.has(lower(column)))

const columnText = ({ text }: KeyShape): string =>
  text.parts
    .map(({ column, expression, length }) => JSON.stringify([column === undefined ? expression : lower(column), length]))
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join()

/** All but the name and whether it is used. */
function shapeText({ part, text }: KeyShape): string {
  const columns = text.parts.map(
    ({ column, expression, length, descending }) =>
      `${column === undefined ? expression : lower(column)}${length === undefined ? '' : `(${length})`}${descending ? ' desc' : ''}`,
  )
  const more = [text.other, text.comment === undefined ? '' : `comment ${text.comment}`].filter((each) => each !== '')
  return [`${part.kind} (${columns.join(', ')})`, ...more].join(' ')
}
