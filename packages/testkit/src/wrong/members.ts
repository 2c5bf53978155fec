import { type MemoryDatabase, putTable } from '@dbsync/core/memory'
import { diffTable, type Examination } from '@dbsync/core/plugin'
import { examinesOnlyWhatIsThere, remade, textOf, type WrongTarget } from './wrong.ts'

const EXAMINES = 'examine says what it finds, of databases that are not there too, and writes nothing'
const COSTS = 'costs grow with what is sent, and asking for them changes nothing'
const DIFF = { none: 'diff finds nothing to do where a table is as it was wanted', some: 'diff finds what makes a table as it is wanted, and its rows stay' }
const KEPT = 'kept says how rows read back'

/** What a target can do wrong with its optional members. */
export const WRONG_MEMBERS: readonly WrongTarget[] = [
  { does: 'writes into the table that it asks for', make: () => ({ ask: (schema) => Object.assign(schema, { rowHash: 'quick' }) }), fails: ['ask is pure'] },
  { does: 'says something else of what is lost each time', make: () => ({ narrows: () => [`${++times} columns`] }), fails: ['narrows is pure'] },
  {
    does: 'writes into the tables that are to share one',
    make: (right) => ({
      share(existing, wanted) {
        for (const schema of wanted) Object.assign(schema, { columns: [...schema.columns, { name: '_tenant', type: { kind: 'text' }, nullable: false }] })
        return right.share?.(existing, wanted) ?? fail()
      },
    }),
    fails: ['share is pure'],
  },
  { does: 'answers only the first time that a full copy makes the table anew', make: () => ({ makesAnew: firstTime() }), fails: ['makesAnew is pure'] },
  {
    does: 'takes the triggers out of the work that it is to guard',
    make: () => ({
      guard(work) {
        Object.assign(work, { triggers: [] })
        return undefined
      },
    }),
    fails: ['guard is pure'],
  },
  {
    does: 'always finds a column to add',
    make: () => ({
      diff(actual, wanted) {
        const change = { type: 'add-column', table: wanted.table, column: wanted.columns.at(-1)?.name ?? '', wanted } as const
        return { ...diffTable(actual, wanted), changes: [change] }
      },
    }),
    fails: [DIFF.none, DIFF.some],
  },
  {
    does: 'finds a conflict in every difference',
    make: () => ({
      diff(actual, wanted) {
        const found = diffTable(actual, wanted)
        return { ...found, conflicts: found.changes.map(({ type }) => type) }
      },
    }),
    fails: [DIFF.some],
  },
  { does: 'finds no difference', make: () => ({ diff: () => ({ changes: [], kept: [], conflicts: [] }) }), fails: [DIFF.some] },
  {
    does: 'drops a table that differs, and makes it anew',
    make: () => ({
      diff(actual, wanted) {
        const found = diffTable(actual, wanted)
        const changes = [{ type: 'drop-table', table: actual.table } as const, { type: 'create-table', schema: wanted } as const]
        return found.changes.length === 0 ? found : { ...found, changes }
      },
    }),
    fails: [DIFF.some],
  },
  {
    does: 'says that rows do not fit a column that may be NULL',
    make: () => ({ misfits: async () => [{ part: 'column:c', why: '3 rows hold NULL', canWait: true }] }),
    fails: [DIFF.some],
  },
  {
    does: 'says that texts lose the spaces at their end, which they keep',
    make: () => ({
      kept: (_, rows) => {
        const isText = rows.columns.map(({ type }) => type.kind === 'text')
        return remade(rows, (all) => all.map((row) => row.map((cell, i) => (cell !== null && isText[i] ? textOf(cell).trimEnd() : cell))))
      },
    }),
    fails: [KEPT],
  },
  {
    does: 'writes into the rows of which it is to say how they read back',
    make: () => ({
      kept(_, rows) {
        const copy = remade(rows, (all) => all)
        rows.bytes.fill(0)
        return copy
      },
    }),
    fails: [KEPT],
  },
  { does: 'finds something and does not say what', make: () => ({ examine: async () => found('', 'All can be written.') }), fails: [EXAMINES] },
  {
    does: 'cannot be examined where one of the databases is not there',
    make: examinesOnlyWhatIsThere,
    fails: [EXAMINES],
  },
  {
    does: 'tries whether it can make a table where it is examined',
    make: (_, db) => ({ examine: async ({ databases: [database = ''] }) => tried(db, database) }),
    fails: [EXAMINES],
  },
  {
    does: 'finds orphans where there is no foreign key',
    make: () => ({ orphans: async () => [{ foreignKey: 'fk', rows: 1 }] }),
    fails: ['orphans finds none in a table without foreign keys'],
  },
  {
    does: 'has a counter in every table',
    make: () => ({ counter: async () => ({ next: '1', least: '1' }) }),
    fails: ['counter has nothing to say of a table without one'],
  },
  { does: 'costs the same whatever is sent', make: () => ({ costs: async () => ({ jobs: 1, bytesSent: 1, bytesRead: 1 }) }), fails: [COSTS] },
  {
    does: 'costs less than nothing',
    make: (right) => ({ costs: async (...asked) => ({ ...((await right.costs?.(...asked)) ?? fail()), bytesRead: -1 }) }),
    fails: [COSTS],
  },
]

let times = 0

const fail = (): never => {
  throw new Error('the right target has all members')
}

const firstTime = () => {
  let asked = false
  return () => {
    const first = !asked
    asked = true
    return first
  }
}

const found = (id: string, message: string): Examination => ({ findings: [{ level: 'failure', id, message }] })

function tried(db: MemoryDatabase, database: string): Examination {
  putTable(db, {
    table: { database, name: 'probe' },
    columns: [],
    key: [],
    uniqueKeys: [],
    foreignKeys: [],
    referencedBy: [],
    triggers: [],
    transactional: true,
  })
  return { findings: [] }
}
