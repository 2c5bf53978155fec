import type { AlterPart, DiffOptions } from '@dbsync/core/plugin'
import { canonicalExpression, quoteId, stringValue } from '@dbsync/mysql'
import { mapCode } from '../definition.ts'
import { retype } from './narrowing.ts'
import { staying } from './order.ts'
import { type ColumnShape, type TableShape, words } from './table-shape.ts'

export type ColumnsDiff = {
  readonly parts: readonly AlterPart[]
  /** Names, in lower case, of columns that only the target has and that stay. */
  readonly kept: ReadonlySet<string>
  /** Kept columns that take NULL from now on, by name in lower case: their new text. */
  readonly relaxed: ReadonlyMap<string, string>
  /** Columns that go and come back: what is computed cannot become what is stored, nor the other way. */
  readonly remade: ReadonlySet<string>
  readonly added: readonly string[]
}

export function diffColumns(actual: TableShape, wanted: TableShape, options: DiffOptions): ColumnsDiff {
  const parts: AlterPart[] = []
  const remade = new Set<string>()
  const added: string[] = []
  for (const [name, shape] of wanted.columns) {
    const there = actual.columns.get(name)
    if (there === undefined) added.push(name)
    else if (mustRemake(there, shape)) remade.add(name)
  }
  const common = [...wanted.columns.keys()].filter((name) => actual.columns.has(name) && !remade.has(name))
  const stay = staying(
    [...actual.columns.keys()].filter((name) => common.includes(name)),
    common,
  )
  let before: ColumnShape | undefined
  for (const [name, shape] of wanted.columns) {
    const place = before === undefined ? 'FIRST' : `AFTER ${quoteId(before.part.name)}`
    before = shape
    const there = actual.columns.get(name)
    if (there === undefined || remade.has(name)) parts.push(newColumn(there, shape, place))
    else parts.push(...changedColumn(there, shape, stay.has(name) ? '' : ` ${place}`, wanted.translated))
  }
  const kept = new Set<string>()
  const relaxed = new Map<string, string>()
  for (const [name, shape] of actual.columns) {
    if (wanted.columns.has(name)) continue
    if (options.drop === 'all') {
      parts.push({
        kind: 'column',
        action: 'drop',
        name: shape.part.name,
        from: shape.text.type,
        clauses: [`DROP COLUMN ${quoteId(shape.part.name)}`],
        destructive: true,
      })
      continue
    }
    kept.add(name)
    if (!takesNoRow(shape)) continue
    const text = mapCode(shape.part.definition, (code) => code.replace(/\bNOT NULL\b/, 'NULL').replace(/\s+AUTO_INCREMENT\b/, ''))
    relaxed.set(name, text)
    parts.push({ kind: 'column', action: 'change', name: shape.part.name, from: 'NOT NULL', to: 'NULL', clauses: [`MODIFY COLUMN ${text}`] })
  }
  return { parts, kept, relaxed, remade, added }
}

/** New rows do not have a value for it, and it would not go without. */
const takesNoRow = ({ column, text }: ColumnShape): boolean =>
  text.notNull && text.default === undefined && column.generated === undefined && text.generated === undefined

function mustRemake(actual: ColumnShape, wanted: ColumnShape): boolean {
  const [a, b] = [actual.column.generated, wanted.column.generated]
  return a !== b && (a !== undefined || b !== undefined)
}

function newColumn(there: ColumnShape | undefined, { column, part, text }: ColumnShape, place: string): AlterPart {
  const drop = there === undefined ? [] : [`DROP COLUMN ${quoteId(there.part.name)}`]
  return {
    kind: 'column',
    action: there === undefined ? 'add' : 'change',
    name: part.name,
    ...(there === undefined ? {} : { from: there.column.generated ?? 'stored in rows' }),
    to: there === undefined ? text.type : (column.generated ?? 'stored in rows'),
    clauses: [...drop, `ADD COLUMN ${part.definition} ${place}`],
    ...(column.generated === undefined && text.generated === undefined ? { rows: true } : {}),
    ...(there === undefined ? {} : { retypes: true }),
  }
}

function changedColumn(actual: ColumnShape, wanted: ColumnShape, place: string, translated: boolean): readonly AlterPart[] {
  const facts = differences(actual, wanted, translated)
  if (facts.length === 0 && place === '') return []
  const change = retype(actual.column, wanted.column)
  const retypes = facts.some(([fact]) => fact === 'type' || fact === 'character set' || fact === 'collation')
  const collates = facts.some(([fact]) => fact === 'collation')
  const [from, to] = [1, 2].map((side) => facts.map((fact) => `${fact[0]} ${fact[side as 1 | 2] ?? 'none'}`).join(', '))
  const renamed = actual.part.name !== wanted.part.name
  const verb = renamed ? `CHANGE COLUMN ${quoteId(actual.part.name)}` : 'MODIFY COLUMN'
  return [
    {
      kind: 'column',
      action: facts.length === 0 ? 'move' : 'change',
      name: wanted.part.name,
      ...(facts.length === 0 ? {} : { from: from as string, to: to as string }),
      clauses: [`${verb} ${wanted.part.definition}${place}`],
      ...(change.narrowing || collates ? { narrowing: true } : {}),
      ...(change.rows ? { rows: true } : {}),
      ...(retypes || change.narrowing ? { retypes: true } : {}),
    },
  ]
}

type Fact = readonly [name: string, actual: string | undefined, wanted: string | undefined]

function differences(actual: ColumnShape, wanted: ColumnShape, translated: boolean): readonly Fact[] {
  const [a, b] = [actual, wanted]
  const spelled = (text: string | undefined) => (text === undefined || !translated ? text : loosely(text))
  const facts: readonly Fact[] = [
    ['name', a.part.name, b.part.name],
    ['type', a.column.native, b.column.native],
    ['character set', a.column.charset, b.column.charset],
    ['collation', a.column.collation, b.column.collation],
    ['null', a.column.nullable ? 'allowed' : 'refused', b.column.nullable ? 'allowed' : 'refused'],
    ['default', spelled(defaultOf(a)), spelled(defaultOf(b))],
    ['on update', a.text.onUpdate, b.text.onUpdate],
    ['expression', spelled(a.text.generated), spelled(b.text.generated)],
    ['check', spelled(a.text.check), spelled(b.text.check)],
    ['numbered', String(a.text.autoIncrement), String(b.text.autoIncrement)],
    ['invisible', String(a.text.invisible), String(b.text.invisible)],
    ['comment', a.text.comment && stringValue(a.text.comment), b.text.comment && stringValue(b.text.comment)],
    ['attributes', a.text.other || undefined, b.text.other || undefined],
  ]
  return facts.filter(([, now, then]) => now !== then)
}

/** MySQL puts a number in quotes, MariaDB does not. */
function defaultOf({ column, text }: ColumnShape): string | undefined {
  const number = /^'(-?[\d.]+)'$/.exec(text.default ?? '')
  return number !== null && ['int', 'decimal', 'float', 'bool'].includes(column.type.kind) ? number[1] : text.default
}

/** An expression without what the flavours write differently: parentheses, introducers, spaces, case. */
export const loosely = (text: string): string =>
  words(canonicalExpression(text))
    .replace(/_(?:utf8mb4|utf8mb3|utf8|latin1)(?=')/gi, '')
    .replace(/[\s()`]+/g, '')
    .toLowerCase()
