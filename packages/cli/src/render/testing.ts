import type { Plan, RunReport, SyncEvent, TableOutcome, TablePlan, TableReport, TableSchema } from '@dbsync/core'

/** Hostile enough to show whatever is not made harmless: an escape, a line break, a name that is a property of every object. */
export const NAMES = ['users', 'a\n\u001b[31mb', '__proto__'] as const

const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString()

export const NOW = new Date(Date.UTC(2026, 0, 1, 2, 0, 0))

export function event<T extends Omit<SyncEvent, 'v' | 'run' | 'at'>>(seconds: number, body: T): SyncEvent {
  return { v: 1, run: 'r1', at: at(seconds), ...body } as unknown as SyncEvent
}

export const idOf = (name: string): string => `copy/shop.${name}`

function schemaOf(name: string): TableSchema {
  return {
    table: { database: 'shop', name },
    columns: [{ name: 'id', type: { kind: 'int', bits: 64, unsigned: true }, nullable: false }],
    key: ['id'],
    uniqueKeys: [],
    foreignKeys: [],
    referencedBy: [],
    triggers: [],
    transactional: true,
    estimate: { rows: 1000, bytes: 64_000 },
  }
}

export function tablePlan(name: string, more: Partial<TablePlan> = {}): TablePlan {
  return {
    id: idOf(name),
    schema: schemaOf(name),
    wanted: schemaOf(name),
    strategy: { kind: 'digest' },
    reason: 'it has a key',
    guarantee: { level: 'exact' },
    changes: [],
    statements: [],
    warnings: [],
    ...more,
  }
}

export function plan(tables: readonly TablePlan[] = NAMES.map((name) => tablePlan(name))): Plan {
  return {
    version: 1,
    run: 'r1',
    mode: 'incremental',
    source: { id: 's', label: 'MariaDB 10.11 at db:3306', consistency: 'one moment of all tables' },
    targets: [
      {
        name: 'copy',
        type: 'mysql',
        label: 'MariaDB 10.11 at backup:3306',
        databases: [
          {
            source: 'shop',
            target: 'shop_copy',
            statements: ['CREATE DATABASE `shop_copy`'],
            tables,
            targetOnly: ['old\n'],
            objects: { views: ['v1', 'v2'], triggers: undefined, routines: [], events: ['e'], sequences: [] },
          },
        ],
      },
    ],
    warnings: [],
  }
}

export function tableReport(name: string, outcome: TableOutcome, more: Partial<TableReport> = {}): TableReport {
  return {
    id: idOf(name),
    outcome,
    strategy: 'digest',
    rowsRead: 1234,
    inserted: 0,
    updated: 0,
    deleted: 0,
    skipped: 0,
    bytes: 5_000_000,
    ms: 1500,
    retries: 0,
    comparedAt: at(0),
    warnings: [],
    ...(outcome === 'synced' || outcome === 'unchanged' ? { guarantee: { level: 'exact' } as const } : {}),
    ...more,
  }
}

export function report(tables: readonly TableReport[], more: Partial<RunReport> = {}): RunReport {
  const count = (outcome: TableOutcome) => tables.filter((table) => table.outcome === outcome).length
  const sum = (key: 'rowsRead' | 'inserted' | 'updated' | 'deleted' | 'skipped' | 'bytes' | 'retries') => tables.reduce((total, table) => total + table[key], 0)
  return {
    run: 'r1',
    status: tables.every(({ outcome }) => outcome === 'synced' || outcome === 'unchanged') ? 'ok' : 'partial',
    mode: 'incremental',
    startedAt: at(0),
    finishedAt: at(3),
    ms: 3000,
    tables,
    totals: {
      outcomes: { synced: count('synced'), unchanged: count('unchanged'), failed: count('failed'), refused: count('refused'), cancelled: count('cancelled') },
      rowsRead: sum('rowsRead'),
      inserted: sum('inserted'),
      updated: sum('updated'),
      deleted: sum('deleted'),
      skipped: sum('skipped'),
      bytes: sum('bytes'),
      rowsPerSecond: 411,
      retries: sum('retries'),
      errors: {},
    },
    backups: [],
    warnings: [],
    ...more,
  }
}
