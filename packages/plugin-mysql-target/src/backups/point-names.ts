import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { BackupPoint } from '@dbsync/core/plugin'

export const DUMP_SUFFIX = '.sql.gz'
export const MANIFEST_SUFFIX = '.json'

const STEM = /^backup_point_(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)(?:_([1-9]\d*))?$/
const TEMPORARY = /^\.(backup_point_\d{8}_\d{6}(?:_\d+)?)\.([\w-]+)\.(\d+)\.[0-9a-f]{12}\.tmp$/

/** `backup_point_20261121_020000`, in UTC: in local time an hour of every autumn comes twice. `further` points of one second are told apart by a number. */
export function pointStem(at: Date, further = 1): string {
  const [day, time] = at
    .toISOString()
    .replaceAll(/[-:]|\.\d+Z/g, '')
    .split('T')
  return `backup_point_${day}_${time}${further === 1 ? '' : `_${further}`}`
}

/** When a point was made, by its name; `undefined` for a name that is none of ours. */
export function madeAt(stem: string): { readonly at: Date; readonly further: number } | undefined {
  const match = STEM.exec(stem)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, further = '1'] = match
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(at.getTime()) ? undefined : { at, further: Number(further) }
}

/** The name of a file that is still written. It says by which process of which machine, so that others know whether it was left behind. */
export const temporaryName = (stem: string): string => `.${stem}.${machine()}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`

/** Whose temporary file this is; `undefined` for a name that is none of ours. */
export function parseTemporaryName(name: string): { readonly stem: string; readonly pid: number | undefined } | undefined {
  const match = TEMPORARY.exec(name)
  if (match === null) return undefined
  const [, stem, host, pid] = match as unknown as [string, string, string, string]
  return { stem, pid: host === machine() ? Number(pid) : undefined }
}

const machine = (): string => hostname().replaceAll(/[^\w-]/g, '_')

/** For sorting points; those of one second by the number in their names. */
export function newestFirst(one: BackupPoint, other: BackupPoint): number {
  if (one.madeAt !== other.madeAt) return one.madeAt < other.madeAt ? 1 : -1
  const further = ({ name }: BackupPoint) => madeAt(name.split('.')[0] ?? '')?.further ?? 0
  return further(other) - further(one)
}
