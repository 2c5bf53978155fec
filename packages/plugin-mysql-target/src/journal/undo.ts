import { SyncError, storedColumns, type TableRef, type TableSchema, tableName } from '@dbsync/core/plugin'
import {
  type CreateTableParts,
  describeTables,
  type MysqlConnection,
  mysqlError,
  parseCreateTable,
  quoteId,
  quoteTable,
  renderCreateTable,
  showCreate,
} from '@dbsync/mysql'
import type { Connections } from '../connections.ts'
import { definition, unquoted } from '../definition.ts'
import type { Dialect } from '../staging.ts'
import type { Witness } from '../witness.ts'
import { openWriter } from '../writer.ts'
import type { RowsDigest, SegmentHead } from './content.ts'
import { damaged, type JournalIndex, type Segment } from './journal-index.ts'
import { segmentRows } from './read-journal.ts'
import { imagesDigest, presentDigests } from './take.ts'
import { endsAbsent, type TableUndo, type UndoStep, undoPlan } from './undo-plan.ts'

export type UndoOptions = {
  readonly connections: Connections
  readonly dialect: Dialect
  /** The newest first, without a gap: `journalsBack` names them. */
  readonly journals: readonly JournalIndex[]
  /** Only these tables; left out: all that the journals changed. */
  readonly tables?: readonly TableRef[] | undefined
  /** Rows that somebody else has changed since are put back too; else they stop it. */
  readonly overwrite: boolean
  readonly progress?: ((done: { readonly table: TableRef; readonly rows: number }) => void) | undefined
}

/** What a rollback needs to know, and the work itself: builds the tables as they were where `scratch` says, beside the live ones, which it only reads. */
export type JournalUndo = {
  readonly databases: readonly string[]
  /** The tables that `fill` builds. */
  readonly expected: readonly TableRef[]
  /** The tables that there were not. */
  readonly removed: readonly TableRef[]
  readonly fill: (connection: MysqlConnection, scratch: (database: string) => string, signal: AbortSignal) => Promise<void>
}

/** Undoes journals. What `fill` throws leaves half-built tables behind in the scratch databases, and nothing else. */
export function undoJournals(options: UndoOptions): JournalUndo {
  const plan = undoPlan(options.journals, options.tables)
  const built = plan.filter((table) => !endsAbsent(table))
  return {
    databases: [...new Set(plan.map(({ table }) => table.database))],
    expected: built.map(({ table }) => table),
    removed: plan.filter(endsAbsent).map(({ table }) => table),
    async fill(connection, scratch, signal) {
      for (const undo of built) {
        const table = { database: scratch(undo.table.database), name: undo.table.name }
        await new TableBuilder(options, undo, table, connection, signal).build()
      }
    },
  }
}

class TableBuilder {
  readonly #options: UndoOptions
  readonly #undo: TableUndo
  readonly #scratch: TableRef
  readonly #connection: MysqlConnection
  readonly #signal: AbortSignal

  constructor(options: UndoOptions, undo: TableUndo, scratch: TableRef, connection: MysqlConnection, signal: AbortSignal) {
    this.#options = options
    this.#undo = undo
    this.#scratch = scratch
    this.#connection = connection
    this.#signal = signal
  }

  async build(): Promise<void> {
    if (this.#undo.fromPresent) await this.#copyPresent()
    for (const { journal, segment } of this.#undo.steps) {
      const { head } = segment
      if (head.holds === 'rows') await this.#putBack(journal, segment, head)
      else if (head.holds === 'whole') await this.#rebuild(journal, segment, head.schema)
      else await this.#execute(`DROP TABLE IF EXISTS ${quoteTable(this.#scratch)}`)
    }
    await this.#resetCounter()
  }

  /** The rows as they are now, in the table as it was: what the journals did not touch stays as it is. */
  async #copyPresent(): Promise<void> {
    const { table, steps } = this.#undo
    const [present] = await describeTables(this.#connection, table.database, [table.name])
    if (present === undefined) throw changed(table, 'is not there any more')
    const columns = storedColumns(present)
      .map(({ name }) => quoteId(name))
      .join(', ')
    const oldest = schemaOf(steps.at(-1))
    for (const step of steps) {
      if (shape(schemaOf(step)) !== shape(present)) throw changed(table, 'was altered by somebody else since')
    }
    await this.#execute(renderCreateTable(this.#scratch, definition(oldest)))
    await this.#execute(`INSERT INTO ${quoteTable(this.#scratch)} (${columns}) SELECT ${columns} FROM ${quoteTable(table)}`)
  }

  async #rebuild(journal: JournalIndex, segment: Segment, schema: TableSchema): Promise<void> {
    await this.#execute(`DROP TABLE IF EXISTS ${quoteTable(this.#scratch)}`)
    await this.#write({ journal, segment, schema: this.#inScratch(schema), existing: undefined })
  }

  /** A merge, backwards: keys that were added go, rows come back as they were. To undo what never happened changes nothing. */
  async #putBack(journal: JournalIndex, segment: Segment, head: Extract<SegmentHead, { holds: 'rows' }>): Promise<void> {
    await this.#sameShape(head.schema)
    const schema = this.#inScratch(head.schema)
    await this.#write({ journal, segment, schema, existing: schema, witness: this.#witness(journal, segment, schema) })
  }

  async #write({ journal, segment, schema, existing, witness }: Write): Promise<void> {
    const { connections, dialect, progress } = this.#options
    const table = this.#scratch
    const disposition = existing === undefined ? 'replace' : 'merge'
    await using writer = await openWriter({ work: { disposition, schema, existing }, dialect, connections, signal: this.#signal, allowed: () => {}, witness })
    const found = { rows: 0, keys: 0 }
    for await (const upserts of segmentRows(journal, segment, 'rows')) {
      await writer.write({ table, upserts })
      found.rows += upserts.rowCount
      progress?.({ table: this.#undo.table, rows: found.rows })
    }
    for await (const deletes of segmentRows(journal, segment, 'keys')) {
      await writer.write({ table, deletes })
      found.keys += deletes.rowCount
    }
    const { rows, keys } = segment.counts
    if (found.rows !== rows || found.keys !== keys) {
      throw damaged(journal.path, `${tableName(segment.head.table)} has ${found.rows} rows and ${found.keys} keys instead of ${rows} and ${keys}`)
    }
    await writer.commit()
  }

  /** Looks at the touched rows before they are put back, and afterwards. */
  #witness(journal: JournalIndex, { after, counts }: Segment, schema: TableSchema): Witness {
    const digest = async (connection: MysqlConnection, sql: readonly string[]): Promise<RowsDigest> => {
      let [rows, sum] = [0, 0n]
      for (const one of sql) {
        const [[count, hashes] = []] = await connection.query(one, this.#signal)
        rows += Number(count)
        sum += BigInt(hashes ?? '0')
      }
      return { rows, sum: String(sum) }
    }
    const before = (connection: MysqlConnection) => digest(connection, counts.rows === 0 ? [] : [imagesDigest(schema)])
    const present = (connection: MysqlConnection) => digest(connection, presentDigests(schema, counts))
    return {
      before: async (connection) => {
        if (after === undefined || this.#options.overwrite) return
        const now = await present(connection)
        if (same(now, after) || same(now, await before(connection))) return
        const run = journal.header.run === null ? 'a run' : `run ${journal.header.run}`
        throw changed(this.#undo.table, `has rows that ${run} changed and that somebody else has changed since`, OVERWRITE)
      },
      after: async (connection) => {
        const [now, wanted] = [await present(connection), await before(connection)]
        if (!same(now, wanted))
          throw new Error(`${tableName(this.#undo.table)}: ${now.rows} rows are there after they were put back, instead of ${wanted.rows}`)
      },
    }
  }

  /** Rows go back only into a table that is as it was. */
  async #sameShape(schema: TableSchema): Promise<void> {
    const create = await showCreate(this.#connection, this.#scratch)
    if (create === undefined) throw changed(this.#undo.table, 'was not there for some time')
    if (shapeOf(parseCreateTable(create)) !== shape(schema)) throw changed(this.#undo.table, 'was altered by somebody else since')
  }

  /** The next AUTO_INCREMENT value, too, is what it was. A whole table has brought its own. */
  async #resetCounter(): Promise<void> {
    const head = this.#undo.steps.at(-1)?.segment.head
    if (head?.holds !== 'rows') return
    const { columns, autoIncrement } = definition(head.schema)
    if (!columns.some((column) => /\bAUTO_INCREMENT\b/i.test(unquoted(column.definition)))) return
    await this.#execute(`ALTER TABLE ${quoteTable(this.#scratch)} AUTO_INCREMENT=${autoIncrement ?? '1'}`)
  }

  #inScratch(schema: TableSchema): TableSchema {
    // No other table knows this one.
    return { ...schema, table: this.#scratch, triggers: [], referencedBy: [] }
  }

  async #execute(sql: string): Promise<void> {
    await this.#connection.execute(sql, this.#signal).catch((error: unknown) => {
      const { server, user } = this.#connection
      throw mysqlError(error, { doing: 'building for a rollback', table: this.#undo.table, label: server.label, user })
    })
  }
}

type Write = {
  readonly journal: JournalIndex
  readonly segment: Segment
  readonly schema: TableSchema
  readonly existing: TableSchema | undefined
  readonly witness?: Witness
}

/** What decides how rows go in. */
const shapeOf = ({ columns, keys }: CreateTableParts): string => JSON.stringify([columns, keys])
const shape = (schema: TableSchema): string => shapeOf(definition(schema))

function schemaOf(step: UndoStep | undefined): TableSchema {
  if (step === undefined || step.segment.head.holds === 'absent') throw new Error('no definition in this segment')
  return step.segment.head.schema
}

const same = (a: RowsDigest, b: RowsDigest): boolean => a.rows === b.rows && a.sum === b.sum

const OVERWRITE = ' Or put the rows back whatever they are now: --allow destructive.'

const changed = (table: TableRef, what: string, further = ''): SyncError =>
  new SyncError('JOURNAL_ROWS_CHANGED', `${tableName(table)} ${what}: the journal does not say how to get back from there. Nothing was changed.`, {
    kind: 'refused',
    table,
    hint: `Choose a point that is a dump.${further}`,
  })
