import { randomUUID } from 'node:crypto'
import { type Probe, verdict } from './probe.ts'
import { statusOf } from './probes-tables.ts'
import { type Json, read, text } from './rest.ts'

/** Jobs: loads, their ids and numbers, and what queries can be asked beside rows. */
export const JOB_PROBES = {
  'a load has the id it was given': {
    bigquery: { named: true, found: 'DONE' },
    async run({ rest, table, load }) {
      const made = await table(['id INT64'])
      const jobId = randomUUID()
      const job = await load(made, [{ id: 1 }], { jobId })
      const found = await rest.request('GET', `/jobs/${text(job, 'jobReference', 'jobId')}`)
      return { named: read(job, 'jobReference', 'jobId') === jobId, found: read(found, 'status', 'state') ?? null }
    },
  },
  'a load with the id of another: 409, nothing loaded': {
    bigquery: { again: '409 duplicate', rows: '1' },
    async run({ rest, table, load }) {
      const made = await table(['id INT64'])
      const jobId = randomUUID()
      await load(made, [{ id: 1 }], { jobId })
      const again = await statusOf(() => load(made, [{ id: 1 }], { jobId }))
      return { again, rows: (await rest.query(`SELECT COUNT(*) FROM ${made.sql}`))[0]?.[0] ?? null }
    },
  },
  'a query job with the id of another: 409, not run': {
    bigquery: { again: '409 duplicate', rows: '1' },
    async run({ rest, table }) {
      const made = await table(['id INT64'])
      const jobId = randomUUID()
      const insert = { query: { query: `INSERT INTO ${made.sql} (id) VALUES (1)`, useLegacySql: false } }
      await rest.job(insert, jobId)
      const again = await statusOf(() => rest.job(insert, jobId))
      return { again, rows: (await rest.query(`SELECT COUNT(*) FROM ${made.sql}`))[0]?.[0] ?? null }
    },
  },
  'a job that nobody made: 404': {
    bigquery: '404 notFound',
    run: ({ rest }) => statusOf(() => rest.request('GET', '/jobs/nobody')),
  },
  'WRITE_APPEND and WRITE_TRUNCATE': {
    bigquery: [['3']],
    async run({ rest, table, load }) {
      const made = await table(['id INT64'])
      await load(made, [{ id: 1 }])
      await load(made, [{ id: 2 }])
      const two = await rest.query(`SELECT id FROM ${made.sql} ORDER BY id`)
      if (two.length !== 2) return two
      await load(made, [{ id: 3 }], { load: { writeDisposition: 'WRITE_TRUNCATE' } })
      return rest.query(`SELECT id FROM ${made.sql}`)
    },
  },
  'a load of nothing': {
    bigquery: 'accepted',
    async run({ table, load }) {
      const made = await table(['id INT64'])
      return verdict(() => load(made, []))
    },
  },
  'a load without a schema uses the schema of the table': {
    bigquery: [['00ff10']],
    async run({ rest, table, dataset }) {
      const made = await table(['v BYTES'])
      await rest.load({ dataset, table: made.id, rows: [{ v: 'AP8Q' }] })
      return rest.query(`SELECT TO_HEX(v) FROM ${made.sql}`)
    },
  },
  'a load with an unknown field is refused': {
    bigquery: 'refused',
    async run({ table, load }) {
      const made = await table(['id INT64'])
      return verdict(() => load(made, [{ id: 1, other: 'lost' }]))
    },
  },
  'a load that fails leaves nothing': {
    bigquery: { verdict: 'refused', rows: '0' },
    async run({ rest, table, load }) {
      const made = await table(['id INT64'])
      const said = await verdict(() => load(made, [{ id: 1 }, { id: 'one' }]))
      return { verdict: said, rows: (await rest.query(`SELECT COUNT(*) FROM ${made.sql}`))[0]?.[0] ?? null }
    },
  },
  'outputRows of a load': {
    bigquery: '2',
    async run({ table, load }) {
      const made = await table(['id INT64'])
      await load(made, [{ id: 1 }])
      const job = await load(made, [{ id: 2 }, { id: 3 }])
      return read(job, 'statistics', 'load', 'outputRows') ?? null
    },
  },
  'a load that makes its table': {
    bigquery: [['1', 'x']],
    async run({ rest, dataset, project }) {
      const load: Json = {
        createDisposition: 'CREATE_IF_NEEDED',
        schema: {
          fields: [
            { name: 'id', type: 'INT64' },
            { name: 'v', type: 'STRING' },
          ],
        },
      }
      await rest.load({ dataset, table: 'by_load', rows: [{ id: 1, v: 'x' }], load })
      return rest.query(`SELECT id, v FROM \`${project}.${dataset}.by_load\``)
    },
  },
  'a query that fails: HTTP 400': {
    bigquery: '400 invalidQuery',
    run: ({ rest }) => statusOf(() => rest.query('SELECT nothing')),
  },
  'a query of a table that is not there: HTTP 404': {
    bigquery: '404 notFound',
    run: ({ rest, project, dataset }) => statusOf(() => rest.query(`SELECT * FROM \`${project}.${dataset}.nothing\``)),
  },
  'a query job that fails says so': {
    bigquery: 'job invalidQuery',
    run: ({ rest }) => statusOf(() => rest.job({ query: { query: `SELECT ERROR('no')`, useLegacySql: false } })),
  },
  'labels of a job': {
    bigquery: { managed_by: 'dbsync' },
    async run({ rest }) {
      const job = await rest.job({ query: { query: 'SELECT 1', useLegacySql: false }, labels: { managed_by: 'dbsync' } })
      return read(await rest.request('GET', `/jobs/${text(job, 'jobReference', 'jobId')}`), 'configuration', 'labels') ?? null
    },
  },
  'a dry run checks and does nothing': {
    bigquery: { good: 'accepted', bad: 'refused', rows: '0' },
    async run({ rest, table }) {
      const made = await table(['id INT64'])
      const good = await verdict(() => rest.query(`INSERT INTO ${made.sql} (id) VALUES (1)`, { dryRun: true }))
      const bad = await verdict(() => rest.query(`SELECT other FROM ${made.sql}`, { dryRun: true }))
      return { good, bad, rows: (await rest.query(`SELECT COUNT(*) FROM ${made.sql}`))[0]?.[0] ?? null }
    },
  },
  'tabledata.list by pages': {
    bigquery: { first: 2, second: 1, totalRows: '3' },
    async run({ rest, table }) {
      const made = await table(['id INT64'])
      await rest.query(`INSERT INTO ${made.sql} (id) VALUES (1), (2), (3)`)
      const first = await rest.request('GET', `${made.path}/data?maxResults=2`)
      const second = await rest.request('GET', `${made.path}/data?maxResults=2&pageToken=${encodeURIComponent(text(first, 'pageToken'))}`)
      return {
        first: (first['rows'] as readonly Json[]).length,
        second: (second['rows'] as readonly Json[]).length,
        totalRows: first['totalRows'] ?? null,
      }
    },
  },
  'a result by pages': {
    bigquery: [2, 3],
    async run({ rest }) {
      const settings = { maxResults: 2 }
      const first = await rest.request('POST', '/queries', { query: 'SELECT x FROM UNNEST([1, 2, 3]) AS x', useLegacySql: false, ...settings })
      const all = await rest.query('SELECT x FROM UNNEST([1, 2, 3]) AS x', settings)
      return [(first['rows'] as readonly Json[]).length, all.length]
    },
  },
  'a copy job': {
    bigquery: [['1']],
    async run({ rest, table, dataset, project }) {
      const made = await table(['id INT64'])
      await rest.query(`INSERT INTO ${made.sql} (id) VALUES (1)`)
      const at = (tableId: string) => ({ projectId: project, datasetId: dataset, tableId })
      await rest.job({ copy: { sourceTable: at(made.id), destinationTable: at('copied'), writeDisposition: 'WRITE_TRUNCATE' } })
      return rest.query(`SELECT id FROM \`${project}.${dataset}.copied\``)
    },
  },
} satisfies Record<string, Probe>
