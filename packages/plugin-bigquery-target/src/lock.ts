import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { SyncError, type TargetLock } from '@dbsync/core/plugin'
import { shortHash } from '@dbsync/warehouse'
import { BigqueryFailure, syncError } from './failures.ts'
import type { Rest } from './rest.ts'

/** So long a lock lives without a sign of its owner. */
const LEASE_MS = 5 * 60_000
const RENEW_MS = 60_000

type LockTable = { readonly etag?: string; readonly description?: string; readonly expirationTime?: string }

const lockTable = (tenant: string): string => `_dbsync_lock_${shortHash(tenant)}${shortHash(`${tenant}\n`)}`

/**
 * BigQuery has no locks. It does have tables that can be made only once and that go by themselves: an empty one for each tenant that is written to. Whoever
 * made it has the lock and puts its end off while it is at work. Where the dataset is not there yet, there is nothing to protect.
 */
export async function takeLock(rest: Rest, dataset: string, tenant: string, signal: AbortSignal): Promise<TargetLock> {
  const owner = `dbsync ${hostname()} ${process.pid} ${randomUUID()}`
  const tableId = lockTable(tenant)
  const path = `/datasets/${dataset}/tables/${tableId}`
  const later = () => String(Date.now() + LEASE_MS)
  let etag: string | undefined
  let until = Date.now() + LEASE_MS
  try {
    etag = await acquire()
  } catch (error) {
    if (!(error instanceof BigqueryFailure && error.status === 404)) throw syncError(error, `locking ${tenant} in ${dataset}`)
    until = Number.POSITIVE_INFINITY
  }
  const timer = etag === undefined ? undefined : setInterval(() => void renew(), RENEW_MS)
  timer?.unref()

  async function acquire(): Promise<string | undefined> {
    const body = {
      tableReference: { projectId: rest.project, datasetId: dataset, tableId },
      schema: { fields: [{ name: 'owner', type: 'STRING' }] },
      description: owner,
      expirationTime: later(),
      labels: { managed_by: 'dbsync' },
    }
    let refusal: unknown
    try {
      return (await rest.call<LockTable>({ method: 'POST', path: `/datasets/${dataset}/tables`, body, signal })).etag
    } catch (error) {
      if (!(error instanceof BigqueryFailure)) throw error
      refusal = error
    }
    // Whatever it says of the reason: if the table is there now, somebody has made it.
    const there = await rest.find<LockTable>({ path, signal })
    if (there === undefined) throw refusal
    // The answer to our own request was lost.
    if (there.description === owner) return there.etag
    const end = Number(there.expirationTime ?? 0)
    if (end > Date.now() && !isDead(there.description)) throw locked(end)
    try {
      return await put(there.etag, { description: owner, expirationTime: later() })
    } catch (error) {
      // Somebody else was quicker.
      if (error instanceof BigqueryFailure && (error.status === 412 || error.status === 404)) throw locked(Date.now() + LEASE_MS)
      throw error
    }
  }

  async function put(expected: string | undefined, body: object): Promise<string | undefined> {
    const headers = expected === undefined ? {} : { 'if-match': expected }
    const stop = AbortSignal.timeout(RENEW_MS)
    try {
      return (await rest.call<LockTable>({ method: 'PATCH', path, body, headers, signal: stop })).etag
    } catch (error) {
      if (!(error instanceof BigqueryFailure && error.status === 412)) throw error
      // The answer to our own request may have been lost, and the etag is that of what it made.
      const there = await rest.find<LockTable>({ path, signal: stop })
      if (there?.description === owner) return there.etag
      throw error
    }
  }

  async function renew(): Promise<void> {
    try {
      const end = Date.now() + LEASE_MS
      etag = await put(etag, { expirationTime: String(end) })
      if (until > 0) until = end
    } catch (error) {
      // It is another's now. Any other fault may pass before the lease ends.
      if (error instanceof BigqueryFailure && (error.status === 412 || error.status === 404)) until = 0
    }
  }

  function locked(end: number): SyncError {
    return new SyncError('RUN_LOCKED', `Another run writes to tenant ${tenant} of dataset ${dataset}.`, {
      kind: 'locked',
      hint: `Wait for it to end. If it was killed, its lock (table ${tableId}) goes by itself until ${new Date(end).toISOString()}.`,
    })
  }

  return {
    held: () => Date.now() < until,
    async [Symbol.asyncDispose]() {
      if (until === 0) return
      until = 0
      clearInterval(timer)
      if (etag === undefined) return
      const stop = AbortSignal.timeout(RENEW_MS)
      try {
        const there = await rest.find<LockTable>({ path, signal: stop })
        if (there?.description === owner) await rest.find({ method: 'DELETE', path, signal: stop })
      } catch (error) {
        // It goes by itself.
        if (!(error instanceof BigqueryFailure)) throw error
      }
    },
  }
}

/** Whether the owner was a process of this machine that is no more: then nobody has to wait for its lease to end. */
function isDead(owner: string | undefined): boolean {
  const [, host, pid] = /^dbsync (\S+) (\d+) /.exec(owner ?? '') ?? []
  if (host !== hostname() || pid === undefined) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}

/** Whether a run, of whatever machine, holds the lock. */
export async function isLocked(rest: Rest, dataset: string, tenant: string, signal: AbortSignal): Promise<boolean> {
  const there = await rest.find<LockTable>({ path: `/datasets/${dataset}/tables/${lockTable(tenant)}`, signal })
  return Number(there?.expirationTime ?? 0) > Date.now()
}
