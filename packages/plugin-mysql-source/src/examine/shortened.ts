import type { Finding } from '@dbsync/core/plugin'

const SHOWN = 20

/** The same thing of very many tables. */
export function shortened(found: readonly Finding[]): readonly Finding[] {
  const [first] = found
  if (first === undefined || found.length <= SHOWN) return found
  return [...found.slice(0, SHOWN), { level: first.level, id: first.id, message: `The same holds for ${found.length - SHOWN} more.` }]
}
