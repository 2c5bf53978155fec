import { storedColumns, type WriteWork } from '@dbsync/core/plugin'
import { quoteId, quoteTable, renderCreateTable, rowHash } from '@dbsync/mysql'
import { definition, laterKeys } from './definition.ts'
import { stagingTable } from './names.ts'
import { createHashes, type Dialect, dropTables, rowStaging, staging } from './staging.ts'
import { alter, type RowStatements, type Step, transaction } from './steps.ts'
import { insertSelect, sameKey, upserts } from './upserts.ts'

/** Fills a new table and renames it into place: nobody sees it half full. */
export function create(work: WriteWork, dialect: Dialect): RowStatements {
  const { schema } = work
  const { table } = schema
  const fresh = stagingTable(table, 'new')
  const parts = definition(schema)
  const later = laterKeys(parts, schema.estimate?.rows)
  const foreign = parts.constraints.filter((constraint) => constraint.kind === 'foreign')
  const early = {
    ...parts,
    keys: parts.keys.filter((key) => !later.includes(key)),
    constraints: parts.constraints.filter((constraint) => !foreign.includes(constraint)),
  }
  return {
    method: 'create',
    rows: staging(fresh, work, storedColumns(schema), [renderCreateTable(fresh, early)], dialect),
    gone: undefined,
    prepare: alter(
      fresh,
      [...later, ...foreign].map((part) => `ADD ${part.definition}`),
    ),
    finish: [{ sql: `RENAME TABLE ${quoteTable(fresh)} TO ${quoteTable(table)}` }],
    cleanup: [],
  }
}

/** Fills a table like the live one and lets it take its place. */
export function swap(work: WriteWork, dialect: Dialect): RowStatements {
  const { table } = work.schema
  const fresh = stagingTable(table, 'new')
  const old = stagingTable(table, 'old')
  // As the live table is to be, with all that it keeps: a definition that differs changes with the rows, in one rename.
  const parts = definition(work.existing ?? work.schema)
  const later = laterKeys(parts, work.schema.estimate?.rows)
  const { autoIncrement } = definition(work.schema)
  const { autoIncrement: _, ...rest } = { ...parts, keys: parts.keys.filter((key) => !later.includes(key)) }
  const creating = [
    renderCreateTable(fresh, autoIncrement === undefined ? rest : { ...rest, autoIncrement }),
    // Fails where the live table is not there: then the one that was swapped out is the only one.
    `DO (SELECT 1 FROM ${quoteTable(table)} LIMIT 0)`,
    dropTables([old]),
  ]
  return {
    method: 'swap',
    rows: staging(fresh, work, storedColumns(work.schema), creating, dialect),
    gone: undefined,
    prepare: alter(
      fresh,
      later.map((key) => `ADD ${key.definition}`),
    ),
    finish: [{ sql: `RENAME TABLE ${quoteTable(table)} TO ${quoteTable(old)}, ${quoteTable(fresh)} TO ${quoteTable(table)}` }],
    cleanup: [dropTables([old])],
  }
}

/** Stages all rows, then makes the live table equal to them in one transaction. */
export function inPlace(work: WriteWork, dialect: Dialect): RowStatements {
  const { schema } = work
  const live = quoteTable(schema.table)
  const fresh = stagingTable(schema.table, 'new')
  const rows = rowStaging(work, dialect)
  if (schema.key.length > 0) {
    const missing: Step = {
      sql: `DELETE ${live} FROM ${live} LEFT JOIN ${quoteTable(fresh)} ON ${sameKey(work, live)} WHERE ${quoteTable(fresh)}.${quoteId(schema.key[0] as string)} IS NULL`,
      does: 'delete',
    }
    const upsert = upserts(work)
    return {
      method: 'in-place',
      rows,
      gone: undefined,
      prepare: upsert.prepare,
      finish: transaction([missing, ...upsert.steps]),
      cleanup: [dropTables([fresh, ...upsert.tables]), ...counter(work)],
    }
  }
  // Rows without a key: those stay that are there exactly as often as they should be.
  const gone = stagingTable(schema.table, 'del')
  const hash = rowHash(schema)
  const differing = `SELECT ${quoteTable(gone)}.\`row_hash\` FROM ${quoteTable(gone)}`
  const counts = `SELECT ${hash} AS h, 1 AS a, 0 AS b FROM ${live} UNION ALL SELECT ${hash}, 0, 1 FROM ${quoteTable(fresh)}`
  return {
    method: 'in-place',
    rows,
    gone: undefined,
    prepare: [dropTables([gone]), createHashes(gone)],
    finish: transaction([
      { sql: `INSERT INTO ${quoteTable(gone)} SELECT h FROM (${counts}) AS r GROUP BY h HAVING SUM(a) <> SUM(b)` },
      { sql: `DELETE FROM ${live} WHERE ${hash} IN (${differing})`, does: 'delete' },
      { sql: `${insertSelect(work)} WHERE ${hash} IN (${differing})`, does: 'insert' },
    ]),
    cleanup: [dropTables([fresh, gone]), ...counter(work)],
  }
}

/** The number that the source gives next, where the rows alone may not lead to it. */
function counter({ schema, existing }: WriteWork): readonly string[] {
  const next = schema.counter?.next
  return next === undefined || next === existing?.counter?.next ? [] : [`ALTER TABLE ${quoteTable(schema.table)} AUTO_INCREMENT = ${BigInt(next)}`]
}
