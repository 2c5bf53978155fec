import type { Examination } from '@dbsync/core/plugin'
import { LEAST_PACKET } from './shared.ts'
import { setGlobal, type Variables } from './variables.ts'

/** A row travels in one packet, at either end. The server takes multiples of 1,024. */
export function examineRowLimit(variables: Variables): Pick<Examination, 'rowLimit'> {
  const bytes = Number(variables.get('max_allowed_packet'))
  // Told of already, with a larger size than another end may ask for.
  if (bytes < LEAST_PACKET) return {}
  return {
    rowLimit: {
      bytes,
      raise: (bytes) => setGlobal('max_allowed_packet', Math.ceil(bytes / 1024) * 1024),
    },
  }
}
