import { type MemoryDatabase, putTable } from '@dbsync/core/memory'
import { diffTable, type ReadRequest, type TableReader, type Target, type WriteWork } from '@dbsync/core/plugin'

/** A reader that counts what it reads, and follows a server: members that the one in memory has no use for. */
export function withMembers<Reader extends TableReader>(reader: Reader): Reader {
  let received = 0
  return {
    ...reader,
    async *read(request: ReadRequest) {
      for await (const batch of reader.read(request)) {
        received += batch.bytes.length
        yield batch
      }
    },
    traffic: () => ({ received, sent: 1 }),
    async lag(signal: AbortSignal) {
      signal.throwIfAborted()
      return 3
    },
  }
}

/** With the optional members that a memory target has no use for, as the contract asks for them. */
export const withTargetMembers = (target: Target): Target => ({
  ...target,
  ask: (schema) => schema,
  narrows: () => [],
  share(existing, wanted) {
    const columns = [existing, ...wanted].flatMap((schema) => schema?.columns ?? [])
    const [first] = wanted
    if (first === undefined) throw new Error('no table is wanted')
    return { ...first, columns: [...new Map(columns.map((column) => [column.name, column])).values()] }
  },
  makesAnew: () => false,
  guard: () => undefined,
  diff: (actual, wanted) => diffTable(actual, wanted),
  misfits: async () => [],
  kept: (_, rows) => rows,
  examine: async () => ({ findings: [{ level: 'ok', id: 'rights', message: 'All can be written.' }], clock: { aheadMs: 0, uncertainMs: 1, zoneMinutes: 0 } }),
  orphans: async () => [],
  counter: async () => undefined,
  costs: async (_, { bytes, statements }) => ({ jobs: statements + 1, bytesSent: bytes, bytesRead: 0 }),
})

export const STAGING = 'staging of '

/** A target that stages rows in tables of its own, as servers do: they are hidden, and found when a run was killed. */
export function staged(right: Target, db: MemoryDatabase): Target {
  const reserved = (name: string) => name.startsWith(STAGING)
  const stagingOf = ({ schema }: WriteWork) => ({ ...schema, table: { ...schema.table, name: `${STAGING}${schema.table.name}` } })
  return {
    ...right,
    reserved,
    describe: async (database, names) => (await right.describe(database, names)).filter(({ table }) => !reserved(table.name)),
    leftovers: async (database) => {
      const tables = [...(db.databases.get(database)?.values() ?? [])].map(({ schema }) => schema.table)
      return tables.filter(({ name }) => reserved(name)).flatMap((table) => right.render({ type: 'drop-table', table }))
    },
    async open(work, signal) {
      const writer = await right.open(work, signal)
      const { schema } = { schema: stagingOf(work) }
      putTable(db, schema)
      return {
        ...writer,
        async [Symbol.asyncDispose]() {
          await writer[Symbol.asyncDispose]()
          db.databases.get(schema.table.database)?.delete(schema.table.name)
        },
      }
    },
  }
}
