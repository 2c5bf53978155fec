import * as Flags from '@oclif/core/flags'
import type { ProjectFlags } from './load-project.ts'

/** Which targets a backup command is about. */
export const targetsFlag = Flags.string({
  summary: 'Only this target; may be given several times.',
  helpValue: 'NAME',
  helpGroup: 'SELECTION',
  multiple: true,
  multipleNonGreedy: true,
})

/** The project, narrowed to these targets. */
export const onTargets = (project: ProjectFlags, targets: readonly string[] | undefined): ProjectFlags => ({
  ...project,
  overrides: { ...project.overrides, ...(targets === undefined ? {} : { targets }) },
})
