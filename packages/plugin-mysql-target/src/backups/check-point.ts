import {
  type BackupCheck,
  type BackupManifest,
  type BackupPoint,
  type Digest,
  SyncError,
  type TableRef,
  type TableSchema,
  tableName,
} from '@dbsync/core/plugin'
import { type CreateTableParts, describeTables, type MysqlConnection, mysqlReader } from '@dbsync/mysql'
import type { Connections } from '../connections.ts'
import { type Inspection, inspect, tableKey } from './inspect.ts'
import { defaultDatabase, loadPoint, unlikeManifest } from './load-point.ts'
import { readManifest, replaceManifest } from './manifest.ts'
import { PointFile } from './point-file.ts'
import { DUMP_SUFFIX } from './point-names.ts'
import type { Dialect } from './scanner.ts'
import { ScratchDatabases } from './scratch.ts'

export type CheckTools = { readonly connections: Connections; readonly server: Dialect; readonly folder: string }
type CheckOptions = { readonly restore: boolean; readonly signal: AbortSignal }

/** Reads every byte of a dump, and restores it where that is asked for. What is wrong with it is the answer; throws what is wrong with the server. */
export async function checkPoint({ connections, server, folder }: CheckTools, given: BackupPoint, { restore, signal }: CheckOptions): Promise<BackupCheck> {
  const stem = given.name.slice(0, -DUMP_SUFFIX.length)
  const manifest = await readManifest(folder, stem)
  if (manifest === 'damaged') return { verdict: 'damaged', findings: ['its manifest cannot be read'], tables: [] }
  const point = withManifest(given, manifest)
  const inspection = await look(point, server, signal)
  if ('verdict' in inspection) return inspection
  const trouble = inspection.trouble ?? unlikeManifest(point, inspection) ?? cutForeign(point, inspection)
  const { tables, leftOut } = inspection
  if (trouble !== undefined) return { verdict: 'damaged', findings: [trouble], tables }
  const findings = [...leftOut.map((what) => `left out by a restore: ${what}`), ...(manifest === undefined ? unproved(inspection) : [])]
  const verdict = manifest === undefined ? 'unproved' : 'intact'
  if (!restore) return { verdict, findings, tables }
  const differences = await connections.with(signal, (connection) => restoredDifferences(connection, point, tables, signal))
  if (differences.length > 0) return { verdict: 'damaged', findings: [...differences, ...findings], tables }
  if (manifest === undefined) return { verdict, findings: ['it can be restored', ...findings], tables }
  await replaceManifest(folder, stem, { ...manifest, restoredAt: new Date().toISOString() })
  const unsure = manifest.tables.filter(({ absent, digest }) => absent !== true && digest === null)
  return { verdict: 'proved', findings: [...unsure.map((table) => `${tableName(table)}: only its rows were counted`), ...findings], tables }
}

/** The manifest as it is on disk now. */
function withManifest(given: BackupPoint, manifest: BackupManifest | undefined): BackupPoint {
  const { manifest: _, ...point } = given
  return manifest === undefined ? point : { ...point, manifest }
}

async function look(point: BackupPoint, server: Dialect, signal: AbortSignal): Promise<Inspection | BackupCheck> {
  try {
    await using file = await PointFile.open(point.path)
    return await inspect(file, { database: defaultDatabase(point), server, signal })
  } catch (error) {
    if (!SyncError.is(error) || error.code !== 'BACKUP_UNREADABLE') throw error
    return { verdict: 'damaged', findings: [error.message], tables: [] }
  }
}

/** A dump with its first comment has its last one too. */
const cutForeign = ({ manifest }: BackupPoint, { begun, ended }: Inspection): string | undefined =>
  manifest === undefined && begun && !ended ? 'its last line is missing: the dump was cut, or never came to its end' : undefined

const unproved = ({ ended }: Inspection): readonly string[] => [
  'there is no manifest to compare it with',
  ...(ended ? [] : ['nothing at its end says that it is complete']),
]

/** Restores into scratch databases and compares, one sentence for each table that is not the same. */
async function restoredDifferences(
  connection: MysqlConnection,
  point: BackupPoint,
  tables: readonly (TableRef & { readonly rows: number })[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  await using scratch = new ScratchDatabases(connection)
  await scratch.removeLeftovers(signal)
  for (const database of new Set(tables.map((table) => table.database))) await scratch.create(database, signal)
  try {
    await loadPoint(connection, point, { scratch: (database) => scratch.nameOf(database), define: withoutForeignKeys, signal })
  } catch (error) {
    const serverLimit = ['MYSQL_PACKET', 'MYSQL_DISK_FULL', 'MYSQL_READ_ONLY']
    if (SyncError.is(error) && (error.kind === 'data' || error.kind === 'refused') && !serverLimit.includes(error.code)) return [error.message]
    throw error
  }
  const differences: string[] = []
  const promised = new Map((point.manifest?.tables ?? []).map((table) => [tableKey(table), table]))
  for (const [database, members] of Map.groupBy(tables, (table) => table.database)) {
    const schemas = new Map((await describeTables(connection, scratch.nameOf(database))).map((schema) => [schema.table.name, schema]))
    for (const table of members) {
      const schema = schemas.get(table.name)
      const digest = schema === undefined ? undefined : await wholeDigest(connection, schema, signal)
      const wanted = { rows: table.rows, digest: promised.get(tableKey(table))?.digest ?? null }
      if (digest === undefined) differences.push(`${tableName(table)} was not there after the restore`)
      else if (digest.rows !== wanted.rows) differences.push(`${tableName(table)} had ${digest.rows} rows after the restore instead of ${wanted.rows}`)
      else if (wanted.digest !== null && digest.sum !== wanted.digest) differences.push(`${tableName(table)} had other rows after the restore than before`)
    }
  }
  return differences
}

/** They would tie the scratch tables to others. */
const withoutForeignKeys = (_: TableRef, parts: CreateTableParts): CreateTableParts => ({
  ...parts,
  constraints: parts.constraints.filter(({ kind }) => kind !== 'foreign'),
})

/** One digest over all rows of a table; `undefined` where the server cannot compute it. */
export async function wholeDigest(connection: MysqlConnection, schema: TableSchema, signal: AbortSignal): Promise<Digest | undefined> {
  const reader = mysqlReader(async () => ({ connection, [Symbol.asyncDispose]: async () => {} }))
  const whole = schema.key.length > 0 ? ({ by: 'key' } as const) : ({ by: 'hash', from: '0', to: (1n << 64n).toString() } as const)
  const [digest] = (await reader.digest?.(schema, [whole], signal)) ?? []
  return digest
}
