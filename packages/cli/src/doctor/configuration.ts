import { type Finding, SyncError } from '@dbsync/core'
import { attempt } from './attempt.ts'
import type { Check } from './check.ts'
import { byHand, failureOf, note, ok, warning } from './findings.ts'
import { exposedFiles } from './secret-files.ts'

/** Whether it can be read, whether something in it is read by nobody, and whether others can read its secrets. */
export const configuration: Check = {
  id: 'configuration',
  title: 'Configuration',
  async run({ project, flags, warnings, session }) {
    if (!project.ok) {
      const { error } = project
      if (!SyncError.is(error)) throw error
      return [failureOf('configuration', error), ...(await exposedFiles(flags.cwd, undefined))]
    }
    const { loaded, problems } = project.value
    const exposed = await attempt(session.interrupt.signal, () => exposedFiles(flags.cwd, project.value))
    const wrong = problems.map(
      ({ severity, code, message, hint }): Finding =>
        severity === 'error'
          ? failureOf('configuration', new SyncError(code, message, { kind: 'config', ...(hint === undefined ? {} : { hint }) }))
          : warning('configuration', message, hint === undefined ? undefined : byHand(hint)),
    )
    const unknown = loaded.unknownKeys.map((message) => warning('unknown-key', message, byHand('Correct the key, or remove it: nothing reads it.')))
    const others = loaded.warnings.filter((message) => !loaded.unknownKeys.includes(message)).map(warningOf)
    const files = loaded.files.length === 0 ? 'the environment and .env' : loaded.files.join(' and ')
    return [
      ...(wrong.some(({ level }) => level === 'failure') ? [] : [ok('configuration', `Read and valid: ${files}.`)]),
      ...wrong,
      ...unknown,
      ...others,
      ...warnings.map((message) => note('configuration', message)),
      ...(exposed.ok ? exposed.value : [{ level: 'unchecked', id: 'file-mode', message: exposed.error.message } as const]),
    ]
  },
}

function warningOf(message: string): Finding {
  if (!/plain text/.test(message)) return warning('configuration', message)
  return warning('plain-secret', message, byHand('Put it into .env as a variable, and write "env:" and its name in its place.'))
}
