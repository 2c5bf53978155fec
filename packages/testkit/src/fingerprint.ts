import { hash } from 'node:crypto'
import type { ServerClient } from './client.ts'
import { quote } from './databases.ts'

/** All rows of one table, without their order: one SHA-256 for each row, sorted; equal rows count. */
export type Fingerprint = { readonly rows: number; readonly hashes: readonly string[]; readonly sha256: string }

const GEOMETRY = new Set(['geometry', 'point', 'linestring', 'polygon', 'multipoint', 'multilinestring', 'multipolygon', 'geometrycollection'])

export async function fingerprint(server: ServerClient, database: string, table: string): Promise<Fingerprint> {
  const hashes: string[] = []
  await readExactRows(server, database, table, (row) => hashes.push(hash('sha256', row, 'base64')))
  hashes.sort()
  return { rows: hashes.length, hashes, sha256: hash('sha256', hashes.join('\n')) }
}

/** Hands over every row as one line of text, `column=hex` or `column=NULL`, exact to the byte, in no particular order. */
export async function readExactRows(server: ServerClient, database: string, table: string, onRow: (row: string) => void): Promise<void> {
  const columns = await server.query(
    'SELECT column_name AS name, data_type AS type FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position',
    [database, table],
  )
  if (columns.length === 0) throw new Error(`there is no table ${database}.${table}`)
  const cells = columns.map(({ name, type }) => exactCell(quote(String(name)), String(type)))
  const names = columns.map(({ name }) => String(name))
  await stream(server, `SELECT ${cells.join(', ')} FROM ${quote(database)}.${quote(table)}`, (row) => {
    const line = row.map((cell, i) => {
      // A text of ours is never NULL: the server gives NULL, with only a warning, for what is longer than max_allowed_packet.
      if (cell === null) throw new Error(`${database}.${table}: column ${names[i]} holds a value that is too long to compare`)
      return `${names[i]}=${cell}`
    })
    onRow(line.join(' '))
  })
}

/** SQL for a cell's exact bytes: FLOAT's own text has six digits only, an ENUM's empty text may be a member or none. */
function exactCell(column: string, type: string): string {
  const exact: Record<string, string> = {
    float: `HEX(CAST(CAST(${column} AS DOUBLE) AS BINARY))`,
    bit: `HEX(${column} + 0)`,
    enum: `CONCAT(${column} + 0, ':', HEX(CAST(${column} AS BINARY)))`,
    set: `CONCAT(${column} + 0, ':', HEX(CAST(${column} AS BINARY)))`,
  }
  const text = GEOMETRY.has(type) ? `HEX(${column})` : (exact[type] ?? `HEX(CAST(${column} AS BINARY))`)
  return `IF(${column} IS NULL, 'NULL', ${text})`
}

async function stream(server: ServerClient, sql: string, onRow: (row: readonly (string | null)[]) => void): Promise<void> {
  const { createConnection } = await import('mysql2')
  const { host, port, user, password } = server
  // TIMESTAMPs as UTC, so that the servers' time zones do not matter.
  const connection = createConnection({ host, port, user, password, charset: 'utf8mb4' })
  try {
    await new Promise<void>((resolve, reject) => {
      connection.on('error', reject)
      connection.query("SET time_zone = '+00:00', sql_mode = '', character_set_results = utf8mb4", (error) => error && reject(error))
      connection
        .query({ sql, rowsAsArray: true })
        .on('error', reject)
        .on('result', (row) => {
          try {
            onRow(row as unknown as (string | null)[])
          } catch (error) {
            reject(error)
          }
        })
        .on('end', resolve)
    })
  } finally {
    connection.destroy()
  }
}
