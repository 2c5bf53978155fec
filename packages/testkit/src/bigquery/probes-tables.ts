import { field, type Probe, type ProbePlace, type ProbeTable, verdict } from './probe.ts'
import { BigQueryRefusal, type Json, read } from './rest.ts'

/** Datasets, tables, their properties and changes of them. */
export const TABLE_PROBES = {
  'a dataset: insert, get, labels': {
    bigquery: { location: 'EU', labels: { managed_by: 'dbsync' }, listed: true, again: '409 duplicate' },
    async run({ rest, project }) {
      const dataset = { datasetReference: { projectId: project, datasetId: 'made' }, location: 'EU', labels: { managed_by: 'dbsync' } }
      await rest.request('POST', '/datasets', dataset)
      const made = await rest.request('GET', '/datasets/made')
      const list = (await rest.request('GET', '/datasets'))['datasets'] as readonly Json[]
      return {
        location: read(made, 'location') ?? null,
        labels: read(made, 'labels') ?? null,
        listed: list.some((each) => read(each, 'datasetReference', 'datasetId') === 'made'),
        again: await statusOf(() => rest.request('POST', '/datasets', dataset)),
      }
    },
  },
  'a table: insert, get, list, delete': {
    bigquery: {
      fields: [
        ['id', 'INTEGER', 'REQUIRED'],
        ['v', 'STRING', 'NULLABLE'],
      ],
      listed: true,
      again: '409 duplicate',
      afterwards: '404 notFound',
    },
    async run({ rest, dataset, table, project }) {
      const made = await table(['id INTEGER REQUIRED', 'v STRING'])
      const list = (await rest.request('GET', `/datasets/${dataset}/tables`))['tables'] as readonly Json[]
      const again = await statusOf(() =>
        rest.request('POST', `/datasets/${dataset}/tables`, { tableReference: { projectId: project, datasetId: dataset, tableId: made.id } }),
      )
      const fields = await schemaOf(rest, made)
      await rest.request('DELETE', made.path)
      return {
        fields,
        listed: list.some((each) => read(each, 'tableReference', 'tableId') === made.id),
        again,
        afterwards: await statusOf(() => rest.request('GET', made.path)),
      }
    },
  },
  'a table: partitioning': property({ timePartitioning: { type: 'DAY', field: 'ts' } }, 'timePartitioning'),
  'a table: clustering': property({ clustering: { fields: ['tenant_id', 'id'] } }, 'clustering'),
  'a table: primary key': property({ tableConstraints: { primaryKey: { columns: ['tenant_id', 'id'] } } }, 'tableConstraints'),
  'a table: labels': property({ labels: { managed_by: 'dbsync' } }, 'labels'),
  'a table: description': property({ description: 'it\'s "one"' }, 'description'),
  'a table: expirationTime': property({ expirationTime: '4102444800000' }, 'expirationTime'),
  'a column: description': {
    bigquery: 'na`me',
    async run({ rest, table }) {
      const made = await table([], { schema: { fields: [{ name: 'id', type: 'INTEGER', description: 'na`me' }] } })
      const fields = read(await rest.request('GET', made.path), 'schema', 'fields') as readonly Json[]
      return read(fields[0], 'description') ?? null
    },
  },
  'REQUIRED is enforced by INSERT': {
    bigquery: 'refused',
    async run({ rest, table }) {
      const made = await table(['id INT64 REQUIRED', 'v STRING'])
      return verdict(() => rest.query(`INSERT INTO ${made.sql} (v) VALUES ('a')`))
    },
  },
  'REQUIRED is enforced by a load': {
    bigquery: 'refused',
    async run({ table, load }) {
      const made = await table(['id INT64 REQUIRED', 'v STRING'])
      return verdict(() => load(made, [{ v: 'a' }]))
    },
  },
  'ALTER TABLE ADD COLUMN': {
    bigquery: {
      fields: [
        ['id', 'INTEGER', 'NULLABLE'],
        ['b', 'STRING', 'NULLABLE'],
        ['c', 'NUMERIC', 'NULLABLE'],
      ],
      rows: [
        ['1', null],
        ['2', 'x'],
      ],
    },
    async run({ rest, table, load }) {
      const made = await table(['id INTEGER'])
      await rest.query(`INSERT INTO ${made.sql} (id) VALUES (1)`)
      await rest.query(`ALTER TABLE ${made.sql} ADD COLUMN IF NOT EXISTS b STRING, ADD COLUMN IF NOT EXISTS c NUMERIC`)
      await rest.query(`ALTER TABLE ${made.sql} ADD COLUMN IF NOT EXISTS b STRING`)
      const fields = await schemaOf(rest, made)
      await load(made, [{ id: 2, b: 'x' }], { load: { schema: { fields: ['id INTEGER', 'b STRING', 'c NUMERIC'].map(field) } } })
      return { fields, rows: await rest.query(`SELECT id, b FROM ${made.sql} ORDER BY id`) }
    },
  },
  'ALTER COLUMN SET DATA TYPE': {
    bigquery: { fields: [['id', 'NUMERIC', 'NULLABLE']], rows: [['1']] },
    async run({ rest, table }) {
      const made = await table(['id INTEGER'])
      await rest.query(`INSERT INTO ${made.sql} (id) VALUES (1)`)
      await rest.query(`ALTER TABLE ${made.sql} ALTER COLUMN id SET DATA TYPE NUMERIC`)
      return { fields: await schemaOf(rest, made), rows: await rest.query(`SELECT id FROM ${made.sql}`) }
    },
  },
  'ALTER COLUMN DROP NOT NULL': {
    bigquery: [['id', 'INTEGER', 'NULLABLE']],
    async run({ rest, table }) {
      const made = await table(['id INTEGER REQUIRED'])
      await rest.query(`ALTER TABLE ${made.sql} ALTER COLUMN id DROP NOT NULL`)
      return schemaOf(rest, made)
    },
  },
  'ALTER TABLE ADD PRIMARY KEY': {
    bigquery: ['id'],
    async run({ rest, table }) {
      const made = await table(['id INTEGER'])
      await rest.query(`ALTER TABLE ${made.sql} ADD PRIMARY KEY (id) NOT ENFORCED`)
      return read(await rest.request('GET', made.path), 'tableConstraints', 'primaryKey', 'columns') ?? null
    },
  },
  'tables.patch adds a column': {
    bigquery: [['1', 'x']],
    async run({ rest, table }) {
      const made = await table(['id INTEGER'])
      await rest.request('PATCH', made.path, {
        schema: {
          fields: [
            { name: 'id', type: 'INTEGER' },
            { name: 'b', type: 'STRING' },
          ],
        },
      })
      await rest.query(`INSERT INTO ${made.sql} (id, b) VALUES (1, 'x')`)
      return rest.query(`SELECT id, b FROM ${made.sql}`)
    },
  },
  'CREATE TABLE with everything': {
    bigquery: { partition: 'ts', cluster: ['tenant_id', 'id'], key: ['tenant_id', 'id'], labels: { managed_by: 'dbsync' } },
    async run({ rest, project, dataset }) {
      await rest.query(
        `CREATE TABLE IF NOT EXISTS \`${project}.${dataset}.by_ddl\` (tenant_id STRING NOT NULL, id INT64 NOT NULL, ts TIMESTAMP,
         PRIMARY KEY (tenant_id, id) NOT ENFORCED) PARTITION BY DATE(ts) CLUSTER BY tenant_id, id OPTIONS(labels=[('managed_by','dbsync')])`,
      )
      const made = await rest.request('GET', `/datasets/${dataset}/tables/by_ddl`)
      return {
        partition: read(made, 'timePartitioning', 'field') ?? null,
        cluster: read(made, 'clustering', 'fields') ?? null,
        key: read(made, 'tableConstraints', 'primaryKey', 'columns') ?? null,
        labels: read(made, 'labels') ?? null,
      }
    },
  },
  'numRows of a table': {
    bigquery: '2',
    async run({ rest, table }) {
      const made = await table(['id INTEGER'])
      await rest.query(`INSERT INTO ${made.sql} (id) VALUES (1), (2)`)
      return read(await rest.request('GET', made.path), 'numRows') ?? null
    },
  },
} satisfies Record<string, Probe>

/** A property given to tables.insert, as tables.get tells it. */
function property(given: { readonly [name: string]: Json }, name: string): Probe {
  return {
    bigquery: given[name] ?? null,
    async run({ rest, table }) {
      const made = await table(['tenant_id STRING REQUIRED', 'id INT64 REQUIRED', 'ts TIMESTAMP'], given)
      return read(await rest.request('GET', made.path), name) ?? null
    },
  }
}

async function schemaOf(rest: ProbePlace['rest'], table: ProbeTable): Promise<Json> {
  const fields = read(await rest.request('GET', table.path), 'schema', 'fields') as readonly Json[]
  return fields.map((each) => [read(each, 'name') ?? null, read(each, 'type') ?? null, read(each, 'mode') ?? 'NULLABLE'])
}

export async function statusOf(attempt: () => Promise<unknown>): Promise<string> {
  try {
    await attempt()
    return 'accepted'
  } catch (error) {
    if (error instanceof BigQueryRefusal) return `${error.status ?? 'job'} ${error.reason}`
    throw error
  }
}
