import type { MemoryDatabase } from '@dbsync/core/memory'
import type { Snapshot, Source, SourceClock } from '@dbsync/core/plugin'
import { never } from '../rows-of.ts'
import { examinesOnlyWhatIsThere, once, type Wrong } from './wrong.ts'

export type WrongSource = Wrong<(right: Source, db: MemoryDatabase) => Partial<Source>>

const IDENTITY = 'says which server it is, and which databases it has'
const ELSE = 'says what else a database holds, and how much of it can be seen'
const TEXTS = 'gives the texts of what else a database holds, and says of which kinds it sees all'
const EXAMINES = 'says what it finds where it is examined, of databases that are not there too'
const FAR = 'says how far its moment holds and how many tables can be read at once'
const CLOCK = 'reads its clock before the moment, in UTC and in the zone of the server'
const TWICE = 'may be disposed twice, and its snapshots too'

/** What a source can do wrong besides reading. */
export const WRONG_SOURCES: readonly WrongSource[] = [
  {
    does: 'is another server each time it is asked',
    make: (right) => {
      let times = 0
      return { identity: async () => ({ ...(await right.identity()), id: `connection ${++times}` }) }
    },
    fails: [IDENTITY],
  },
  { does: 'shows no database that is empty', make: () => ({ databases: async () => [] }), fails: [IDENTITY] },
  {
    does: 'takes tables for views',
    make: (right, db) => ({ objects: async (name) => ({ ...(await right.objects(name)), views: [...(db.databases.get(name)?.keys() ?? []), 'v'] }) }),
    fails: [ELSE],
  },
  { does: 'sees a part, and does not say as which user', make: () => ({ visibility: async () => ({ scope: 'partial', user: '' }) }), fails: [ELSE] },
  {
    does: 'names views that are not there',
    make: (right) => ({
      async definitions(database, kinds) {
        const found = (await right.definitions?.(database, kinds)) ?? { objects: [], complete: [], unreadable: [], hidden: [], settings: {} }
        return { ...found, unreadable: [{ kind: 'views', type: 'view', name: 'v', reason: 'is hidden' }] }
      },
    }),
    fails: [TEXTS],
  },
  {
    does: 'finds something and does not say what',
    make: () => ({ examine: async () => ({ findings: [{ level: 'failure', id: 'rights', message: '' }] }) }),
    fails: [EXAMINES],
  },
  {
    does: 'cannot be examined where one of the databases is not there',
    make: examinesOnlyWhatIsThere,
    fails: [EXAMINES],
  },
  {
    does: 'reads what is there now, and not what was there when the snapshot was opened',
    make: (right) =>
      snapshots(right, async (_, open) => ({
        read: async function* (request) {
          yield* (await open()).read(request)
        },
      })),
    fails: ['opens one moment: what is written afterwards is not in it'],
  },
  {
    does: 'counts what is there now, and not what was there when the snapshot was opened',
    make: (right) => snapshots(right, async (_, open) => ({ count: async (schema, signal) => (await open()).count(schema, signal) })),
    fails: ['opens one moment: what is written afterwards is not in it'],
  },
  {
    does: 'digests what is there now, and not what was there when the snapshot was opened',
    make: (right) => snapshots(right, async (_, open) => ({ digest: async (...asked) => (await (await open()).digest?.(...asked)) ?? [] })),
    fails: ['opens one moment: what is written afterwards is not in it'],
  },
  {
    does: 'says nothing of how far its moment holds',
    make: (right) => snapshots(right, async () => ({ consistency: { scope: 'all', detail: '' } })),
    fails: [FAR],
  },
  { does: 'reads more tables at once than it was allowed', make: (right) => snapshots(right, async ({ readers }) => ({ readers: readers + 1 })), fails: [FAR] },
  { does: 'has a clock that is an hour ahead', make: (right) => clocks(right, () => ({ ...at(3_600_000), local: at(3_600_000).utc })), fails: [CLOCK] },
  {
    does: 'has a clock without a fraction',
    make: (right) => clocks(right, (clock) => ({ utc: clock.utc.slice(0, 19), local: clock.local.slice(0, 19) })),
    fails: [CLOCK],
  },
  {
    does: 'reads the time of the server in a zone that there is not',
    make: (right) => clocks(right, () => ({ utc: at(0).utc, local: at(60_000 * 4).utc })),
    fails: [CLOCK],
  },
  {
    does: 'opens although it is aborted',
    make: (right) => ({ open: ({ readers }) => right.open({ readers, signal: never }) }),
    fails: ['opens nothing when it is aborted'],
  },
  {
    does: 'fails for being aborted as if it were a bug',
    make: (right) => ({ open: ({ readers, signal }) => (signal.aborted ? Promise.reject(new Error('aborted')) : right.open({ readers, signal })) }),
    fails: ['opens nothing when it is aborted'],
  },
  {
    does: 'cannot be disposed twice',
    make: (right) => ({ [Symbol.asyncDispose]: once(() => right[Symbol.asyncDispose]()) }),
    fails: [TWICE],
  },
  {
    does: 'has snapshots that cannot be disposed twice',
    make: (right) => snapshots(right, async (snapshot) => ({ [Symbol.asyncDispose]: once(() => snapshot[Symbol.asyncDispose]()) })),
    fails: [TWICE],
  },
]

/** The same source with other snapshots; `open` gives the right one of this moment. */
const snapshots = (right: Source, change: (snapshot: Snapshot, open: () => Promise<Snapshot>) => Promise<Partial<Snapshot>>): Partial<Source> => ({
  async open(options) {
    const snapshot = await right.open(options)
    return { ...snapshot, ...(await change(snapshot, () => right.open(options))) }
  },
})

const clocks = (right: Source, change: (clock: SourceClock) => SourceClock): Partial<Source> =>
  snapshots(right, async ({ clock }) => ({ clock: change(clock) }))

const at = (ahead: number): SourceClock => {
  const utc = new Date(Date.now() + ahead).toISOString().replace('T', ' ').replace('Z', '000')
  return { utc, local: utc }
}
