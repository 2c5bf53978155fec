import type { DigestReader } from '@dbsync/core/plugin'
import { warehouseReader } from '@dbsync/warehouse'
import { type Place, tableAt } from './ddl.ts'
import type { Tables } from './describe.ts'
import { BIGQUERY } from './dialect.ts'
import type { Jobs } from './jobs.ts'
import type { Rest } from './rest.ts'

export type Session = { readonly rest: Rest; readonly jobs: Jobs; readonly place: Place; readonly tables: Tables }

/** The rows of one tenant: `schema.table.database` says which. */
export const bigqueryReader = ({ rest, jobs, place, tables }: Session): DigestReader => ({
  ...warehouseReader({ dialect: BIGQUERY, queries: jobs, tableAt: (table) => tableAt(place, table) }),
  describe: (tenant, names) => tables.describe(tenant, names),
  traffic: () => rest.traffic(),
})
