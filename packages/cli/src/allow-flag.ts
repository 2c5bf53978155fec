import type { Allowance } from '@dbsync/core'
import * as Flags from '@oclif/core/flags'

// Written out: core itself is not loaded for help.
const NAMES = ['destructive', 'deletes', 'new-server', 'unknown-rows'] as const satisfies readonly Allowance[]

/** `--allow NAME` of every command that writes. */
export const allowFlag = Flags.option({
  options: NAMES,
  multiple: true,
  multipleNonGreedy: true,
  summary: 'Allow for this once what a guard refused; may be given several times.',
  helpGroup: 'GUARDS',
})()
