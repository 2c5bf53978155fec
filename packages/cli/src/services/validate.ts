import { type Problem, warningsOf } from '@dbsync/core'
import { loadProject, type ProjectFlags } from '../load-project.ts'
import type { PluginHost } from '../registry.ts'

export type ValidateOutcome = {
  readonly valid: boolean
  /** The files that were read. */
  readonly files: readonly string[]
  readonly problems: readonly Problem[]
  readonly warnings: readonly string[]
}

/** Reads the configuration as a run would, against the plugins that are installed; connects to nothing. */
export async function validate(host: PluginHost, flags: ProjectFlags): Promise<ValidateOutcome> {
  const { loaded, problems } = await loadProject(host, flags)
  const unread = loaded.unknownKeys.map((message): Problem => ({ code: 'CONFIG_UNKNOWN_KEY', severity: 'error', message }))
  const errors = [...unread, ...problems.filter(({ severity }) => severity === 'error')]
  const warnings = [...loaded.warnings.filter((warning) => !loaded.unknownKeys.includes(warning)), ...warningsOf(problems)]
  return { valid: errors.length === 0, files: loaded.files, problems: errors, warnings }
}
