import { isLiteral, literalName, nameMatcher, patternFault } from '../config/glob.ts'
import { SyncError } from '../errors/sync-error.ts'

const SHOWN = 20

/** The databases that are to be purged, each by itself: a name as it is, a pattern where it matches exactly one of those that are known. */
export function choosePurged(patterns: readonly string[], known: readonly string[]): readonly string[] {
  return [...new Set(patterns.map((pattern) => chooseOne(pattern, known)))]
}

function chooseOne(pattern: string, known: readonly string[]): string {
  const fault = patternFault(pattern)
  if (fault !== undefined) throw new SyncError('PURGE_UNKNOWN', `--database ${JSON.stringify(pattern)} ${fault}.`, { kind: 'config' })
  if (isLiteral(pattern)) return literalName(pattern)
  const [only, ...others] = known.filter(nameMatcher([pattern]))
  if (only === undefined) throw unknownDatabase(`No database that was synced matches ${pattern}.`, known)
  if (others.length > 0) {
    throw new SyncError('PURGE_SEVERAL', `${pattern} matches ${others.length + 1} databases.`, {
      kind: 'config',
      hint: `A purge takes each by its name. They are: ${listed([only, ...others])}.`,
    })
  }
  return only
}

export const unknownDatabase = (message: string, known: readonly string[]): SyncError =>
  new SyncError('PURGE_UNKNOWN', message, { kind: 'config', hint: `The state knows: ${listed(known)}.` })

export const listed = (names: readonly string[]): string =>
  names.length === 0 ? 'none' : `${names.slice(0, SHOWN).join(', ')}${names.length > SHOWN ? ', …' : ''}`
