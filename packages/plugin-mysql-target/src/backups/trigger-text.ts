import { quoteId, quoteTable } from '@dbsync/mysql'
import { Cursor } from './cursor.ts'

export type TriggerParts = {
  readonly name: string
  readonly table: string
  /** The statement with both names in this database, or in none. */
  readonly into: (database?: string) => string
}

/** Takes a CREATE TRIGGER apart, whose names a server shows as they were typed: with a database or without. */
export function triggerParts(sql: string, sqlMode: string): TriggerParts {
  const ansi = /ANSI/i.test(sqlMode)
  const cursor = new Cursor(sql)
  cursor.until('TRIGGER')
  const head = sql.slice(0, cursor.last?.end)
  cursor.skip('IF', 'NOT', 'EXISTS')
  const name = lastName(cursor, ansi)
  const from = cursor.last?.end ?? 0
  cursor.until('ON')
  const when = sql.slice(from, cursor.last?.end)
  const table = lastName(cursor, ansi)
  const rest = cursor.rest()
  return {
    name,
    table,
    into(database) {
      const quoted = (other: string) => (database === undefined ? quoteId(other) : quoteTable({ database, name: other }))
      return `${head} ${quoted(name)}${when} ${quoted(table)}${rest}`
    },
  }
}

function lastName(cursor: Cursor, ansi: boolean): string {
  const first = cursor.name(ansi)
  if (cursor.peek()?.value !== '.') return first
  cursor.expect('.')
  return cursor.name(ansi)
}
