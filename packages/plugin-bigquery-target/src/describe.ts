import type { TableSchema } from '@dbsync/core/plugin'
import { describedTable, readTableNote, SYNC_MODE, SYNC_TIMESTAMP, TENANT, tableNameFor, type WarehouseType } from '@dbsync/warehouse'
import { BIGQUERY } from './dialect.ts'
import { syncError } from './failures.ts'
import type { Rest } from './rest.ts'

export type TableResource = {
  readonly tableReference: { readonly tableId: string }
  readonly type?: string
  readonly numBytes?: string
  readonly description?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly schema?: { readonly fields?: readonly Field[] }
}

type Field = { readonly name: string; readonly type: string; readonly description?: string }
type TableList = { readonly tables?: readonly TableResource[]; readonly nextPageToken?: string | null }

const AT_ONCE = 8

/** REST knows some types by older names. */
const TYPE_NAMES: Readonly<Record<string, WarehouseType>> = {
  INTEGER: 'INT64',
  FLOAT: 'FLOAT64',
  BOOLEAN: 'BOOL',
  DECIMAL: 'NUMERIC',
  BIGDECIMAL: 'BIGNUMERIC',
}

/** The tables of the dataset. They are the same for all tenants, and a plan asks for each of these. */
export interface Tables {
  /** As those of one tenant: all of them, or those that these tables of the source become. */
  describe(tenant: string, names?: readonly string[], signal?: AbortSignal): Promise<readonly TableSchema[]>
  /** The names of those that dbsync makes for itself. */
  own(signal: AbortSignal): Promise<readonly string[]>
  /** Those that dbsync has made, as they are now: their ids. A copy that somebody else made of one is none. */
  shared(signal: AbortSignal): Promise<readonly string[]>
  /** How large the table is, that of the source's name; 0 where there is none. */
  bytes(name: string, signal: AbortSignal): Promise<number>
  /** They were changed. */
  changed(): void
}

/** What all tenants are shown may be so old. Who names a table gets it as it is. */
const FRESH_MS = 20_000
const never = new AbortController().signal

export function datasetTables(rest: Rest, dataset: string): Tables {
  let listed: Kept<TableNames> | undefined
  let known: Kept<readonly TableResource[]> | undefined
  const list = (signal: AbortSignal): Promise<TableNames> => {
    if (!isFresh(listed)) {
      const names = tableNames(rest, dataset, signal)
      listed = { at: Date.now(), value: names }
      names.catch(() => {
        listed = undefined
      })
    }
    return listed.value
  }
  const all = (signal: AbortSignal): Promise<readonly TableResource[]> => {
    if (!isFresh(known)) {
      const tables = list(signal).then(({ tables }) => tablesOf(rest, dataset, tables, signal))
      known = { at: Date.now(), value: tables }
      tables.catch(() => {
        known = undefined
      })
    }
    return known.value
  }
  return {
    async describe(tenant, names, signal = never) {
      try {
        const tables = names === undefined ? await all(signal) : await tablesOf(rest, dataset, names.map(tableNameFor), signal)
        return tables.map((table) => schemaOf(table, tenant))
      } catch (error) {
        throw syncError(error, `reading the tables of ${dataset}`)
      }
    },
    async shared(signal) {
      try {
        const ids = (await tableNames(rest, dataset, signal)).tables
        return (await tablesOf(rest, dataset, ids, signal)).filter(isShared).map(({ tableReference }) => tableReference.tableId)
      } catch (error) {
        throw syncError(error, `reading the tables of ${dataset}`)
      }
    },
    async bytes(name, signal) {
      try {
        const [table] = await tablesOf(rest, dataset, [tableNameFor(name)], signal)
        return Number(table?.numBytes ?? 0)
      } catch (error) {
        throw syncError(error, `reading the tables of ${dataset}`)
      }
    },
    async own(signal) {
      try {
        return (await list(signal)).own
      } catch (error) {
        throw syncError(error, `reading the tables of ${dataset}`)
      }
    },
    changed() {
      listed = undefined
      known = undefined
    },
  }
}

/** Whoever wrote another description over ours left the label; a copy under another name has both. */
function isShared({ tableReference: { tableId }, description, labels, schema }: TableResource): boolean {
  const columns = (schema?.fields ?? []).map(({ name }) => name)
  if (![TENANT, SYNC_TIMESTAMP, SYNC_MODE].every((name) => columns.includes(name))) return false
  const note = readTableNote(description)
  return note === undefined ? labels?.['managed_by'] === 'dbsync' : tableNameFor(note.table) === tableId
}

type Kept<T> = { readonly at: number; readonly value: Promise<T> }
const isFresh = <T>(kept: Kept<T> | undefined): kept is Kept<T> => kept !== undefined && Date.now() - kept.at < FRESH_MS

async function tablesOf(rest: Rest, dataset: string, ids: readonly string[], signal: AbortSignal): Promise<readonly TableResource[]> {
  const found: TableResource[] = []
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    const some = ids.slice(start, start + AT_ONCE).map((id) => rest.find<TableResource>({ path: `/datasets/${dataset}/tables/${id}`, signal }))
    for (const table of await Promise.all(some)) if (table !== undefined) found.push(table)
  }
  return found
}

type TableNames = { readonly tables: readonly string[]; readonly own: readonly string[] }

/** Views are none. */
async function tableNames(rest: Rest, dataset: string, signal: AbortSignal): Promise<TableNames> {
  const ids: string[] = []
  let pageToken: string | undefined
  do {
    const query = { maxResults: '1000', ...(pageToken === undefined ? {} : { pageToken }) }
    const list = await rest.find<TableList>({ path: `/datasets/${dataset}/tables`, query, signal })
    for (const { tableReference, type } of list?.tables ?? []) if ((type ?? 'TABLE') === 'TABLE') ids.push(tableReference.tableId)
    pageToken = list?.nextPageToken || undefined
  } while (pageToken !== undefined)
  const isOwn = (id: string) => id.startsWith('_dbsync_')
  return { tables: ids.filter((id) => !isOwn(id)).sort(), own: ids.filter(isOwn).sort() }
}

const schemaOf = ({ tableReference: { tableId }, description, schema }: TableResource, tenant: string): TableSchema =>
  describedTable(
    BIGQUERY,
    {
      name: tableId,
      description,
      columns: (schema?.fields ?? []).map((field) => ({ name: field.name, type: TYPE_NAMES[field.type] ?? field.type, description: field.description })),
    },
    tenant,
  )
