import { memoryTarget } from '@dbsync/core/memory'
import { SyncError, type Target, type TargetLock } from '@dbsync/core/plugin'
import { never } from '../rows-of.ts'
import { STAGING } from './complete.ts'
import { type WrongTarget, writing } from './wrong.ts'

const LOCK = { one: 'lock > is held by one run, until that one lets go', others: 'lock > leaves other databases free' }
const RUSH = 'lock > is won by one of many that ask at the same moment'
const KILLED = ['a full copy', 'a full copy of a table that was not there', 'a merge'].map(
  (what) => `leftovers > of ${what} that was never committed go, and nothing else`,
)
const ENDED = 'leftovers > are none after a run that ended well, or was disposed without a commit'

export const WRONG_LOCKS: readonly WrongTarget[] = [
  {
    does: 'lets everybody in',
    make: () => ({ lock: async () => lockOf(true) }),
    fails: [LOCK.one, RUSH],
  },
  {
    does: 'frees the lock of another when its own is disposed a second time',
    make: (right, db) =>
      locking(right, (lock, database) => ({
        async [Symbol.asyncDispose]() {
          await lock[Symbol.asyncDispose]()
          db.locks.delete(database)
        },
      })),
    fails: [LOCK.one],
  },
  { does: 'holds a lock for good once it has it', make: (right) => locking(right, () => ({ held: () => true })), fails: [LOCK.one] },
  {
    does: 'does not say which database is locked',
    make: (right) => ({
      lock: (database, signal) =>
        right.lock(database, signal).catch(() => {
          throw new SyncError('RUN_LOCKED', 'Another run is at work.', { kind: 'locked' })
        }),
    }),
    fails: [LOCK.one],
  },
  { does: 'says of no database that it is locked', make: () => ({ locked: async () => false }), fails: ['lock > is seen by others as long as it is held'] },
  { does: 'has one lock for all databases', make: (right) => ({ lock: (_, signal) => right.lock('server', signal) }), fails: [LOCK.others] },
  {
    does: 'looks first and takes the lock then',
    make: (right, db) => ({
      async lock(database, signal) {
        if (db.locks.has(database)) return await right.lock(database, signal)
        await new Promise((resolve) => setImmediate(resolve))
        db.locks.add(database)
        return lockOf(true)
      },
    }),
    fails: [RUSH],
  },
  {
    does: 'locks although it is aborted',
    make: (right) => ({ lock: (database) => right.lock(database, never) }),
    fails: ['lock > is not taken when it is aborted'],
  },
]

/** To be laid over `staged`. */
export const WRONG_LEFTOVERS: readonly WrongTarget[] = [
  { does: 'does not find its staging tables', make: () => ({ leftovers: async () => [] }), fails: KILLED },
  {
    does: 'shows its staging tables as tables',
    make: (_, db) => ({ describe: (database, names) => memoryTarget(db).describe(database, names), reserved: () => false }),
    fails: KILLED,
  },
  {
    does: 'removes the table with its staging table',
    make: (right) => ({
      leftovers: async (database) => {
        const found = await right.leftovers(database)
        return [...found, ...found.map((statement) => statement.replaceAll(STAGING, ''))]
      },
    }),
    fails: [KILLED[0] ?? '', KILLED[2] ?? ''],
  },
  {
    does: 'finds what it has put right again and again',
    make: (right) => {
      let found: readonly string[] = []
      return { leftovers: async (database) => (found = [...found, ...(await right.leftovers(database))]) }
    },
    fails: KILLED,
  },
  {
    does: 'leaves its staging table where it is disposed without a commit',
    make: (right) => writing(right, () => ({ [Symbol.asyncDispose]: async () => {} })),
    fails: [ENDED],
  },
]

const lockOf = (held: boolean): TargetLock => ({ held: () => held, async [Symbol.asyncDispose]() {} })

const locking = (right: Target, change: (lock: TargetLock, database: string) => Partial<TargetLock>): Partial<Target> => ({
  lock: async (database, signal) => {
    const lock = await right.lock(database, signal)
    return { ...lock, ...change(lock, database) }
  },
})
