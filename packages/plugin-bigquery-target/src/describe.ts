import type { Column, TableSchema } from '@dbsync/core/plugin'
import { SYSTEM_COLUMNS, TENANT, tableNameFor, WAREHOUSE_TYPES, type WarehouseType } from '@dbsync/warehouse'
import { type BigqueryNative, portability } from './columns.ts'
import { readColumnNote, readTableNote } from './descriptions.ts'
import { syncError } from './failures.ts'
import type { Rest } from './rest.ts'

export type TableResource = {
  readonly tableReference: { readonly tableId: string }
  readonly type?: string
  readonly description?: string
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
  /** They were changed. */
  changed(): void
}

/** What all tenants are shown may be so old. Who names a table gets it as it is. */
const FRESH_MS = 20_000
const never = new AbortController().signal

export function datasetTables(rest: Rest, dataset: string): Tables {
  let known: { readonly at: number; readonly tables: Promise<readonly TableResource[]> } | undefined
  const all = (signal: AbortSignal): Promise<readonly TableResource[]> => {
    if (known !== undefined && Date.now() - known.at < FRESH_MS) return known.tables
    const tables = tableIds(rest, dataset, signal).then((ids) => tablesOf(rest, dataset, ids, signal))
    known = { at: Date.now(), tables }
    tables.catch(() => {
      known = undefined
    })
    return tables
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
    changed() {
      known = undefined
    },
  }
}

async function tablesOf(rest: Rest, dataset: string, ids: readonly string[], signal: AbortSignal): Promise<readonly TableResource[]> {
  const found: TableResource[] = []
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    const some = ids.slice(start, start + AT_ONCE).map((id) => rest.find<TableResource>({ path: `/datasets/${dataset}/tables/${id}`, signal }))
    for (const table of await Promise.all(some)) if (table !== undefined) found.push(table)
  }
  return found
}

/** Every table but those that dbsync makes for itself; views are none. */
export async function tableIds(rest: Rest, dataset: string, signal: AbortSignal, own = false): Promise<readonly string[]> {
  const ids: string[] = []
  let pageToken: string | undefined
  do {
    const query = { maxResults: '1000', ...(pageToken === undefined ? {} : { pageToken }) }
    const list = await rest.find<TableList>({ path: `/datasets/${dataset}/tables`, query, signal })
    for (const { tableReference, type } of list?.tables ?? []) {
      if ((type ?? 'TABLE') === 'TABLE' && tableReference.tableId.startsWith('_dbsync_') === own) ids.push(tableReference.tableId)
    }
    pageToken = list?.nextPageToken || undefined
  } while (pageToken !== undefined)
  return ids.sort()
}

function schemaOf({ tableReference: { tableId }, description, schema }: TableResource, tenant: string): TableSchema {
  const note = readTableNote(description)
  const fields = schema?.fields ?? []
  const ours = note !== undefined && fields.some(({ name }) => name === TENANT)
  const columns = ours ? fields.filter(({ name }) => !SYSTEM_COLUMNS.includes(name)) : []
  const native: BigqueryNative = {
    warehouse: 'bigquery',
    origins: columns.flatMap((field) => {
      const { name, native: origin } = readColumnNote(field.description) ?? {}
      return name === undefined || origin === undefined ? [] : [[name, origin] as const]
    }),
    ...(ours ? {} : { foreign: true }),
  }
  return {
    table: { database: tenant, name: note?.table ?? tableId },
    columns: columns.map(columnOf),
    key: note?.key ?? [],
    uniqueKeys: [],
    foreignKeys: [],
    referencedBy: [],
    triggers: [],
    transactional: true,
    native,
  }
}

function columnOf({ name, type, description }: Field): Column {
  const note = readColumnNote(description)
  const known = TYPE_NAMES[type] ?? WAREHOUSE_TYPES.find((candidate) => candidate === type)
  const native = `${name} ${known ?? type}`
  // Somebody else's column: never read or written, and nobody's type.
  if (note === undefined) return { name, type: { kind: 'text' }, nullable: true, native, charset: 'utf8mb4' }
  const text = ['text', 'enum', 'set'].includes(note.type.kind)
  const column = { name: note.name, type: note.type, nullable: note.nullable, native }
  return { ...column, portable: portability(column, known ?? ''), ...(text ? { charset: 'utf8mb4' } : {}) }
}
