import { createHash } from 'node:crypto'
import type { TableRef } from '@dbsync/core/plugin'
import { DumpReader, type DumpStatement } from './dump-statement.ts'
import { Damaged, type PointFile } from './point-file.ts'
import { type Dialect, NotUnderstood } from './scanner.ts'

/** The last line of every point that we write. */
export const END_MARKER = '-- dbsync: the end of this backup point\n'
const FOREIGN_END = /(?:^|\n)-- Dump completed(?: on [^\n]*)?\s*$/

/** What one pass over a whole file tells. */
export type Inspection = {
  readonly sha256: string
  /** Why it must not be loaded, as a sentence; `undefined`: every statement was understood, up to the end. */
  readonly trouble: string | undefined
  /** It begins with the comment of `mysqldump` or `mariadb-dump`. */
  readonly begun: boolean
  /** The last line of a complete dump is there. */
  readonly ended: boolean
  readonly tables: readonly (TableRef & { readonly rows: number })[]
  /** Objects that a load leaves out. */
  readonly leftOut: readonly string[]
  readonly timeZone: string | undefined
}

export type DumpContext = { readonly database: string; readonly server: Dialect; readonly signal: AbortSignal }

/** Reads all of it and runs nothing. Throws what the file system says; what is wrong with the point is in the answer. */
export async function inspect(file: PointFile, { database, server, signal }: DumpContext): Promise<Inspection> {
  const hash = createHash('sha256')
  const reader = new DumpReader(database, server)
  const seen = new Tables()
  const leftOut: string[] = []
  let tail = Buffer.alloc(0)
  let head = Buffer.alloc(0)
  let trouble: string | undefined
  let number = 0
  try {
    const hashed = (raw: Buffer) => void hash.update(raw)
    const remember = (text: Buffer) => {
      if (head.length < 400) head = Buffer.concat([head, text.subarray(0, 400)])
      tail = text.length >= 200 ? Buffer.from(text.subarray(-200)) : Buffer.concat([tail, text]).subarray(-200)
    }
    for await (const statement of file.statements(hashed, remember)) {
      signal.throwIfAborted()
      number++
      if (trouble !== undefined) continue
      try {
        const found = reader.read(statement)
        seen.note(found)
        if (found.kind === 'other' && found.what !== undefined) leftOut.push(found.what)
      } catch (error) {
        // The rest is read all the same, for its checksum.
        trouble = sentence(error, number)
      }
    }
  } catch (error) {
    if (!(error instanceof Damaged)) throw error
    trouble = error.message
  }
  const end = tail.toString('latin1')
  return {
    sha256: hash.digest('hex'),
    trouble,
    begun: /^-- (?:MySQL|MariaDB) dump /m.test(head.toString('latin1')),
    ended: end.endsWith(END_MARKER) || FOREIGN_END.test(end),
    tables: seen.all(),
    leftOut,
    timeZone: reader.timeZone,
  }
}

function sentence(error: unknown, number: number): string {
  // The server's own definitions are read by a parser that says what it does not know.
  if (error instanceof NotUnderstood || (error instanceof Error && 'code' in error && error.code === 'MYSQL_DEFINITION')) {
    return `statement ${number} is not one that a dump of tables has: ${error.message}`
  }
  throw error
}

/** The rows of each table as the statements add up. */
class Tables {
  readonly #rows = new Map<string, TableRef & { rows: number }>()

  note(statement: DumpStatement): void {
    if (statement.kind === 'create') this.#rows.set(tableKey(statement.table), { ...statement.table, rows: 0 })
    else if (statement.kind === 'drop') for (const table of statement.tables) this.#rows.delete(tableKey(table))
    else if (statement.kind === 'insert') {
      const table = this.#rows.get(tableKey(statement.table))
      if (table === undefined) throw new NotUnderstood('rows of a table that it does not create')
      table.rows += statement.rows
    }
  }

  all(): readonly (TableRef & { readonly rows: number })[] {
    return [...this.#rows.values()]
  }
}

/** A database's name holds anything; a length tells where it ends. */
export const tableKey = ({ database, name }: TableRef): string => `${database.length}:${database}${name}`
