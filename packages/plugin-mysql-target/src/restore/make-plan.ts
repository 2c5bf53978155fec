import { SyncError, type TableRef, tableName } from '@dbsync/core/plugin'
import { type PresentKey, redirected, sameTable } from './foreign-keys.ts'
import type { Listed } from './listing.ts'
import { isSideDatabase, scratchDatabase } from './side-databases.ts'
import type { ForeignKeyFix, Move, SwapPlan } from './swap-plan.ts'
import type { Trigger } from './triggers.ts'

/** One database of the point, as it is now and as it is to be. */
export type DatabaseFacts = {
  readonly database: string
  readonly live: readonly Listed[]
  readonly restored: readonly { readonly name: string; readonly rows: number }[]
  /** Tables that were not there at the time of the point. */
  readonly removed: readonly string[]
  /** Names that differ only in case are one table here. */
  readonly ignoreCase: boolean
}

export type PlanFacts = {
  readonly databases: readonly DatabaseFacts[]
  readonly liveTriggers: readonly Trigger[]
  /** As the point has them, under the names of the live tables. */
  readonly restoredTriggers: readonly Trigger[]
  /** Where the point says nothing about triggers, those that are there now stay. */
  readonly keepTriggers: boolean
  /** In the scratch databases. */
  readonly scratchKeys: readonly PresentKey[]
  /** Wherever they are, to tables of the databases. */
  readonly keysToLive: readonly PresentKey[]
  readonly atomicRename: boolean
}

export type MadePlan = Pick<SwapPlan, 'databases' | 'moves' | 'dropTriggers' | 'createTriggers' | 'foreignKeys' | 'apart'> & {
  /** To be done in the scratch databases first, where nobody looks. */
  readonly scratchKeys: readonly ForeignKeyFix[]
}

/** Decides the swap from what is there. Pure. Throws where a name is taken: by something that is no table, or by a foreign key that stays. */
export function makePlan(facts: PlanFacts): MadePlan {
  const moves = facts.databases.flatMap(movesOf)
  const live = (of: TableRef) => moves.find((move) => move.database === of.database && nameOf(move) === of.name)
  const dropTriggers = facts.liveTriggers.filter(({ table }) => moves.some((move) => move.database === table.database && move.present === table.name))
  const kept = facts.keepTriggers
    ? dropTriggers.filter(({ table }) => live(table)?.restored && !facts.restoredTriggers.some((one) => sameTable(one.table, table)))
    : []
  const createTriggers = [...facts.restoredTriggers, ...kept]
  const { scratchKeys, foreignKeys } = keysOfPlan(facts, live)
  return {
    databases: facts.databases.map(({ database }) => database),
    moves,
    dropTriggers,
    createTriggers,
    scratchKeys,
    foreignKeys,
    apart: apart(facts, dropTriggers, createTriggers, foreignKeys),
  }
}

const nameOf = (move: Move): string => move.restored?.name ?? move.present ?? ''

function movesOf({ database, live, restored, removed, ignoreCase }: DatabaseFacts): readonly Move[] {
  const find = (name: string) => live.find((one) => one.name === name || (ignoreCase && one.name.toLowerCase() === name.toLowerCase()))
  const taken = restored.find(({ name }) => find(name)?.kind === 'other')
  if (taken !== undefined) {
    const table = { database, name: taken.name }
    throw new SyncError(
      'MYSQL_RESTORE_NAME_TAKEN',
      `${tableName(table)} is no table any more, but a view or a sequence, so that the table of the point has no place`,
      {
        kind: 'refused',
        table,
        hint: 'Rename or drop it, and run the same command again. Nothing was changed.',
      },
    )
  }
  return [
    ...restored.map(({ name, rows }) => ({ database, restored: { name, rows }, present: find(name)?.name ?? null })),
    ...removed.flatMap((name) => {
      const present = find(name)
      return present === undefined || present.kind === 'other' ? [] : [{ database, restored: null, present: present.name }]
    }),
  ]
}

/**
 * A foreign key follows its parent through every rename. So the keys of restored tables refer to restored parents in the scratch
 * databases, and to the live ones otherwise; and what would follow a table that goes is made anew afterwards.
 */
function keysOfPlan(
  { databases, scratchKeys, keysToLive }: PlanFacts,
  live: (of: TableRef) => Move | undefined,
): Pick<MadePlan, 'scratchKeys' | 'foreignKeys'> {
  const before: ForeignKeyFix[] = []
  const after: ForeignKeyFix[] = []
  const liveName = (database: string) => databases.find((one) => scratchDatabase(one.database) === database)?.database ?? database
  for (const key of scratchKeys) {
    const parent = { database: liveName(key.references.database), name: key.references.name }
    const move = live(parent)
    refuseTakenKey({ ...key, table: { database: liveName(key.table.database), name: key.table.name } }, keysToLive, live)
    const inScratch = { database: scratchDatabase(parent.database), name: parent.name }
    // A parent that goes would take the key along: until then it refers to nothing.
    const wanted = move === undefined ? parent : inScratch
    if (!sameTable(key.references, wanted)) before.push(redirected(key, wanted))
    if (move !== undefined && move.restored === null) after.push(redirected(key, parent, { database: liveName(key.table.database), name: key.table.name }))
  }
  for (const key of keysToLive) {
    if (isSideDatabase(key.table.database) || live(key.table) !== undefined) continue
    if (live(key.references)?.present) after.push(redirected(key, key.references))
  }
  return { scratchKeys: before, foreignKeys: after }
}

/** Names of foreign keys are shared by all tables of a database; a table that was renamed since the point may have taken one along. */
function refuseTakenKey({ table, name }: PresentKey, present: readonly PresentKey[], live: (of: TableRef) => Move | undefined): void {
  const same = (other: PresentKey) => other.table.database === table.database && other.name.toLowerCase() === name.toLowerCase()
  const taken = present.find((other) => same(other) && live(other.table) === undefined)
  if (taken === undefined) return
  throw new SyncError(
    'MYSQL_RESTORE_NAME_TAKEN',
    `the foreign key ${name} of ${tableName(table)} is to come back, and ${tableName(taken.table)}, which is not in the point, has one of this name`,
    {
      kind: 'refused',
      table,
      hint: `Drop that one, and run the same command again; or take a later point, which has ${tableName(taken.table)}. Nothing was changed.`,
    },
  )
}

function apart(
  { atomicRename, keepTriggers, restoredTriggers }: PlanFacts,
  dropped: readonly Trigger[],
  made: readonly Trigger[],
  keys: readonly ForeignKeyFix[],
): readonly string[] {
  const names = (triggers: readonly Trigger[]) => triggers.map(({ name }) => name).join(', ')
  const tables = [...Map.groupBy([...dropped, ...made], ({ table }) => tableName(table))]
  const lost = keepTriggers ? [] : dropped.filter((one) => !restoredTriggers.some((other) => sameTable(one.table, other.table) && one.name === other.name))
  return [
    ...tables.map(
      ([table, triggers]) =>
        `the triggers of ${table} (${[...new Set(triggers.map(({ name }) => name))].join(', ')}) are away for the moment of the swap: a table with triggers cannot be moved`,
    ),
    ...(lost.length === 0 ? [] : [`triggers that the point does not have are gone: ${names(lost)}`]),
    ...keys.map(
      ({ table, name, references }) =>
        `the foreign key ${name} of ${tableName(table)} is made again right after the swap, so that it refers to ${tableName(references)} as it is then`,
    ),
    ...(atomicRename ? [] : ['this server renames several tables one after the other when it crashes in the middle; the next rollback finishes it']),
  ]
}
