import { BigQueryRefusal, type BigQueryRest, type Json, type JsonObject } from './rest.ts'

/** One thing that dbsync needs of BigQuery: how to try it, and what BigQuery itself answers by its documentation. */
export type Probe = {
  readonly bigquery: Json
  readonly run: (place: ProbePlace) => Promise<Json>
}

export type ProbePlace = {
  readonly rest: BigQueryRest
  readonly project: string
  readonly dataset: string
  /** Makes a table. `fields` as in `id INT64 REQUIRED`, with more of the table's resource. */
  readonly table: (fields: readonly string[], more?: JsonObject) => Promise<ProbeTable>
  /** Loads rows as dbsync does, with the table's schema. */
  readonly load: (table: ProbeTable, rows: readonly JsonObject[], more?: { readonly jobId?: string; readonly load?: JsonObject }) => Promise<JsonObject>
}

export type ProbeTable = {
  readonly id: string
  readonly schema: JsonObject
  /** Below the project, for REST. */
  readonly path: string
  /** For SQL, in its quotes. */
  readonly sql: string
}

/** `accepted`, or `refused` whatever the words: for what BigQuery must refuse. */
export async function verdict(attempt: () => Promise<unknown>): Promise<'accepted' | 'refused'> {
  try {
    await attempt()
    return 'accepted'
  } catch (error) {
    if (error instanceof BigQueryRefusal) return 'refused'
    throw error
  }
}

/** What a probe sees. A refusal that it did not expect is what it sees too. */
export async function observe(probe: Probe, place: ProbePlace): Promise<Json> {
  try {
    return await probe.run(place)
  } catch (error) {
    if (!(error instanceof BigQueryRefusal)) throw error
    return `refused: ${error.status ?? 'job'} ${error.reason}`
  }
}

/** Makes the dataset. */
export async function probePlace(rest: BigQueryRest, project: string, dataset: string): Promise<ProbePlace> {
  let tables = 0
  await rest.request('POST', '/datasets', { datasetReference: { projectId: project, datasetId: dataset } })
  return {
    rest,
    project,
    dataset,
    async table(fields, more = {}) {
      const id = `t${++tables}`
      const schema = { fields: fields.map(field) }
      await rest.request('POST', `/datasets/${dataset}/tables`, {
        tableReference: { projectId: project, datasetId: dataset, tableId: id },
        schema,
        ...more,
      })
      return { id, schema, path: `/datasets/${dataset}/tables/${id}`, sql: `\`${project}.${dataset}.${id}\`` }
    },
    load: (table, rows, more = {}) => rest.load({ dataset, table: table.id, rows, ...more, load: { schema: table.schema, ...more.load } }),
  }
}

export function field(text: string): JsonObject {
  const [name = '', type = '', mode = 'NULLABLE'] = text.split(' ')
  return { name, type, mode }
}
