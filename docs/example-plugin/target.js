import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { guarded, syncError, told } from './errors.js'
import { takeLock } from './lock.js'
import { batchOf, packRow } from './rows.js'
import { attach, changeStatements, commitStatements, fromSqlite, list, MEMORY, namesOf, quote, recall, tableOf, toSqlite } from './sql.js'
import { openWriter } from './writer.js'

const ENDING = '.sqlite'

/** The contract is `Target` of @dbsync/core/plugin. A database becomes a file of the folder, a table a table in it. */
export function openTarget(folder) {
  // `../` in a name must not lead out of the folder.
  const fileOf = (database) => join(folder, encodeURIComponent(database) + ENDING)

  const makeFolder = () => guarded(folder, () => mkdirSync(folder, { recursive: true }))

  /** A connection for one piece of work. Closing it takes back what was not committed. */
  function connect(database) {
    const file = fileOf(database)
    // SQLite itself would make the file.
    if (!existsSync(file)) throw syncError('DATABASE_MISSING', 'data', `${file} is not there.`, 'Run again: the plan then creates it.')
    const db = new DatabaseSync(':memory:', { timeout: 10_000 })
    db.exec(attach(file))
    // Times have as many digits as their column, and bounds have six: text compares right where both have as many.
    db.function('moment', { deterministic: true }, (at) => (typeof at === 'string' ? (at.includes('.') ? at : `${at}.`).padEnd(26, '0') : at))
    return db
  }

  /** The first row of what a query finds. */
  function first({ table }, signal, sql, ...values) {
    signal.throwIfAborted()
    return guarded(`Table ${table.database}.${table.name}`, () => {
      using db = connect(table.database)
      return db.prepare(sql).get(...values)
    })
  }

  return {
    // Facts, not wishes: what core asks for, and what the conformance suite tries.
    supports: { deletes: true, keylessDeletes: false, concurrentTables: 1 },
    identity: async () => ({ id: `sqlite:${folder}`, label: `SQLite files in ${folder}` }),

    async databases() {
      const files = existsSync(folder) ? readdirSync(folder) : []
      return files.filter((file) => file.endsWith(ENDING)).map((file) => decodeURIComponent(file.slice(0, -ENDING.length)))
    },
    async describe(database, names) {
      if (!existsSync(fileOf(database))) return []
      return guarded(`Database ${database}`, () => {
        using db = connect(database)
        if (db.prepare('SELECT 1 FROM db.sqlite_schema WHERE name = ?').get(MEMORY) === undefined) return []
        const found = db.prepare(recall).all()
        const wanted = found.filter(({ name }) => names === undefined || names.includes(name))
        return wanted.map(({ name, schema }) => ({ ...JSON.parse(schema), table: { database, name } }))
      })
    },

    // What a table of the source becomes. `portable`: its text is asked for in UTF-8. `native` tells when a column's type has changed.
    ask: (schema) => ({ ...schema, columns: schema.columns.map((column) => ({ ...column, portable: 'value' })) }),
    fit(schema, as) {
      const stored = schema.columns.filter(({ generated }) => generated === undefined)
      const columns = stored.map(({ name, type, nullable, native }) => ({ name, type, nullable, native: native ?? JSON.stringify(type), portable: 'value' }))
      return { table: as, columns, key: schema.key, uniqueKeys: [], foreignKeys: [], referencedBy: [], triggers: [], transactional: true }
    },
    // How rows read back: a REAL as JavaScript spells it, 1e+21 where the source says 1e21.
    kept: (_schema, rows) => batchOf(rows.columns, [...rows.rows()]),

    // A dry run prints what `render` and `preview` answer, and nothing else may be executed.
    render: (change) => [`${[attach(fileOf(databaseOf(change))), ...changeStatements(change)].join(';\n')};`],
    async run(statements, signal) {
      for (const statement of statements) {
        signal.throwIfAborted()
        makeFolder()
        using db = new DatabaseSync(':memory:', { timeout: 10_000 })
        guarded(statement, () => db.exec(statement))
      }
    },
    preview: (work) => commitStatements(work),
    async open(work, signal) {
      signal.throwIfAborted()
      const { database, name } = work.schema.table
      const db = guarded(`Table ${database}.${name}`, () => connect(database))
      return openWriter(db, work, signal)
    },
    // SQLite undoes by itself what a killed run has not committed.
    leftovers: async () => [],
    async lock(database, signal) {
      signal.throwIfAborted()
      makeFolder()
      return takeLock(`${fileOf(database)}.lock`, `database ${database}`)
    },

    count: async (schema, signal) => first(schema, signal, `SELECT count(*) AS rows FROM ${tableOf(schema)}`).rows,
    async newest(schema, atMost, signal) {
      const sql = (name) => `SELECT max(${quote(name)}) AS at FROM ${tableOf(schema)} WHERE moment(${quote(name)}) <= moment(?)`
      return Object.fromEntries(Object.entries(atMost).map(([name, bound]) => [name, first(schema, signal, sql(name), bound).at]))
    },
    async *read({ schema, since = {}, keys, limit = -1, batchRows, batchBytes, signal }) {
      signal.throwIfAborted()
      const { columns, table, key } = schema
      const newer = Object.keys(since).map((name) => `moment(${quote(name)}) >= moment(?) OR ${quote(name)} IS NULL`)
      // Nobody has a key of NULLs. With it the list is never empty.
      const wanted = keys && [key.map(() => null), ...keys.rows()]
      const among = wanted && `(${list(key)}) IN (VALUES ${wanted.map((values) => `(${values.map(() => '?').join(', ')})`).join(', ')})`
      const conditions = ['true', ...(newer.length > 0 ? [`(${newer.join(' OR ')})`] : []), ...(among ? [among] : [])]
      try {
        using db = connect(table.database)
        const statement = db.prepare(`SELECT ${list(namesOf(schema))} FROM ${tableOf(schema)} WHERE ${conditions.join(' AND ')} LIMIT ?`)
        statement.setReturnArrays(true)
        statement.setReadBigInts(true)
        let [rows, packed, size] = [[], [], 0]
        for (const found of statement.iterate(...Object.values(since), ...(wanted ?? []).flat().map(toSqlite), limit)) {
          rows.push(found.map((value, i) => fromSqlite(columns[i], value)))
          packed.push(packRow(rows.at(-1)))
          size += packed.at(-1).length
          if (rows.length < batchRows && size < batchBytes) continue
          yield batchOf(columns, rows, packed)
          signal.throwIfAborted()
          ;[rows, packed, size] = [[], [], 0]
        }
        if (rows.length > 0) yield batchOf(columns, rows, packed)
      } catch (cause) {
        throw told(`Table ${table.database}.${table.name}`, cause)
      }
    },

    // Every piece of work has closed its connection.
    async [Symbol.asyncDispose]() {},
  }
}

const databaseOf = ({ database, table, schema }) => database ?? (table ?? schema.table).database
