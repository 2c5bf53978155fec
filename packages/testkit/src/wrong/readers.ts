import type { Row } from '@dbsync/core/memory'
import { packRows, type ReadRequest, type RowBatch, rowBatch, SyncError, storedColumns, type TableReader, type TableSchema } from '@dbsync/core/plugin'
import { BATCHES, never } from '../rows-of.ts'
import { mapped, remade, rowsIn, textOf, type WrongReader } from './wrong.ts'

const reading = (...checks: readonly string[]) => checks.map((check) => `reading > ${check}`)
const DESCRIBES = 'describes a table as it was made, and nothing for a name that is not there'
const EVERY_ROW = 'reads every row once, in batches of at most `batchRows` rows, all columns in their order'
const SINCE = 'reads since a bound, the bound included, NULLs included, by any of the columns'
const NEWEST = 'finds the newest values that are not beyond their bounds, and null where there is none'
const KEYS = ['one number', 'one text', 'several columns'].map((shape) => `reads exactly the rows of the keys that are asked for: ${shape}`)
const ABORTED = 'ends with a cancelled error when it is aborted, before or while rows come'
const TIMES = 'reads since a date or a timestamp, and finds the newest ones, as it does with a datetime'
const NO_NEWEST = 'looks for no newest value when it is aborted'
const NOWHERE = 'describes nothing of a database that is not there'
const GONE = 'fails for a table that is not there, rather than reading no rows'
const CHECKSUM = {
  EQUAL: 'checksum > is one for equal rows, in whatever order they came, and counts them',
  CHANGED: 'checksum > is another one after any change of one row',
  ABORTED: 'checksum > is not made when that is aborted',
}
const LAG = ['says by how many seconds it is behind the server that it replicates, if it replicates one']

/** What a reader can do wrong, be it a snapshot of a source or a target. */
export const WRONG_READERS: readonly WrongReader[] = [
  {
    does: 'describes the key in the order of the columns',
    make: (right) => describing(right, (schema) => ({ ...schema, key: schema.columns.map(({ name }) => name).filter((name) => schema.key.includes(name)) })),
    fails: reading(DESCRIBES),
  },
  {
    does: 'describes all tables where none is asked for',
    make: (right) => ({ describe: (database, names) => right.describe(database, names?.length === 0 ? undefined : names) }),
    fails: reading(DESCRIBES),
  },
  {
    does: 'describes columns as NULL that are NOT NULL',
    make: (right) => describing(right, (schema) => ({ ...schema, columns: schema.columns.map((column) => ({ ...column, nullable: true })) })),
    fails: reading(DESCRIBES),
  },
  {
    does: 'keeps columns in an object, where the name `__proto__` is lost',
    make: (right) =>
      describing(right, (schema) => {
        const byName: Record<string, (typeof schema.columns)[number]> = {}
        for (const column of schema.columns) byName[column.name] = column
        return { ...schema, columns: Object.values(byName) }
      }),
    fails: reading('keeps hostile names of tables and columns'),
  },
  { does: 'loses the last row of a batch', make: (right) => batches(right, (batch) => remade(batch, (rows) => rows.slice(0, -1))), fails: reading(EVERY_ROW) },
  {
    does: 'ends cleanly before the last batch, as if the lost connection were the end of the rows',
    make: (right) => ({
      async *read(request) {
        let held: RowBatch | undefined
        for await (const batch of right.read(request)) {
          if (held !== undefined) yield held
          held = batch
        }
      },
    }),
    fails: reading(EVERY_ROW),
  },
  { does: 'takes no notice of `batchRows`', make: (right) => ({ read: (request) => right.read({ ...request, batchRows: 1_000 }) }), fails: reading(EVERY_ROW) },
  {
    does: 'reads columns in the order of their names',
    make: (right) =>
      batches(right, (batch) => {
        const order = [...batch.columns.keys()].sort((a, b) => (nameAt(batch, a) < nameAt(batch, b) ? -1 : 1))
        return packRows(
          order.flatMap((i) => batch.columns[i] ?? []),
          rowsIn(batch).map((row) => order.map((i) => row[i] ?? null)),
        )
      }),
    fails: reading(EVERY_ROW),
  },
  {
    does: 'uses the memory of a batch for the next one although nobody has allowed it',
    make: (right) => {
      const memory = new Uint8Array(1 << 20)
      return batches(right, (batch) => inMemory(memory, batch))
    },
    fails: reading(EVERY_ROW),
  },
  {
    does: 'counts by statistics',
    make: (right) => ({ count: async (schema, signal) => Math.round((await right.count(schema, signal)) * 1.1) }),
    fails: reading(EVERY_ROW),
  },
  {
    does: 'takes no notice of `batchBytes`',
    make: (right) => ({ read: (request) => right.read({ ...request, batchBytes: BATCHES.batchBytes }) }),
    fails: reading('ends a batch with the row that reaches `batchBytes`'),
  },
  {
    does: 'uses the memory of a transient batch before the next one is asked for',
    make: (right) => ({
      async *read(request) {
        for await (const batch of right.read(request)) {
          if (request.transient) setImmediate(() => batch.bytes.fill(0))
          yield batch
        }
      },
    }),
    fails: reading('keeps a transient batch until the next one is asked for'),
  },
  {
    does: 'reads a row of NULLs from an empty table, as an outer join would',
    make: (right) => ({
      async *read(request) {
        let any = false
        for await (const batch of right.read(request)) {
          any = true
          yield batch
        }
        const columns = storedColumns(request.schema)
        if (!any) yield packRows(columns, [columns.map(() => null)])
      },
    }),
    fails: reading('reads an empty table as no rows'),
  },
  {
    does: 'takes `limit` for the size of a batch',
    make: (right) => ({ read: ({ limit, ...request }) => right.read({ ...request, batchRows: limit ?? request.batchRows }) }),
    fails: reading('reads as many rows as `limit` allows'),
  },
  {
    does: 'reads what is after the bound, and not what is at it',
    make: (right) => sinceBy(right, (cell, bound) => cell === null || padded(cell) > bound),
    fails: reading(SINCE),
  },
  {
    does: 'forgets NULLs where it reads since a bound',
    make: (right) => sinceBy(right, (cell, bound) => cell !== null && padded(cell) >= bound),
    fails: reading(SINCE),
  },
  {
    does: 'looks for changes in the first of the columns only',
    make: (right) => ({
      read: ({ since, ...request }) => right.read({ ...request, ...(since && { since: Object.fromEntries(Object.entries(since).slice(0, 1)) }) }),
    }),
    fails: reading(SINCE),
  },
  {
    does: 'finds the newest value whatever its bound is',
    make: (right) => ({
      newest: (schema, atMost, signal) =>
        right.newest(schema, Object.fromEntries(Object.keys(atMost).map((name) => [name, '9999-12-31 23:59:59.999999'])), signal),
    }),
    fails: reading(NEWEST),
  },
  {
    does: 'leaves out a column that has no newest value',
    make: (right) => ({
      newest: async (schema, atMost, signal) =>
        Object.fromEntries(Object.entries(await right.newest(schema, atMost, signal)).filter(([, value]) => value !== null)),
    }),
    fails: reading(NEWEST),
  },
  {
    does: 'asks for no more than 500 keys',
    make: (right) => ({ read: ({ keys, ...request }) => right.read({ ...request, ...(keys && { keys: remade(keys, (rows) => rows.slice(0, 500)) }) }) }),
    fails: reading(...KEYS),
  },
  {
    does: 'reads every row where the list of keys is empty',
    make: (right) => ({ read: ({ keys, ...request }) => right.read({ ...request, ...(keys && keys.rowCount > 0 && { keys }) }) }),
    fails: reading(...KEYS),
  },
  {
    does: 'has one cursor, which the next read takes over',
    make: (right) => {
      let newest: ReadRequest | undefined
      return {
        async *read(request) {
          newest = request
          for await (const batch of right.read(request)) {
            yield batch
            if (newest !== request) return
          }
        },
      }
    },
    fails: reading('reads several tables at the same time'),
  },
  { does: 'reads on when it is aborted', make: (right) => ({ read: (request) => right.read({ ...request, signal: never }) }), fails: reading(ABORTED) },
  {
    does: 'takes being aborted for the end of the rows',
    make: (right) => ({
      async *read(request) {
        for await (const batch of right.read({ ...request, signal: never })) {
          if (request.signal.aborted) return
          yield batch
        }
      },
    }),
    fails: reading(ABORTED),
  },
  { does: 'counts on when it is aborted', make: (right) => ({ count: (schema) => right.count(schema, never) }), fails: reading(ABORTED) },
  {
    does: 'takes the bound of a timestamp for a moment of another zone',
    make: (right) => ({ read: ({ since, ...request }) => right.read({ ...request, ...(since && { since: inAnotherZone(request.schema, since) }) }) }),
    fails: reading(TIMES),
  },
  {
    does: 'finds the newest timestamp in another zone',
    make: (right) => ({ newest: async (schema, atMost, signal) => await right.newest(schema, inAnotherZone(schema, atMost), signal) }),
    fails: reading(TIMES),
  },
  {
    does: 'looks for the newest value when it is aborted',
    make: (right) => ({ newest: (schema, atMost) => right.newest(schema, atMost, never) }),
    fails: reading(NO_NEWEST),
  },
  {
    does: 'fails for a database that is not there',
    make: (right) => ({
      async describe(database, names) {
        if (database.endsWith('_nowhere')) throw new SyncError('DATABASE_MISSING', `Database ${database} does not exist.`, { kind: 'data' })
        return await right.describe(database, names)
      },
    }),
    fails: reading(NOWHERE),
  },
  {
    does: 'reads a table that is gone as an empty one',
    make: (right) => ({
      async *read(request) {
        const [there] = await right.describe(request.schema.table.database, [request.schema.table.name])
        if (there !== undefined) yield* right.read(request)
      },
    }),
    fails: reading(GONE),
  },
  {
    does: 'counts no rows in a table that is gone',
    make: (right) => ({ count: (schema, signal) => right.count(schema, signal).catch((error: unknown) => (SyncError.is(error) ? 0 : Promise.reject(error))) }),
    fails: reading(GONE),
  },
  { does: 'is behind by less than nothing', make: () => ({ lag: async () => -1 }), fails: LAG },
  {
    does: 'sums rows in the order in which they lie',
    make: (right) => ({
      async checksum(schema, signal) {
        const lines: string[] = []
        for await (const batch of right.read({ schema, ...BATCHES, signal })) lines.push(...rowsIn(batch).map((row) => JSON.stringify(row.map(textOf))))
        return { rows: lines.length, sum: lines.join() }
      },
    }),
    fails: [CHECKSUM.EQUAL],
  },
  {
    does: 'sums rows without saying where a cell ends',
    make: (right) => ({
      async checksum(schema, signal) {
        const lines: string[] = []
        for await (const batch of right.read({ schema, ...BATCHES, signal })) lines.push(...rowsIn(batch).map((row) => row.map(textOf).join('')))
        return { rows: lines.length, sum: lines.sort().join() }
      },
    }),
    fails: [CHECKSUM.CHANGED],
  },
  { does: 'sums on when it is aborted', make: (right) => ({ checksum: async (schema) => await right.checksum?.(schema, never) }), fails: [CHECKSUM.ABORTED] },
  { does: 'asks how far it is behind when it is aborted', make: (right) => ({ lag: async () => await right.lag?.(never) }), fails: LAG },
  {
    does: 'counts nothing of what goes over the wire',
    make: () => ({ traffic: () => ({ received: 0, sent: 0 }) }),
    fails: ['traffic > grows with what is read'],
  },
]

const describing = (right: TableReader, change: (schema: TableSchema) => TableSchema): Partial<TableReader> => ({
  describe: async (database, names) => (await right.describe(database, names)).map(change),
})

const batches = (right: TableReader, change: (batch: RowBatch) => RowBatch): Partial<TableReader> => ({
  read: (request) => mapped(right.read(request), change),
})

const nameAt = (batch: RowBatch, column: number): string => batch.columns[column]?.name ?? ''

function inMemory(memory: Uint8Array, { columns, bytes, rowCount }: RowBatch): RowBatch {
  memory.set(bytes)
  return rowBatch(columns, memory.subarray(0, bytes.length), rowCount)
}

/** A moment with six digits, as bounds have them. */
const padded = (cell: Uint8Array | string): string => {
  const [whole = '', fraction = ''] = textOf(cell).split('.')
  return `${whole}.${fraction.padEnd(6, '0')}`
}

/** Bounds with those of timestamps an hour later. */
function inAnotherZone(schema: TableSchema, bounds: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const zoned = new Set(schema.columns.filter(({ type }) => type.kind === 'timestamp').map(({ name }) => name))
  const later = (bound: string) => new Date(Date.parse(`${bound.slice(0, 19)}Z`) + 3_600_000).toISOString().slice(0, 19).replace('T', ' ') + bound.slice(19)
  return Object.fromEntries(Object.entries(bounds).map(([name, bound]) => [name, zoned.has(name) ? later(bound) : bound]))
}

const sinceBy = (right: TableReader, isSince: (cell: Row[number], bound: string) => boolean): Partial<TableReader> => ({
  read: ({ since, ...request }) =>
    mapped(right.read(request), (batch) =>
      remade(batch, (rows) =>
        since === undefined
          ? rows
          : rows.filter((row) => batch.columns.some(({ name }, i) => since[name] !== undefined && isSince(row[i] ?? null, since[name]))),
      ),
    ),
})
