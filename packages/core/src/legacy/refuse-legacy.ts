import type { StateStore } from '../contract/state-store.ts'
import { SyncError } from '../errors/sync-error.ts'
import { tableOf } from './plan-migration.ts'
import { readRecord } from './record.ts'

const SHOWN = 5

/**
 * Throws `STATE_LEGACY` where an older tool has left what it knew of these databases: without it every table would begin anew. What cannot be taken over
 * stops nothing: those tables are compared then, as any that is not known.
 */
export async function refuseLegacy(state: StateStore, databases: readonly string[], visible: readonly string[]): Promise<void> {
  const ours = new Set(databases.map((name) => name.normalize('NFC')))
  const { files = [] } = (await state.legacy?.list((name) => beginnings(name.normalize('NFC')).some((beginning) => ours.has(beginning)))) ?? {}
  const known = { names: new Set(visible), plausible: () => false }
  const found = files.filter((file) => {
    const owner = tableOf(file, known)
    const readable = file.content.kind === 'table' && typeof readRecord(file.content.value, 'UTC') !== 'string'
    return readable && owner.kind === 'one' && databases.includes(owner.database)
  })
  const [first] = found
  if (first === undefined) return
  const paths = found.slice(0, SHOWN).map(({ path }) => path)
  throw new SyncError(
    'STATE_LEGACY',
    `An older tool has left ${found.length === 1 ? 'a state file' : `${found.length} state files`} of tables of this run: ${paths.join(', ')}${found.length > SHOWN ? ', …' : ''}.`,
    {
      kind: 'config',
      hint: 'Nothing was changed. Take them over with `dbsync state migrate` (--preview shows what it would do). To begin anew instead, move them out of the folder.',
    },
  )
}

/** What stands before each underscore. */
const beginnings = (name: string): readonly string[] => Array.from(name.matchAll(/_/g), ({ index }) => name.slice(0, index))
