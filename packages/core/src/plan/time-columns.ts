import type { SourceClock } from '../contract/source.ts'
import type { Column, TableSchema } from '../model/schema.ts'

/** Looked for in this order. */
const NAMES = ['updated_at', 'update_time', 'last_updated', 'last_update', 'modify_time', 'created_at', 'create_time', 'insert_time', 'timestamp', 'sync_time']

/** These say by their name that they move whenever the row does; any other needs the engine's stamp or the configuration. */
const MOVING_NAMES = new Set(['updated_at', 'update_time', 'last_updated', 'last_update', 'modify_time'])

export type TimeColumns = {
  /** Candidates in order: a row is read when any of them is new. */
  readonly columns: readonly Column[]
  /** True when one of them moves with every change of the row; otherwise they show new rows only. */
  readonly moving: boolean
}

/** The columns of a table by which changes can be found, or `undefined`. `configured` names take the place of the known ones. */
export function timeColumns(schema: TableSchema, configured?: readonly string[]): TimeColumns | undefined {
  const byName = new Map(schema.columns.map((column) => [column.name.toLowerCase(), column]))
  const columns = (configured ?? NAMES)
    .map((name) => byName.get(name.toLowerCase()))
    .filter((column) => column !== undefined)
    .filter(isTemporal)
  if (columns.length === 0) return undefined
  const moving = configured !== undefined || columns.some((column) => MOVING_NAMES.has(column.name.toLowerCase()) || column.stamped === 'on-update')
  return { columns, moving }
}

const isTemporal = (column: Column) =>
  column.generated === undefined && (column.type.kind === 'date' || column.type.kind === 'datetime' || column.type.kind === 'timestamp')

/** Before every value of a temporal column, zero dates included. */
const BEGINNING = '0000-00-00 00:00:00'

/**
 * The latest moment that may become a position, per column and in the column's own time domain. A TIMESTAMP is UTC. A DATETIME
 * that the server stamps is in the server's zone; one that an application fills may be in either, so the earlier clock bounds it.
 * Too early a bound only reads more rows again; too late a one loses rows.
 */
export function positionBounds(columns: readonly Column[], clock: SourceClock): Record<string, string> {
  const earlier = clock.utc < clock.local ? clock.utc : clock.local
  const bound = (column: Column) => {
    if (column.type.kind === 'timestamp') return clock.utc
    return column.stamped === undefined ? earlier : clock.local
  }
  return Object.fromEntries(columns.map((column) => [column.name, inType(column, bound(column))]))
}

/**
 * Why a saved position says nothing about the clock of today; `undefined` where it does. A clock that was set back, a server that was moved to
 * another time zone, a state that somebody edited: rows that came since may be older than the position. An hour either way is summer time,
 * which the lookback covers.
 */
export function clockDoubt(columns: readonly Column[], position: TimePosition, clock: SourceClock, lookbackMinutes: number): string | undefined {
  const since = readFrom(columns, position, lookbackMinutes)
  const bounds = positionBounds(columns, clock)
  if (columns.some(({ name }) => (since[name] ?? '') > (bounds[name] ?? ''))) return 'the saved position is later than the clock of the source'
  const moved = position.zone !== undefined && Math.abs(position.zone - zoneOf(clock)) > 60
  return moved && columns.some((column) => column.type.kind !== 'timestamp') ? 'the time zone of the source has changed' : undefined
}

/** Minutes that the server's own zone is ahead of UTC. */
export const zoneOf = (clock: SourceClock): number => Math.round((moment(clock.local) - moment(clock.utc)) / 60_000)

/** Saved per column: the newest value that a run has read, never beyond the bound; `null`: none yet. `zone`: of the server, as `zoneOf` gives it. */
export type TimePosition = { readonly columns: Readonly<Record<string, string | null>>; readonly zone?: number }

export const isTimePosition = (position: unknown): position is TimePosition =>
  typeof position === 'object' && position !== null && 'columns' in position && typeof position.columns === 'object' && position.columns !== null

/**
 * Saved in the place of a `TimePosition` where the state of an older tool was taken over: the moment, ISO 8601 in UTC, from which rows may be missing at the
 * target. Neither the columns nor the servers are known of it.
 */
export type InheritedPosition = { readonly since: string }

export const isInherited = (position: unknown): position is InheritedPosition =>
  typeof position === 'object' && position !== null && 'since' in position && typeof position.since === 'string' && !Number.isNaN(Date.parse(position.since))

/** A saved position by the columns of today; `undefined` where it is none by time. */
export function timePosition(position: unknown, columns: readonly Column[], clock: SourceClock): TimePosition | undefined {
  if (isTimePosition(position)) return position
  if (!isInherited(position)) return undefined
  const zone = zoneOf(clock)
  const at = (ms: number) => new Date(ms).toISOString().slice(0, 23).replace('T', ' ')
  const then = Date.parse(position.since)
  return { columns: positionBounds(columns, { utc: at(then), local: at(then + zone * 60_000) }), zone }
}

/**
 * Where to read from, per column: the position less the lookback. A wall clock is set back by an hour once a year, so a
 * DATETIME looks one hour further back.
 */
export function readFrom(columns: readonly Column[], position: TimePosition, lookbackMinutes: number): Record<string, string> {
  const since = (column: Column) => {
    const saved = position.columns[column.name]
    const minutes = lookbackMinutes + (column.type.kind === 'timestamp' ? 0 : 60)
    return inType(column, saved === null || saved === undefined ? BEGINNING : minus(saved, minutes))
  }
  return Object.fromEntries(columns.map((column) => [column.name, since(column)]))
}

function minus(text: string, minutes: number): string {
  const earlier = new Date(moment(text) - minutes * 60_000)
  if (Number.isNaN(earlier.getTime()) || earlier.getUTCFullYear() < 1) return BEGINNING
  return `${earlier.toISOString().slice(0, 23).replace('T', ' ')}`
}

const moment = (text: string): number => Date.parse(`${text.slice(0, 10)}T${text.slice(11) === '' ? '00:00:00' : text.slice(11)}Z`)

const inType = (column: Column, text: string) => (column.type.kind === 'date' ? text.slice(0, 10) : text)
