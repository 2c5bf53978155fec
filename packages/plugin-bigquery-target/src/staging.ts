import { randomBytes } from 'node:crypto'
import type { TableRef, TableSchema } from '@dbsync/core/plugin'
import { OPERATION, ROW_HASH, SEQUENCE, shortHash, warehouseColumns } from '@dbsync/warehouse'
import { BIGQUERY } from './dialect.ts'
import { BigqueryFailure, syncError } from './failures.ts'
import type { Rest } from './rest.ts'

const LIFE_MS = 24 * 3_600_000

/** Staging tables of one tenant begin like this: 64 bits of hash, for those of another one must never be taken for these. */
export const stagingPrefix = (tenant: string): string => `_dbsync_stg_${shortHash(tenant)}${shortHash(`${tenant}\n`)}_`

/** A name of its own for each writing: what a killed run still loads must not reach the rows of the next one. */
export const stagingName = ({ database, name }: TableRef, unique = randomBytes(6).toString('hex')): string =>
  `${stagingPrefix(database)}${shortHash(name)}_${unique}`

/** The jobs that read and write a staging table have its name: whoever finds the table can ask what became of them. */
export const mergeJob = (staging: string): string => `${staging}_merge`
export const loadJob = (staging: string, number: number): string => `${staging}_load${number}`

/** The fields of a staging table. */
export function stagingFields(schema: TableSchema): readonly { readonly name: string; readonly type: string }[] {
  const columns = warehouseColumns(BIGQUERY, schema).map(({ name, type }) => ({
    name,
    type: type === 'INT64' ? 'INTEGER' : type === 'FLOAT64' ? 'FLOAT' : type === 'BOOL' ? 'BOOLEAN' : type,
  }))
  const hashed = schema.key.length > 0 ? [] : [ROW_HASH]
  return [...columns, ...[...hashed, SEQUENCE, OPERATION].map((name) => ({ name, type: name === ROW_HASH || name === OPERATION ? 'STRING' : 'INTEGER' }))]
}

/** Makes it. It goes by itself after a day, should nobody remove it. */
export async function createStaging(rest: Rest, dataset: string, tableId: string, schema: TableSchema, signal: AbortSignal): Promise<void> {
  const body = {
    tableReference: { projectId: rest.project, datasetId: dataset, tableId },
    schema: { fields: stagingFields(schema) },
    expirationTime: String(Date.now() + LIFE_MS),
    labels: { managed_by: 'dbsync' },
  }
  try {
    await rest.call({ method: 'POST', path: `/datasets/${dataset}/tables`, body, signal })
  } catch (error) {
    // The name is ours alone: its answer was lost.
    if (error instanceof BigqueryFailure && error.status === 409) return
    throw syncError(error, `making a staging table in ${dataset}`)
  }
}

export async function dropStaging(rest: Rest, dataset: string, tableId: string, signal: AbortSignal): Promise<void> {
  try {
    await rest.find({ method: 'DELETE', path: `/datasets/${dataset}/tables/${tableId}`, signal })
  } catch (error) {
    throw syncError(error, `removing a staging table from ${dataset}`)
  }
}
