import { readDocuments } from './assemble.ts'
import type { Gathered } from './endpoint.ts'
import { loadEnvironment } from './env.ts'
import { gatherJobs } from './jobs.ts'
import type { ConfigInput, Peeked } from './load.ts'
import { mergeSettings } from './merge.ts'
import { gatherTargets } from './targets.ts'

/** The work of `peekConfig`; apart from it so that the schemas are loaded late. */
export async function peek(input: ConfigInput): Promise<Peeked> {
  const gathered: Gathered = { problems: [], sources: new Map() }
  const { problems, sources } = gathered
  const documents = await readDocuments(input, problems)
  const environment = await loadEnvironment(input.cwd, input.env, problems)
  const settings = mergeSettings(documents, environment, input.cwd, problems)
  const targets = gatherTargets(documents, settings, input.cwd, gathered)
  return {
    setting(key) {
      const found = settings.get(key)
      return found === undefined || found.source === 'default' ? undefined : { value: found.value, source: found.source }
    },
    targets,
    targetSource: (name) => sources.get(`targets.${name}`),
    schedules: gatherJobs(documents.sync, targets, gathered),
    variable: (name) => environment.get(name),
    problems,
  }
}
