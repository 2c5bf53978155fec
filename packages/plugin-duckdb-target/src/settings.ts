import { resolve } from 'node:path'
import { type PluginContext, SyncError } from '@dbsync/core/plugin'
import { OptionReader, type WarehouseSettings } from '@dbsync/warehouse'
import { DUCKDB } from './dialect.ts'

export type Settings = WarehouseSettings & {
  /** Absolute. */
  readonly path: string
  readonly memoryLimit: string
}

/** Settings that core has checked against `OPTIONS`. Throws `DUCKDB_OPTIONS` and `WAREHOUSE_OPTIONS`. */
export function duckdbSettings(options: Readonly<Record<string, unknown>>, { directory }: Pick<PluginContext, 'directory'>): Settings {
  const given = new OptionReader(options, wrong)
  const path = given.text('path')
  if (path === undefined || path.includes('\0')) throw wrong('path is missing', 'Name the file: "path": "warehouse.duckdb".')
  // DuckDB puts the name of its log before the mark, and then finds no such folder.
  if (resolve(directory, path).includes('?'))
    throw wrong('path has a question mark in it', 'DuckDB cannot work with such a file: choose another name or folder.')
  const memoryLimit = given.text('memory_limit') ?? '512MB'
  if (!/^\d+(\.\d+)? ?[KMGT]i?B$/i.test(memoryLimit)) throw wrong('memory_limit is no size', 'Use "512MB" or "2GB", for example.')
  return {
    path: resolve(directory, path),
    ...given.warehouse(DUCKDB),
    memoryLimit,
  }
}

const wrong = (what: string, hint: string): SyncError => new SyncError('DUCKDB_OPTIONS', `DuckDB: the setting ${what}.`, { kind: 'config', hint })
