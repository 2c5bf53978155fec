import { memoryTarget, putTable, type Row } from '@dbsync/core/memory'
import {
  type Column,
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
import { BATCHES, never } from '../rows-of.ts'
import { rowsIn, textOf, type WrongTarget, writing } from './wrong.ts'

const both = (check: string) => ['with', 'without'].map((kind) => `replace of a table ${kind} a key > ${check}`)
const OLD_ROWS = both('shows the old rows until the commit, and then the new ones only')
const NEW_TABLE = both('makes a table that was not there, at the commit and not before')
const EMPTIES = both('empties the table where no row comes, and makes an empty one where there was none')
const NO_COMMIT = both('changes nothing without a commit')
const REPLACE_ABORTED = 'replace > ends with a cancelled error when it is aborted, and the table stays as it was'
const MERGE_ABORTED = 'merge by key > ends with a cancelled error when it is aborted, and the table stays as it was'
const BESIDE = 'replace > takes rows over another way in at the same time, if it has one, and none of them without a commit'
const BY_KEY = 'merge by key > adds and changes rows, leaves all others alone, and counts exactly'
const differences = (...kinds: readonly string[]) => kinds.map((kind) => `merge by key > sees a difference of ${kind}`)
const AGAIN = 'merge by key > commits again and again with one writer, and what was committed stays'
const MERGED = 'keeps every value that is merged, and finds none changed the second time'

/** What a target can do wrong when it writes. */
export const WRONG_WRITERS: readonly WrongTarget[] = [
  {
    does: 'writes into the table itself before the commit',
    make: (right, db) =>
      writing(right, ({ schema: { table } }, writer) => ({
        async write(batch) {
          const there = db.databases.get(table.database)?.get(table.name)
          if (there !== undefined && batch.upserts !== undefined) putTable(db, there.schema, [...there.rows, ...rowsIn(batch.upserts)])
          await writer.write(batch)
        },
      })),
    fails: [...OLD_ROWS, 'merge by key > shows nothing and keeps nothing without a commit'],
  },
  {
    does: 'empties the table when it is opened',
    make: (right, db) => opening(right, ({ existing, disposition }) => existing !== undefined && disposition === 'replace' && putTable(db, existing)),
    fails: [...OLD_ROWS, ...NO_COMMIT, REPLACE_ABORTED],
  },
  {
    does: 'loses the last row of a batch',
    make: (right) => sending(right, (_, rows) => rows.slice(0, -1)),
    fails: [...OLD_ROWS, ...NEW_TABLE, BY_KEY],
  },
  {
    does: 'keeps the rows that a replace does not bring again',
    make: (right, db) =>
      replacing(right, (work, rows) => [...rows, ...(db.databases.get(work.schema.table.database)?.get(work.schema.table.name)?.rows ?? [])]),
    fails: [...OLD_ROWS, ...EMPTIES],
  },
  {
    does: 'makes a table when it is opened',
    make: (right, db) => opening(right, ({ schema, existing }) => existing === undefined && putTable(db, schema)),
    fails: [...NEW_TABLE, ...NO_COMMIT],
  },
  {
    does: 'does nothing where no row came',
    make: (right) => {
      const nothing = { inserted: 0, updated: 0, deleted: 0, unchanged: 0 }
      return writing(right, (_, writer) => {
        let any = false
        const write: TableWriter['write'] = async (batch) => {
          any = true
          await writer.write(batch)
        }
        return { write, commit: async () => (any ? await writer.commit() : nothing) }
      })
    },
    fails: EMPTIES,
  },
  {
    does: 'counts every row of a full copy as updated',
    make: (right) => writing(right, (_, writer) => ({ commit: async () => ({ ...(await writer.commit()), inserted: 0, updated: 3 }) })),
    fails: NEW_TABLE,
  },
  {
    does: 'commits when it is disposed',
    make: (right) => writing(right, (_, writer) => ({ [Symbol.asyncDispose]: async () => void (await writer.commit().catch(() => {})) })),
    fails: [...NO_COMMIT, 'merge by key > shows nothing and keeps nothing without a commit', 'merge without a key > changes nothing without a commit'],
  },
  {
    does: 'loses what comes over another way in',
    make: (right) => writing(right, () => ({ beside: async () => async () => {} })),
    fails: [BESIDE],
  },
  {
    does: 'keeps what comes over another way in without a commit',
    make: (right, db) =>
      writing(right, ({ schema }, writer) => ({
        beside: async () => async (batch) => {
          if (batch.upserts !== undefined) putTable(db, schema, rowsIn(batch.upserts))
          await writer.write(batch)
        },
      })),
    fails: [BESIDE],
  },
  {
    does: 'keeps each row once',
    make: (right) => sending(right, (_, rows) => distinct(rows)),
    fails: ['replace > keeps rows that are there twice where there is no key', 'merge without a key > adds every row that comes, as often as it comes'],
  },
  {
    does: 'holds on to the memory of its batches until the commit',
    make: (right) =>
      writing(right, (_, writer) => {
        const held: Parameters<TableWriter['write']>[0][] = []
        return {
          write: async (batch) => void held.push(batch),
          async commit() {
            for (const batch of held) await writer.write(batch)
            return await writer.commit()
          },
        }
      }),
    fails: ['replace > has taken over a batch when `write` resolves: its memory is then used for the next one'],
  },
  {
    does: 'loses the values of a column `__proto__`',
    make: (right) => sending(right, (columns, rows) => rows.map((row) => row.map((cell, i) => (columns[i]?.name === '__proto__' ? null : cell)))),
    fails: ['replace > writes under hostile names of tables and columns'],
  },
  {
    does: 'stages all tables in one place',
    make: (right) => {
      let newest: TableWriter | undefined
      return writing(right, (work, writer) => {
        if (work.disposition === 'replace') newest = writer
        return { write: (batch) => (work.disposition === 'replace' ? (newest ?? writer) : writer).write(batch) }
      })
    },
    fails: ['replace > writes as many tables at the same time as it says, each on its own'],
  },
  {
    does: 'opens although it is aborted',
    make: (right) => ({ open: async (work, signal) => await right.open(work, signal.aborted ? never : signal) }),
    fails: [REPLACE_ABORTED],
  },
  {
    does: 'writes and commits although it is aborted',
    make: (right) => ({
      open: async (work, signal) => {
        signal.throwIfAborted()
        return await right.open(work, never)
      },
    }),
    fails: [REPLACE_ABORTED, MERGE_ABORTED],
  },
  {
    does: 'counts rows that were there already as updated',
    make: (right) => receipts(right, ({ updated, unchanged, ...rest }) => ({ ...rest, updated: updated + unchanged, unchanged: 0 })),
    fails: [BY_KEY, MERGED],
  },
  {
    does: 'takes a merge for the whole table',
    make: (right) => ({ open: async (work, signal) => await right.open({ ...work, disposition: 'replace' }, signal) }),
    fails: [BY_KEY],
  },
  { does: 'compares rows without regard to case', make: (right) => comparing(right, (text) => text?.toLowerCase()), fails: differences('case') },
  { does: 'compares rows without spaces at the end', make: (right) => comparing(right, (text) => text?.trimEnd()), fails: differences('a trailing space') },
  {
    does: 'compares rows without accents',
    make: (right) => comparing(right, (text) => text?.normalize('NFD').replace(/\p{M}/gu, '')),
    fails: differences('an accent'),
  },
  {
    does: 'compares NULL as empty text',
    make: (right) => comparing(right, (text) => text ?? ''),
    fails: differences('NULL and empty text', 'empty text and NULL'),
  },
  {
    does: 'shows the rows of a merge before the commit, and keeps them without one',
    make: (_, db) => ({ open: (work, signal) => memoryTarget(db, { leaky: true }).open(work, signal) }),
    fails: ['merge by key > shows nothing and keeps nothing without a commit'],
  },
  {
    does: 'takes nothing more after its first commit',
    make: (right) =>
      writing(right, (_, writer) => {
        let committed = false
        return {
          write: async (batch) => (committed ? undefined : await writer.write(batch)),
          commit: async () => {
            committed = true
            return await writer.commit()
          },
        }
      }),
    fails: [AGAIN],
  },
  {
    does: 'adds the counts of all its commits',
    make: (right) =>
      writing(right, (_, writer) => {
        let inserted = 0
        return {
          commit: async () => {
            const receipt = await writer.commit()
            inserted += receipt.inserted
            return { ...receipt, inserted }
          },
        }
      }),
    fails: [AGAIN],
  },
  {
    does: 'says that a commit is done where the writer was disposed before',
    make: (right) =>
      writing(right, (_, writer) => {
        let disposed = false
        return {
          write: async (batch) => (disposed ? undefined : await writer.write(batch)),
          commit: async () => (disposed ? { inserted: 0, updated: 0, deleted: 0, unchanged: 0 } : await writer.commit()),
          async [Symbol.asyncDispose]() {
            disposed = true
            await writer[Symbol.asyncDispose]()
          },
        }
      }),
    fails: ['merge by key > takes nothing more once it is disposed'],
  },
  {
    does: 'forgets deletes',
    make: (right) => writing(right, (_, writer) => ({ write: async ({ table, upserts }) => await writer.write({ table, ...(upserts && { upserts }) }) })),
    fails: [
      'merge by key > deletes first and upserts then, in one commit, in whichever order they come',
      'merge by key > counts what it deleted, and leaves the same table when the batch comes twice',
      'merge by key > takes keys of several columns in the order of the key',
      'merge without a key > deletes every row with a hash, then adds, and leaves the same table when the batch comes twice',
    ],
  },
  {
    does: 'deletes last',
    make: (right) =>
      writing(right, ({ schema }, writer) => {
        const deletes: RowBatch[] = []
        return {
          async write(batch) {
            if (batch.deletes !== undefined) deletes.push(batch.deletes)
            await writer.write(batch)
          },
          async commit() {
            const receipt = await writer.commit()
            if (deletes.length === 0) return receipt
            for (const gone of deletes.splice(0)) await writer.write({ table: schema.table, deletes: gone })
            await writer.commit()
            return receipt
          },
        }
      }),
    fails: ['merge by key > deletes first and upserts then, in one commit, in whichever order they come'],
  },
  {
    does: 'counts the keys that it was to delete, and not the rows that it did',
    make: (right) =>
      writing(right, (_, writer) => {
        let deleted = 0
        return {
          async write(batch) {
            deleted += batch.deletes?.rowCount ?? 0
            await writer.write(batch)
          },
          commit: async () => ({ ...(await writer.commit()), deleted }),
        }
      }),
    fails: ['merge by key > counts what it deleted, and leaves the same table when the batch comes twice'],
  },
  {
    does: 'takes keys in the order of the columns',
    make: (right) =>
      writing(right, ({ schema }, writer) => ({
        async write({ deletes, ...batch }) {
          const columns = schema.columns.filter(({ name }) => schema.key.includes(name))
          const keyed = deletes !== undefined && schema.key.length > 1
          const key = keyed
            ? packRows(
                keyColumns(schema),
                rowsIn(deletes).map((row) => schema.key.map((name) => row[columns.findIndex((column) => column.name === name)] ?? null)),
              )
            : deletes
          await writer.write({ ...batch, ...(key && { deletes: key }) })
        },
      })),
    fails: ['merge by key > takes keys of several columns in the order of the key'],
  },
  {
    does: 'deletes one of the rows that have a hash',
    make: (right) =>
      writing(right, (work, writer) => ({
        async write(batch) {
          const { schema } = work
          if (batch.deletes !== undefined && schema.key.length === 0) {
            const again = await spared(right, schema, batch.deletes)
            if (again.length > 0) await writer.write({ table: schema.table, upserts: packRows(storedColumns(schema), again) })
          }
          await writer.write(batch)
        },
      })),
    fails: ['merge without a key > deletes every row with a hash, then adds, and leaves the same table when the batch comes twice'],
  },
  {
    does: 'puts a space behind each text that it merges',
    make: (right) =>
      sending(right, (columns, rows, { disposition }) =>
        disposition === 'replace'
          ? rows
          : rows.map((row) => row.map((cell, i) => (cell !== null && columns[i]?.type.kind === 'text' ? `${textOf(cell)} ` : cell))),
      ),
    fails: [MERGED, BY_KEY],
  },
]

const ONCE = 'adds rows without a key as often as one batch has them, and not again when they come again'

/** What a target can do wrong that is to add rows without a key once. */
export const WRONG_ADDERS: readonly WrongTarget[] = [
  { does: 'adds them again', make: (_, db) => ({ open: (work, signal) => memoryTarget(db).open(work, signal) }), fails: [ONCE] },
  { does: 'forgets how often a batch has them', make: (right) => sending(right, (_, rows) => distinct(rows)), fails: [ONCE] },
]

const distinct = (rows: readonly Row[]): readonly Row[] => [
  ...new Map(rows.map((row) => [JSON.stringify(row.map((cell) => cell && textOf(cell))), row])).values(),
]

const opening = (right: Target, first: (work: WriteWork) => unknown): Partial<Target> => ({
  open: async (work, signal) => {
    first(work)
    return await right.open(work, signal)
  },
})

type Change = (columns: readonly Column[], rows: readonly Row[], work: WriteWork) => readonly Row[] | Promise<readonly Row[]>

/** Changes the rows of each batch. */
const sending = (right: Target, change: Change): Partial<Target> =>
  writing(right, (work, writer) => ({
    async write({ upserts, ...batch }) {
      const changed = upserts && packRows(upserts.columns, await change(upserts.columns, rowsIn(upserts), work))
      await writer.write({ ...batch, ...(changed && { upserts: changed }) })
    },
  }))

const receipts = (right: Target, change: (receipt: CommitReceipt) => CommitReceipt): Partial<Target> =>
  writing(right, (_, writer) => ({ commit: async () => change(await writer.commit()) }))

/** Brings other rows when a replace is committed. */
const replacing = (right: Target, change: (work: WriteWork, rows: readonly Row[]) => readonly Row[]): Partial<Target> =>
  writing(right, (work, writer) => {
    const rows: Row[] = []
    return {
      async write(batch) {
        if (work.disposition === 'merge') await writer.write(batch)
        else if (batch.upserts !== undefined) rows.push(...rowsIn(batch.upserts))
      },
      async commit() {
        const all = work.disposition === 'merge' ? [] : change(work, rows)
        if (all.length > 0) await writer.write({ table: work.schema.table, upserts: packRows(storedColumns(work.schema), all) })
        return await writer.commit()
      },
    }
  })

/** Leaves rows out of a merge that look like those that are there. */
const comparing = (right: Target, look: (text: string | undefined) => string | undefined): Partial<Target> =>
  sending(right, async (_, rows, { disposition, schema }) => {
    if (disposition === 'replace') return rows
    const looks = (row: Row) => JSON.stringify(row.map((cell) => look(cell === null ? undefined : textOf(cell)) ?? null))
    const there = new Set((await rowsOfTable(right, schema)).map(looks))
    return rows.filter((row) => !there.has(looks(row)))
  })

const rowsOfTable = async (target: Target, schema: TableSchema): Promise<readonly Row[]> =>
  (await Array.fromAsync(target.read({ schema, ...BATCHES, signal: never }))).flatMap(rowsIn)

/** All rows with one of these hashes but one each. */
async function spared(target: Target, schema: TableSchema, hashes: RowBatch): Promise<readonly Row[]> {
  const found: Row[] = []
  for (const [hash] of rowsIn(hashes)) {
    const range = { by: 'hash', from: textOf(hash), to: String(BigInt(textOf(hash)) + 1n) } as const
    const rows = (await Array.fromAsync(target.read({ schema, range, ...BATCHES, signal: never }))).flatMap(rowsIn)
    found.push(...rows.slice(1))
  }
  return found
}
