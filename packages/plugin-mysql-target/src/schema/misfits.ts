import { type AlterPart, alterParts, type Misfit, partId, type SchemaDiff, type TableSchema } from '@dbsync/core/plugin'
import { collationName, type MysqlConnection, mysqlError, quoteId, quoteTable } from '@dbsync/mysql'
import { isUnique } from './diff-keys.ts'
import { misfitConditions } from './misfit-conditions.ts'
import { retype } from './narrowing.ts'
import { type KeyShape, lower, type TableShape, tableShape } from './table-shape.ts'

/** Looks for rows that do not fit the narrowing parts. One pass over the table per part; a table without narrowing parts is not looked at. */
export async function findMisfits(
  connection: MysqlConnection,
  actual: TableSchema,
  wanted: TableSchema,
  diff: SchemaDiff,
  signal: AbortSignal,
): Promise<readonly Misfit[]> {
  const narrowing = alterParts(diff).filter((part) => part.narrowing)
  if (narrowing.length === 0) return []
  const [now, then] = [tableShape(actual), tableShape(wanted)]
  const count = async (sql: string): Promise<number> => {
    try {
      const [row] = await connection.query(sql, signal)
      return Number(row?.[0] ?? 0)
    } catch (error) {
      throw mysqlError(error, { doing: 'looking for rows that do not fit', table: actual.table, label: connection.server.label, user: connection.user })
    }
  }
  const from = `FROM ${quoteTable(actual.table)}`
  // An empty table fits everything.
  if ((await count(`SELECT COUNT(*) FROM (SELECT 1 ${from} LIMIT 1) AS t`)) === 0) return []
  const found: Misfit[] = []
  for (const part of narrowing) {
    for (const { sql, why } of questions(part, now, then, from)) {
      const rows = sql === undefined ? 1 : await count(sql)
      if (rows === 0) continue
      found.push({
        part: partId(part),
        why: sql === undefined ? why : `${rows} ${rows === 1 ? 'row' : 'rows'} at the target ${why}`,
        canWait: canWait(part, now, then),
      })
      break
    }
  }
  return found
}

type Question = { readonly sql: string | undefined; readonly why: string }

function questions(part: AlterPart, now: TableShape, then: TableShape, from: string): readonly Question[] {
  switch (part.kind) {
    case 'column': {
      const [a, b] = [now.columns.get(lower(part.name)), then.columns.get(lower(part.name))]
      if (a === undefined || b === undefined) return []
      const conditions = misfitConditions(a.column, b.column).map(({ condition, why }) => ({
        sql: condition === undefined ? undefined : `SELECT COUNT(*) ${from} WHERE ${condition}`,
        why,
      }))
      return [...conditions, ...uniqueOver(part.name, now, then, from)]
    }
    case 'index':
    case 'primary-key': {
      const key = then.keys.get(lower(part.name))
      return key === undefined ? [] : [duplicates(key, now, then, from)]
    }
    case 'check': {
      const check = then.checks.get(lower(part.name))
      const text = /CHECK (\([\s\S]*\))/.exec(check?.definition ?? '')?.[1]
      return text === undefined ? [] : [{ sql: `SELECT COUNT(*) ${from} WHERE NOT ${text}`, why: `break the check ${part.name}` }]
    }
    default:
      return [{ sql: undefined, why: 'rows of the target may have no partition there' }]
  }
}

/** Another collation may take two values for one. */
function uniqueOver(column: string, now: TableShape, then: TableShape, from: string): readonly Question[] {
  const [a, b] = [now.columns.get(lower(column))?.column, then.columns.get(lower(column))?.column]
  if (a?.collation === b?.collation) return []
  return [...then.keys.values()]
    .filter((key) => isUnique(key) && key.text.parts.some((each) => each.column !== undefined && lower(each.column) === lower(column)))
    .map((key) => duplicates(key, now, then, from))
}

function duplicates(key: KeyShape, now: TableShape, then: TableShape, from: string): Question {
  const values = key.text.parts.map(({ column, length }) => {
    const [a, b] = [now.columns.get(lower(column ?? ''))?.column, then.columns.get(lower(column ?? ''))?.column]
    if (a === undefined || b === undefined) return undefined
    const name = quoteId(a.name)
    const collated =
      b.collation === undefined || b.charset === undefined || a.collation === b.collation
        ? name
        : `CONVERT(${name} USING ${b.charset}) COLLATE ${collationName(b.collation)}`
    return { name, value: length === undefined ? collated : `LEFT(${collated}, ${length})` }
  })
  const known = values.filter((value) => value !== undefined)
  const what = key.part.kind === 'primary' ? 'the primary key' : `the unique index ${key.part.name}`
  if (known.length < values.length) return { sql: undefined, why: `the rows at the target may not be unique by ${what}` }
  const all = known.map(({ name }) => `${name} IS NOT NULL`).join(' AND ')
  const groups = `SELECT COUNT(*) AS n ${from} WHERE ${all} GROUP BY ${known.map(({ value }) => value).join(', ')} HAVING COUNT(*) > 1`
  return { sql: `SELECT IFNULL(SUM(n), 0) FROM (${groups}) AS t`, why: `have the same value in ${what}` }
}

/** Rows of the source fit what is there now as well: they can come first, and what does not fit goes with them. */
function canWait(part: AlterPart, now: TableShape, then: TableShape): boolean {
  if (part.kind === 'index') return true
  if (part.kind !== 'column') return false
  const [a, b] = [now.columns.get(lower(part.name)), then.columns.get(lower(part.name))]
  return (
    a !== undefined &&
    b !== undefined &&
    a.part.name === b.part.name &&
    a.column.charset === b.column.charset &&
    a.column.collation === b.column.collation &&
    retype(a.column, b.column).shrinks
  )
}
