import {
  type CommitReceipt,
  keyColumns,
  packRows,
  type RowBatch,
  storedColumns,
  type TableSchema,
  type TableWriter,
  type Target,
  type WriteWork,
} from '@dbsync/core/plugin'
import { expect } from 'vitest'
import { onCheckFinished } from './checks.ts'
import type { FixtureRow, FixtureTable } from './fixture.ts'
import { expected, never, rowsOf } from './rows-of.ts'

/** A target, and the means to hand it tables as a source would. */
export interface TargetUnderTest extends AsyncDisposable {
  readonly target: Target
  /** A database that is there, empty, and for this suite alone; what is named after it (`${database}_2`) is this suite's too. */
  readonly database: string
  /** The table as a source describes it, in a database of the same name. It must not be there at the target. The same name may come again with other columns. */
  readonly schema: (table: FixtureTable) => Promise<TableSchema>
  /** A target of its own on the same server, as another process would open it. */
  readonly another: () => Promise<Target>
  /** All tables that the server has in the database, those included that the target hides as its own. Without it nobody sees what stays behind. */
  readonly serverTables?: () => Promise<readonly string[]>
}

/** Keys for tables with a key; without one the hashes of the rows, as text. */
export type Changes = { readonly upserts?: readonly FixtureRow[]; readonly deletes?: readonly FixtureRow[] }

/** What the checks of a target have in common. */
export interface TargetBench {
  readonly target: Target
  readonly database: string
  readonly another: () => Promise<Target>
  /** What the server has in the database; what the target shows where the caller cannot tell. */
  readonly tables: () => Promise<readonly string[]>
  /** The table as a source describes it. */
  readonly schema: (table: FixtureTable) => Promise<TableSchema>
  /** The table as it is to be: the answer of `fit`. */
  readonly wanted: (table: FixtureTable) => Promise<TableSchema>
  /** The table as it is. */
  readonly existing: (table: FixtureTable) => Promise<TableSchema | undefined>
  readonly work: (table: FixtureTable, disposition: WriteWork['disposition']) => Promise<WriteWork>
  /** A writer that is disposed with the check at the latest. */
  readonly writer: (table: FixtureTable, disposition: WriteWork['disposition']) => Promise<Writer>
  readonly replace: (table: FixtureTable, rows: readonly FixtureRow[]) => Promise<CommitReceipt>
  readonly merge: (table: FixtureTable, changes: Changes) => Promise<CommitReceipt>
  readonly rows: (table: FixtureTable) => Promise<readonly string[]>
  /** What `rows` gives for these. */
  readonly lines: (table: FixtureTable, rows: readonly FixtureRow[]) => readonly string[]
}

export type Writer = TableWriter & { readonly send: (changes: Changes) => Promise<void> }

export function targetBench({ target, database, schema, another, serverTables }: TargetUnderTest): TargetBench {
  const wanted = async (table: FixtureTable) => target.fit(await schema(table), { database, name: table.name })
  const existing = async ({ name }: FixtureTable) => (await target.describe(database, [name]))[0]
  const work = async (table: FixtureTable, disposition: WriteWork['disposition']): Promise<WriteWork> => ({
    disposition,
    schema: await wanted(table),
    existing: await existing(table),
  })
  const open = async (table: FixtureTable, disposition: WriteWork['disposition']): Promise<Writer> => {
    const job = await work(table, disposition)
    const writer = await target.open(job, never)
    return {
      write: (batch) => writer.write(batch),
      commit: () => writer.commit(),
      ...(writer.beside && { beside: writer.beside.bind(writer) }),
      send: (changes) => writer.write({ table: job.schema.table, ...batchOf(job.schema, changes) }),
      [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
    }
  }
  return {
    target,
    database,
    tables: async () => [...((await serverTables?.()) ?? (await target.describe(database)).map(({ table }) => table.name))].sort(),
    schema,
    wanted,
    existing,
    work,
    async another() {
      const other = await another()
      onCheckFinished(async () => await other[Symbol.asyncDispose]())
      return other
    },
    async writer(table, disposition) {
      const writer = await open(table, disposition)
      onCheckFinished(async () => await writer[Symbol.asyncDispose]())
      return writer
    },
    async replace(table, rows) {
      await using writer = await open(table, 'replace')
      if (rows.length > 0) await writer.send({ upserts: rows })
      return await writer.commit()
    },
    async merge(table, changes) {
      await using writer = await open(table, 'merge')
      await writer.send(changes)
      return await writer.commit()
    },
    async rows(table) {
      const found = await existing(table)
      if (found === undefined) throw new Error(`table ${table.name} is not there`)
      return await rowsOf(target, { schema: found })
    },
    lines: (table, rows) => expected(table.columns, rows),
  }
}

/** What `databases()` has to answer once `database` is there: where tables are shared, that there is any is enough. */
export const shows = ({ supports }: Target, database: string): unknown => expect.arrayContaining(supports.sharedTables ? [expect.any(String)] : [database])

const HASH = { name: 'row_hash', type: { kind: 'int', bits: 64, unsigned: true }, nullable: false } as const

export function batchOf(schema: TableSchema, { upserts, deletes }: Changes): { readonly upserts?: RowBatch; readonly deletes?: RowBatch } {
  const identity = schema.key.length > 0 ? keyColumns(schema) : [HASH]
  return {
    ...(upserts && { upserts: packRows(storedColumns(schema), upserts) }),
    ...(deletes && { deletes: packRows(identity, deletes) }),
  }
}
