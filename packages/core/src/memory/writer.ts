import type { CommitReceipt, TableWriter, WriteWork } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { storedColumns, tableName } from '../model/schema.ts'
import { type Fault, findTable, type MemoryDatabase, type MemoryTable, putTable, type Row, tableOf } from './database.ts'
import { bytesOf, hashOf, identityOf, keyIndexes, unpack } from './rows.ts'

type WriterOptions = {
  readonly db: MemoryDatabase
  readonly work: WriteWork
  readonly fault: Fault
  readonly leaky: boolean
  /** As `TargetSupports.addsOnce`. */
  readonly addsOnce: boolean
  readonly signal: AbortSignal
}

/** What was written since the last commit. */
type Pending = { readonly deletes: Row[]; readonly upserts: Row[] }

export function memoryWriter({ db, work, fault, leaky, addsOnce, signal }: WriterOptions): TableWriter {
  const replacing = work.disposition === 'replace'
  const { table } = work.schema
  if (!replacing) tableOf(db, table)
  let pending: Pending = { deletes: [], upserts: [] }
  /** The table before this transaction, where some of it leaked. */
  let before: MemoryTable | undefined
  let finished = false
  const open = async (point: 'write' | 'commit') => {
    if (finished) throw new Error('the writer is closed')
    await fault(point)
    signal.throwIfAborted()
  }
  const after = (table: MemoryTable) => applied(table, pending, addsOnce && !replacing)
  const base = (): MemoryTable => (replacing ? { schema: findTable(db, table)?.schema ?? work.schema, rows: [] } : (before ?? tableOf(db, table)))
  const writer: TableWriter = {
    async write({ deletes, upserts }) {
      await open('write')
      if (deletes !== undefined) pending.deletes.push(...unpack(deletes))
      if (upserts !== undefined)
        pending.upserts.push(
          ...inOrder(
            upserts.columns.map((column) => column.name),
            unpack(upserts),
            base(),
          ),
        )
      if (!leaky || replacing) return
      before ??= tableOf(db, table)
      putTable(db, before.schema, after(before))
    },
    beside: async () => (replacing ? (batch) => writer.write(batch) : undefined),
    async commit() {
      await open('commit')
      const start = base()
      const rows = after(start)
      refuseDuplicates(start, rows)
      const receipt = receiptOf(start, rows, pending)
      putTable(db, start.schema, rows)
      pending = { deletes: [], upserts: [] }
      before = undefined
      finished = replacing
      await fault('committed')
      return receipt
    },
    async [Symbol.asyncDispose]() {
      finished = true
    },
  }
  return writer
}

/** Rows with the cells in the order of the table's own columns; those that only the target has are NULL. */
function inOrder(names: readonly string[], rows: readonly Row[], table: MemoryTable): readonly Row[] {
  const columns = storedColumns(table.schema).map((column) => column.name)
  const missing = names.find((name) => !columns.includes(name))
  if (missing !== undefined)
    throw new SyncError('SCHEMA_CHANGED', `Table ${tableName(table.schema.table)} has no column ${missing}.`, { kind: 'data', table: table.schema.table })
  const indexes = columns.map((name) => names.indexOf(name))
  return rows.map((row) => indexes.map((index) => row[index] ?? null))
}

/** The rows after the deletes and then the upserts. */
function applied(table: MemoryTable, { deletes, upserts }: Pending, addsOnce: boolean): readonly Row[] {
  if (table.schema.key.length === 0) {
    const gone = new Set(deletes.map(([hash]) => bytesOf(hash ?? '').toString('latin1')))
    const left = table.rows.filter((row) => gone.size === 0 || !gone.has(String(hashOf(row))))
    return [...left, ...(addsOnce ? beyond(left, upserts) : upserts)]
  }
  const keyOf = keyer(table)
  const rows = new Map(table.rows.map((row) => [keyOf(row), row]))
  for (const key of deletes) rows.delete(identityOf(key))
  for (const row of upserts) rows.set(keyOf(row), row)
  return [...rows.values()]
}

/** Of these rows those that are not there as often as they come. */
function beyond(there: readonly Row[], rows: readonly Row[]): readonly Row[] {
  const left = new Map(counts(there))
  return rows.filter((row) => {
    const identity = identityOf(row)
    const count = left.get(identity) ?? 0
    left.set(identity, count - 1)
    return count <= 0
  })
}

function keyer(table: MemoryTable): (row: Row) => string {
  const indexes = keyIndexes(table.schema, storedColumns(table.schema))
  return (row) => identityOf(indexes.map((index) => row[index] ?? null))
}

/** What the commit changes in the end: a row that is deleted and added again counts as updated, or as unchanged. */
function receiptOf(before: MemoryTable, after: readonly Row[], pending: Pending): CommitReceipt {
  return before.schema.key.length === 0 ? receiptWithoutKey(before.rows, after, pending) : receiptByKey(before, after, pending)
}

function receiptByKey(before: MemoryTable, after: readonly Row[], { deletes, upserts }: Pending): CommitReceipt {
  const keyOf = keyer(before)
  const [old, now] = [new Map(before.rows.map((row) => [keyOf(row), row])), new Map(after.map((row) => [keyOf(row), row]))]
  const receipt = { inserted: 0, updated: 0, deleted: 0, unchanged: 0 }
  for (const key of new Set([...deletes.map(identityOf), ...upserts.map(keyOf)])) {
    const [was, is] = [old.get(key), now.get(key)]
    if (was === undefined) receipt.inserted += is === undefined ? 0 : 1
    else if (is === undefined) receipt.deleted++
    else if (identityOf(was) === identityOf(is)) receipt.unchanged++
    else receipt.updated++
  }
  return receipt
}

function receiptWithoutKey(before: readonly Row[], after: readonly Row[], { upserts }: Pending): CommitReceipt {
  const [old, now, sent] = [counts(before), counts(after), counts(upserts)]
  const receipt = { inserted: 0, updated: 0, deleted: 0, unchanged: 0 }
  for (const row of new Set([...old.keys(), ...now.keys()])) {
    const [was, is, again] = [old.get(row) ?? 0, now.get(row) ?? 0, sent.get(row) ?? 0]
    receipt.inserted += Math.max(0, is - was)
    receipt.deleted += Math.max(0, was - is)
    receipt.unchanged += Math.max(0, again - Math.max(0, is - was))
  }
  return receipt
}

function counts(rows: readonly Row[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const row of rows) found.set(identityOf(row), (found.get(identityOf(row)) ?? 0) + 1)
  return found
}

/** A unique key other than `key` that two rows share fails the commit, as it does on a server. NULLs never collide. */
function refuseDuplicates(table: MemoryTable, rows: readonly Row[]): void {
  const names = storedColumns(table.schema).map((column) => column.name)
  for (const unique of table.schema.uniqueKeys) {
    const indexes = unique.columns.map((name) => names.indexOf(name))
    const seen = new Set<string>()
    for (const row of rows) {
      const cells = indexes.map((index) => row[index] ?? null)
      if (cells.includes(null)) continue
      const identity = identityOf(cells)
      if (seen.has(identity)) {
        throw new SyncError('DUPLICATE', `Two rows of ${tableName(table.schema.table)} share one value of the unique key ${unique.name}.`, {
          kind: 'data',
          table: table.schema.table,
        })
      }
      seen.add(identity)
    }
  }
}
