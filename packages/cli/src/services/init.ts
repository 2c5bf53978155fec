import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { checkOptions, errorJson, type Finding, peekConfig, problemsError, redactor, SyncError } from '@dbsync/core'
import type { CliCode } from '../codes.ts'
import { cautions } from '../init/caution.ts'
import { type Desk, tellError } from '../init/desk.ts'
import { type Draft, draftsOf, readTexts, type Texts } from '../init/drafts.ts'
import { type Chosen, type InitFiles, initFiles } from '../init/files.ts'
import { type FirstRun, firstRun } from '../init/first-run.ts'
import { terminalPrompts } from '../init/prompts.ts'
import { THEMES } from '../init/themes.ts'
import { askAll } from '../init/wizard.ts'
import { wrap } from '../init/wrap.ts'
import { type FileDraft, writeFiles } from '../init/write-files.ts'
import { isProblem, providerFor } from '../provider-for.ts'
import { loadRegistry, type PluginHost } from '../registry.ts'
import { changesText, firstRunText } from '../render/init.ts'
import type { Session } from '../session.ts'
import { type RunOutcome, run } from './run.ts'

export type InitRequest = {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** Which files, where they are not the plain ones. */
  readonly chosen: Chosen
  /** Nobody is asked. */
  readonly silent: boolean
  readonly json: boolean
  /** The flags that answer questions. */
  readonly given: ReadonlyMap<string, readonly string[]>
  readonly secretsGo: 'env-file' | 'plain'
  readonly overwrite: boolean
  /** Left out: asked, and no where nobody is there. */
  readonly run: boolean | undefined
  /** Where the schemas of the two files are. */
  readonly schemas: string
}

export type InitOutcome = {
  readonly files: readonly { readonly name: string; readonly action: 'created' | 'changed' | 'unchanged' }[]
  /** `undefined`: it could not be planned, and a warning says why. */
  readonly firstRun: FirstRun | undefined
  readonly warnings: readonly string[]
  /** What is wrong at source and targets, or could be better. */
  readonly findings: readonly Finding[]
  readonly schedules: readonly string[]
  readonly run: RunOutcome | undefined
}

/** Asks, tries, shows and writes. Until the files are written nothing is. */
export async function init(host: PluginHost, request: InitRequest, session: Session): Promise<InitOutcome> {
  const where = initFiles(request.cwd, request.chosen)
  await using bench = await openDesk(host, request, where, session)
  const { desk, texts } = bench
  if (desk.prompts !== undefined) sayHello(desk, where, texts)
  for (const problem of desk.existing.problems) desk.tell(`! ${problem.message}${problem.code === 'CONFIG_UNKNOWN_KEY' ? ' It stays as it is.' : ''}`)
  const answers = await askAll(THEMES, desk)
  const drafts = draftsOf(answers, desk, texts, where, request.schemas)
  const first = await planned(drafts, desk, request)
  await agreed(drafts.files, desk, request)
  await writeFiles(
    drafts.files.filter(({ before, text }) => before !== text),
    session.interrupt.signal,
  )
  desk.warnings.push(...(await cautions(request.cwd, request.given, existsSync(join(request.cwd, '.env')))))
  const files = drafts.files.map(({ name, before, text }) => ({
    name,
    action: before === undefined ? ('created' as const) : before === text ? ('unchanged' as const) : ('changed' as const),
  }))
  const wanted = request.run ?? (await wantsRun(desk, first))
  const there = (name: string) => (existsSync(resolve(request.cwd, name)) ? name : undefined)
  const project = { cwd: request.cwd, env: request.env, paramsPath: where.params.writes, configPath: there(where.sync.writes), overrides: {} }
  const outcome = wanted ? await run(host, { project, dryRun: false, json: request.json }, session) : undefined
  return { files, firstRun: first, warnings: [...new Set(desk.warnings)], findings: desk.findings, schedules: answers.schedules, run: outcome }
}

const isNew = ({ existing }: Desk): boolean => existing.targets.length === 0

/** By now everything is written, so a stop is no loss. */
async function wantsRun(desk: Desk, first: FirstRun | undefined): Promise<boolean> {
  if (desk.prompts === undefined) return false
  const willing = first?.targets.every(({ refused }) => refused.length === 0) === true
  try {
    return await desk.prompts.yes(isNew(desk) ? 'Start the first run now?' : 'Start a run now?', willing)
  } catch (error) {
    if (!SyncError.is(error) || error.kind !== 'cancelled') throw error
    throw new SyncError(error.code, 'Stopped before the first run. The files are written.', { kind: 'cancelled', hint: 'dbsync run starts it.', cause: error })
  }
}

async function openDesk(
  host: PluginHost,
  request: InitRequest,
  where: InitFiles,
  session: Session,
): Promise<{ readonly desk: Desk; readonly texts: Texts } & AsyncDisposable> {
  const { cwd, env, silent, given, secretsGo } = request
  const [registry, existing] = await Promise.all([
    loadRegistry(host),
    peekConfig({ cwd, env, flags: {}, paramsPath: where.params.begins, configPath: where.sync.begins }),
  ])
  const texts = await readTexts(cwd, where)
  const redact = (text: string) => redactor([...session.secrets])(text)
  const width = Math.max(60, (process.stderr.columns ?? 80) - 2)
  const desk: Desk = {
    host,
    registry,
    session,
    cwd,
    env,
    existing,
    given,
    prompts: silent ? undefined : await terminalPrompts(session.interrupt.signal),
    secretsGo,
    redact,
    say: (text) => void process.stderr.write(`${redact(text)}\n`),
    tell: (text) => void process.stderr.write(`${wrap(redact(text), width)}\n`),
    width,
    warnings: [],
    findings: [],
  }
  return { desk, texts, [Symbol.asyncDispose]: async () => desk.source?.[Symbol.asyncDispose]() }
}

function sayHello({ say }: Desk, { params, sync }: InitFiles, { env }: Texts): void {
  const there = [params.begins ?? [], sync.begins ?? [], env === undefined ? [] : '.env'].flat()
  say('This sets up a copy of your databases: where from, what, where to, how often.')
  say('Each answer is tried at once. Nothing is written before you agree at the end;')
  say('Ctrl-C leaves everything as it is.')
  if (there.length > 0) say(`What ${there.join(', ')} ${there.length === 1 ? 'says' : 'say'} already is offered as the answer.`)
}

/** The first run, as far as it can be planned: what stands in its way is said, and keeps nobody from writing the files down. */
async function planned({ loaded, overruled }: Draft, desk: Desk, { silent }: InitRequest): Promise<FirstRun | undefined> {
  if (overruled.length > 0) desk.warnings.push(`set in the environment, which wins over the files: ${overruled.join(', ')}`)
  const config = await loaded()
  const problems = config.config.targets.flatMap(({ name, type, options }) => {
    const found = providerFor(desk.registry.targets, 'target', type, `targets.${name}`)
    return isProblem(found) ? [found] : checkOptions(found.provider, options, `targets.${name}`)
  })
  const fault = problemsError(problems)
  if (fault !== undefined) throw fault
  for (const warning of config.warnings) if (!desk.existing.problems.some(({ message }) => message === warning)) desk.warnings.push(warning)
  try {
    const first = await firstRun(config, desk)
    desk.tell(`\n${isNew(desk) ? 'The first run' : 'The next run'}\n${firstRunText(first)}`)
    return first
  } catch (error) {
    if (!SyncError.is(error) || error.kind === 'cancelled') throw error
    if (silent) desk.warnings.push(`the first run cannot be planned: ${errorJson(error).message}`)
    else {
      desk.say('\nA run cannot be planned yet:')
      tellError(error, desk)
    }
    return undefined
  }
}

/** Shows what would change, and asks. Throws `INIT_EXISTS`, `DECLINED`. */
async function agreed(files: readonly FileDraft[], desk: Desk, { silent, overwrite }: InitRequest): Promise<void> {
  const changes = files.filter(({ before, text }) => before !== text)
  if (changes.length === 0) return
  desk.say(`\n${changesText(changes)}`)
  const existing = changes.filter(({ before }) => before !== undefined).map(({ name }) => name)
  if (desk.prompts !== undefined) {
    const question = existing.length === 0 ? `Write ${changes.length === 1 ? 'this file' : 'these files'}?` : `Write this? ${existing.join(', ')} will change.`
    if (await desk.prompts.yes(question, true)) return
    throw new SyncError('DECLINED' satisfies CliCode, 'Nothing was written.', { kind: 'refused' })
  }
  if (silent && existing.length > 0 && !overwrite) {
    throw new SyncError('INIT_EXISTS' satisfies CliCode, `There already: ${existing.join(', ')}. Nothing was written.`, {
      kind: 'config',
      hint: 'The difference is shown above. If it is right, say --overwrite too.',
    })
  }
}
