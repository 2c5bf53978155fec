import { guarded } from './errors.js'
import { commitStatements, createTable, list, namesOf, tableOf, toSqlite } from './sql.js'

/** The contract is `TableWriter`. Rows wait in temporary tables, where nobody sees them; one transaction then brings them over. */
export function openWriter(db, work, signal) {
  const { disposition, schema } = work
  const said = (action) => guarded(`Table ${schema.table.database}.${schema.table.name}`, action)
  const keyColumns = schema.key.map((name) => schema.columns.find((column) => column.name === name))
  const upsert = waiting('temp.upserts', schema)
  // `supports` says that rows of a table without a key are never deleted.
  const remove = keyColumns.length > 0 && waiting('temp.deletes', { columns: keyColumns, key: [] })

  /** Makes a temporary table, and answers the statement that adds a row. A key that comes again replaces what came before. */
  function waiting(table, { columns, key }) {
    return said(() => {
      db.exec(createTable(table, { columns, key }))
      return db.prepare(`INSERT OR REPLACE INTO ${table} VALUES (${columns.map(() => '?').join(', ')})`)
    })
  }

  return {
    // Resolves when the rows are out of memory: this is how a slow target slows the source.
    async write({ upserts, deletes }) {
      signal.throwIfAborted()
      said(() => {
        db.exec('BEGIN')
        for (const row of upserts?.rows() ?? []) upsert.run(...row.map(toSqlite))
        for (const key of deletes?.rows() ?? []) remove.run(...key.map(toSqlite))
        db.exec('COMMIT')
      })
    },
    async commit() {
      signal.throwIfAborted()
      return said(() => {
        db.exec('BEGIN IMMEDIATE')
        const before = disposition === 'merge' && remove ? compare() : undefined
        const changed = commitStatements(work).map((statement) => Number(db.prepare(statement).run().changes))
        db.exec('COMMIT')
        if (disposition === 'replace') db.close()
        else db.exec(remove ? 'DELETE FROM temp.upserts; DELETE FROM temp.deletes' : 'DELETE FROM temp.upserts')
        if (before === undefined) return { inserted: changed.at(-1), updated: 0, deleted: 0, unchanged: 0 }
        const { sent, there, same } = before
        return { inserted: sent - there, updated: there - same, deleted: changed[0], unchanged: same }
      })
    },
    // Without a commit it is as if nothing had been written.
    async [Symbol.asyncDispose]() {
      if (db.isOpen) db.close()
    },
  }

  /** How many rows were sent, of how many the key is there already, and how many are there exactly so. */
  function compare() {
    const [names, key] = [namesOf(schema), schema.key]
    const same = `total((${list(names, 'sent')}) IS (${list(names, 'old')}))`
    const join = `LEFT JOIN ${tableOf(schema)} AS old ON (${list(key, 'old')}) = (${list(key, 'sent')})`
    return db.prepare(`SELECT count(*) AS sent, count(${list(key.slice(0, 1), 'old')}) AS there, ${same} AS same FROM temp.upserts AS sent ${join}`).get()
  }
}
