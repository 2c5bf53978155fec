import { keyName } from './check.ts'
import type { Job, TargetConfig } from './config.ts'
import { parseCron } from './cron.ts'
import type { Document } from './document.ts'
import { type Gathered, isObject } from './endpoint.ts'
import { at } from './merge.ts'
import { PRESETS } from './presets.ts'
import { type Problem, quote } from './problems.ts'
import { KINDS } from './schema.ts'

const MAX_NAME = 100
const COMMANDS = ['run', 'verify'] as const
const MODES = ['full', 'incremental', 'reconcile'] as const

/** The jobs of `schedules`, presets filled in, in the order of the file. */
export function gatherJobs(document: Document | undefined, targets: readonly TargetConfig[], { problems, sources }: Gathered): readonly Job[] {
  const entries = at(document?.value, ['schedules'])
  if (document === undefined || !isObject(entries)) return []
  return Object.entries(entries).flatMap(([name, raw]) => {
    const where = `${keyName(['schedules', name])} in ${document.where(['schedules', name])}`
    if (!isObject(raw)) return []
    sources.set(`schedules.${name}`, document.where(['schedules', name]))
    const job = jobOf(name, raw)
    const found = faultsOf(job, raw, where, targets)
    problems.push(...found)
    return [job]
  })
}

/** What does not parse was reported when the whole file was checked. */
function jobOf(name: string, raw: Record<string, unknown>): Job {
  const preset = PRESETS.get(name)
  const command = COMMANDS.find((candidate) => candidate === raw.command) ?? preset?.command ?? 'run'
  const mode = MODES.find((candidate) => candidate === raw.mode) ?? (command === 'run' ? preset?.mode : undefined)
  return {
    name,
    cron:
      typeof raw.cron === 'string'
        ? raw.cron
            .trim()
            .split(/[ \t]+/)
            .join(' ')
        : (preset?.cron ?? ''),
    command,
    mode,
    databases: KINDS.patterns.safeParse(raw.databases).data ?? [],
    tables: KINDS.patterns.safeParse(raw.tables).data ?? [],
    targets: KINDS.names.safeParse(raw.targets).data ?? [],
    enabled: KINDS.switch.safeParse(raw.enabled).data ?? true,
  }
}

function faultsOf(job: Job, raw: Record<string, unknown>, where: string, targets: readonly TargetConfig[]): readonly Problem[] {
  const problem = (code: Problem['code'], text: string, hint?: string): Problem => ({
    code,
    severity: 'error',
    message: `${where} ${text}.`,
    ...(hint === undefined ? {} : { hint }),
  })
  const problems: Problem[] = []
  // The name becomes a word of a crontab line, which cannot hold a line end.
  if (job.name === '' || job.name.length > MAX_NAME || /[\p{Cc}\p{Surrogate}\u2028\u2029]/u.test(job.name))
    problems.push(problem('CONFIG_VALUE', `is no name for a job: it must have 1 to ${MAX_NAME} characters and no control characters`))
  if (raw.cron === undefined && job.cron === '')
    problems.push(problem('CONFIG_VALUE', 'has no `cron`', `Give it one, such as "30 2 * * *", or use a preset: ${[...PRESETS.keys()].join(', ')}.`))
  else if (typeof raw.cron === 'string') {
    const fields = parseCron(raw.cron)
    if (typeof fields === 'string') problems.push(problem('CONFIG_VALUE', fields))
  }
  const names = targets.map(({ name }) => name)
  for (const target of job.targets)
    if (!names.includes(target))
      problems.push(problem('CONFIG_NO_MATCH', `names a target that is not configured: ${quote(target)}`, `The targets are: ${names.map(quote).join(', ')}.`))
  if (job.command === 'verify' && job.mode !== undefined)
    problems.push({ code: 'CONFIG_VALUE', severity: 'warning', message: `${where} has a \`mode\`, which does nothing for verify.` })
  return problems
}
