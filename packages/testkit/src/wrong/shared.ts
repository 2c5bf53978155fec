import { type MemoryDatabase, type MemoryTable, putTable } from '@dbsync/core/memory'
import { SyncError, type TablePurge, type TableSchema, type Target } from '@dbsync/core/plugin'
import { never } from '../rows-of.ts'
import { type WrongTarget, writing } from './wrong.ts'

const kinds = (check: string) => ['with a key', 'without a key'].map((kind) => `shared tables > ${check}, ${kind}`)
const SHOWS = kinds('show each database its own rows')
const KEEPS = kinds('keep the rows of a neighbour when others are written')
const FINDS = 'purge > finds the rows of every table, and writes nothing'
const REMOVES = 'purge > removes them, and no row of another database'
const FINISHED = 'purge > is finished by statements that are found after a part of them was run'

/** What a target can do wrong whose tables are shared by all databases. */
export const WRONG_SHARERS: readonly WrongTarget[] = [
  {
    does: 'reads the rows of all databases',
    make: (right, db) => ({
      async *read(request) {
        for (const { schema } of everywhere(db, request.schema)) yield* right.read({ ...request, schema })
      },
    }),
    fails: SHOWS,
  },
  {
    does: 'counts the rows of all databases',
    make: (right, db) => ({
      async count(schema, signal) {
        const counts = await Promise.all(everywhere(db, schema).map((each) => right.count(each.schema, signal)))
        return counts.reduce((sum, count) => sum + count, 0)
      },
    }),
    fails: SHOWS,
  },
  {
    does: 'digests the rows of all databases',
    make: (right, db) => ({
      async digest(schema, ranges, signal) {
        const all = await Promise.all(everywhere(db, schema).map(async (each) => (await right.digest?.(each.schema, ranges, signal)) ?? []))
        return ranges.map((_, i) => {
          const digests = all.flatMap((each) => each[i] ?? [])
          return {
            rows: digests.reduce((sum, { rows }) => sum + rows, 0),
            sum: String(digests.reduce((sum, digest) => sum + BigInt(digest.sum), 0n)),
            exact: true,
          }
        })
      },
    }),
    fails: SHOWS,
  },
  {
    does: 'empties the table of all databases with a full copy of one',
    make: (right, db) =>
      writing(right, (work, writer) => ({
        async commit() {
          const others = everywhere(db, work.schema).filter(({ schema }) => schema.table.database !== work.schema.table.database)
          if (work.disposition === 'replace') for (const { schema } of others) putTable(db, schema)
          return await writer.commit()
        },
      })),
    fails: [...SHOWS, ...KEEPS],
  },
  {
    does: 'merges rows into the table of all databases',
    make: (right, db) =>
      writing(right, (work, writer) => ({
        async write(batch) {
          await writer.write(batch)
          if (work.disposition === 'replace' || batch.upserts === undefined) return
          for (const { schema } of everywhere(db, work.schema)) {
            if (schema.table.database === work.schema.table.database) continue
            await using other = await right.open({ ...work, schema }, never)
            await other.write({ table: schema.table, upserts: batch.upserts })
            await other.commit()
          }
        },
      })),
    fails: KEEPS,
  },
  {
    does: 'purges when it is asked what there is',
    make: (right) => ({
      async purge(database, signal) {
        const found = (await right.purge?.(database, signal)) ?? []
        for (const { statements } of found) await right.run(statements, signal)
        return found
      },
    }),
    fails: [FINDS],
  },
  { does: 'purges one table', make: (right) => purging(right, (found) => found.slice(0, 1)), fails: [FINDS, REMOVES] },
  {
    does: 'takes a database for gone once a part of it was purged',
    make: (right) => {
      let begun = false
      return {
        async run(statements, signal) {
          begun ||= statements.some((statement) => statement.startsWith('drop'))
          await right.run(statements, signal)
        },
        purge: async (database, signal) => (begun ? [] : ((await right.purge?.(database, signal)) ?? [])),
      }
    },
    fails: [FINISHED],
  },
  { does: 'counts no rows that it purges', make: (right) => purging(right, (found) => found.map((table) => ({ ...table, rows: 0 }))), fails: [FINDS] },
  {
    does: 'drops the shared table',
    make: (right, db) =>
      purging(right, (found) =>
        found.map((table) => ({ ...table, statements: [...db.databases.keys()].flatMap((database) => dropped(right, database, table)) })),
      ),
    fails: [REMOVES, FINISHED],
  },
  {
    does: 'finds rows that it has purged',
    make: (right) => {
      const once = new Map<string, TablePurge>()
      return purging(right, (found) => {
        for (const table of found) once.set(table.table, table)
        return [...once.values()]
      })
    },
    fails: [REMOVES, FINISHED],
  },
  {
    does: 'has statements that fail the second time',
    make: (right) => {
      const done = new Set<string>()
      return {
        async run(statements, signal) {
          for (const statement of statements) {
            if (statement.startsWith('drop') && done.has(statement)) throw new SyncError('TABLE_MISSING', 'There is no such table.', { kind: 'data' })
            done.add(statement)
          }
          await right.run(statements, signal)
        },
      }
    },
    fails: [FINISHED],
  },
]

/** The tables of this name in all databases. */
const everywhere = (db: MemoryDatabase, { table }: TableSchema): readonly MemoryTable[] =>
  [...db.databases.values()].flatMap((tables) => tables.get(table.name) ?? [])

const dropped = (right: Target, database: string, { table: name }: TablePurge) => right.render({ type: 'drop-table', table: { database, name } })

const purging = (right: Target, change: (found: readonly TablePurge[]) => readonly TablePurge[]): Partial<Target> => ({
  purge: async (database, signal) => change((await right.purge?.(database, signal)) ?? []),
})
