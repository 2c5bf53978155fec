import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SyncError } from '@dbsync/core'
import type { CliCode } from '../codes.ts'
import { execute } from './execute.ts'
import type { Entry, SchedulePlan, Scheduler } from './scheduler.ts'
import { MARK, type UnitOptions, type Units, unitBase, unitPrefix, unitsOf } from './units.ts'

export type SystemdOptions = UnitOptions & {
  readonly kind: 'systemd-user' | 'systemd-system'
  /** Where unit files are written. */
  readonly folder: string
  /** For `systemctl --user`, which cron and `su` do not set. */
  readonly env?: NodeJS.ProcessEnv
  /** False where no systemd runs: files can still be looked at and taken away. */
  readonly running: boolean
  /** What the user has to know after an installation. */
  readonly notes: readonly string[]
}

/** Services and timers, one of each for a job. */
export function systemdScheduler(options: SystemdOptions): Scheduler {
  const { kind, folder, running, notes } = options
  const units = (plan: SchedulePlan) => plan.jobs.map((job) => unitsOf(plan, job, options))
  const systemctl = async (args: readonly string[], signal: AbortSignal): Promise<void> => {
    const { code, stdout, stderr } = await execute('systemctl', flags(kind, args), { signal, ...(options.env === undefined ? {} : { env: options.env }) })
    if (code !== 0) throw systemctlFailed(kind, args, `${stderr}${stdout}`)
  }
  const isActive = async (base: string, signal: AbortSignal): Promise<boolean> => {
    const { code } = await execute('systemctl', flags(kind, ['is-active', '--quiet', `${base}.timer`]), {
      signal,
      ...(options.env === undefined ? {} : { env: options.env }),
    })
    return code === 0
  }
  return {
    kind,
    place: folder,
    print: (plan) =>
      units(plan).flatMap(({ base, service, timer }) => [
        { path: join(folder, `${base}.service`), text: service },
        { path: join(folder, `${base}.timer`), text: timer },
      ]),
    keyOf: ({ id }, job) => unitBase(id, job.name),
    wanted: (plan) => units(plan).map(entryOf),
    async installed({ id }, signal) {
      const entries: Entry[] = []
      for (const found of await readUnits(folder, id)) entries.push({ ...entryOf(found), ...(running ? { active: await isActive(found.base, signal) } : {}) })
      return entries
    },
    async install(plan, signal) {
      if (!running) throw notRunning(kind)
      const found = new Map((await readUnits(folder, plan.id)).map((each) => [each.base, each]))
      const wanted = units(plan)
      const different = wanted.filter((each) => found.get(each.base) === undefined || entryOf(found.get(each.base) as Units).text !== entryOf(each).text)
      const gone = [...found.keys()].filter((base) => !wanted.some((each) => each.base === base))
      await takeAway(gone)
      await mkdir(folder, { recursive: true })
      for (const { base, service, timer } of different) {
        // The timer last: a timer without its service would fail.
        await write(join(folder, `${base}.service`), service)
        await write(join(folder, `${base}.timer`), timer)
      }
      // Also where all files are there: an installation that was killed before this point is finished now.
      await systemctl(['daemon-reload'], signal)
      const timers = (list: readonly { readonly base: string }[]) => list.map(({ base }) => `${base}.timer`)
      if (wanted.length > 0) await systemctl(['enable', '--now', ...timers(wanted)], signal)
      // A timer that runs already keeps its old times otherwise.
      if (different.length > 0) await systemctl(['restart', ...timers(different)], signal)
      return { changed: different.length + gone.length > 0, notes }

      async function takeAway(bases: readonly string[]): Promise<void> {
        if (bases.length > 0) await systemctl(['disable', '--now', ...bases.map((base) => `${base}.timer`)], signal)
        await removeUnits(folder, bases)
      }
    },
    async remove({ id }, signal) {
      const bases = (await readUnits(folder, id)).map(({ base }) => base)
      if (bases.length === 0) return []
      if (running) await systemctl(['disable', '--now', ...bases.map((base) => `${base}.timer`)], signal)
      await removeUnits(folder, bases)
      if (running) await systemctl(['daemon-reload'], signal)
      return bases
    },
  }
}

const flags = (kind: SystemdOptions['kind'], args: readonly string[]) => [...(kind === 'systemd-user' ? ['--user'] : []), '--no-ask-password', ...args]

const entryOf = ({ base, service, timer }: Units): Entry => ({ key: base, text: `${service}\n${timer}` })

/** The project's unit files; a missing half is empty. A file of that name without our mark is somebody else's. */
async function readUnits(folder: string, id: string): Promise<readonly Units[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw cannot('read', folder, error)
  })
  const bases = [...new Set(names.flatMap((name) => (name.startsWith(unitPrefix(id)) ? (/^(.*)\.(?:service|timer)$/.exec(name)?.[1] ?? []) : [])))].sort()
  return Promise.all(
    bases.map(async (base) => {
      const [service, timer] = await Promise.all(['service', 'timer'].map((kind) => readOwn(join(folder, `${base}.${kind}`))))
      return { base, service: service ?? '', timer: timer ?? '' }
    }),
  )
}

async function readOwn(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw cannot('read', path, error)
  })
  if (text === undefined) return ''
  if (text.startsWith(MARK)) return text
  throw new SyncError('SCHEDULE_DAMAGED' satisfies CliCode, `The file ${path} was not written by dbsync: its first line says something else.`, {
    kind: 'config',
    hint: 'Move the file away, and run `dbsync schedule install` again.',
  })
}

/** Complete or not at all: written beside it, then moved into place. */
async function write(path: string, text: string): Promise<void> {
  const draft = `${path}.tmp`
  try {
    {
      await using file = await open(draft, 'w', 0o644)
      await file.writeFile(text)
      await file.sync()
    }
    await rename(draft, path)
  } catch (cause) {
    await rm(draft, { force: true })
    throw cannot('write', path, cause)
  }
}

async function removeUnits(folder: string, bases: readonly string[]): Promise<void> {
  for (const base of bases) {
    for (const kind of ['timer', 'service']) {
      const path = join(folder, `${base}.${kind}`)
      await rm(path, { force: true }).catch((error: unknown) => {
        throw cannot('remove', path, error)
      })
    }
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

function cannot(what: string, path: string, cause: unknown): SyncError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
  const hint =
    code === 'EACCES' || code === 'EPERM'
      ? 'Units of the system are written as root; `--with systemd-user` needs no rights.'
      : 'Put that right, and run the command again.'
  return new SyncError('SCHEDULE_SYSTEMD' satisfies CliCode, `Cannot ${what} ${path} (${code}).`, { kind: 'config', hint, cause })
}

const notRunning = (kind: SystemdOptions['kind']) =>
  new SyncError('SCHEDULE_SYSTEMD' satisfies CliCode, `No ${kind === 'systemd-user' ? 'systemd of this user' : 'systemd'} runs here.`, {
    kind: 'config',
    hint: 'Use `--with cron`, or see with `--print` what would be written.',
  })

const systemctlFailed = (kind: SystemdOptions['kind'], args: readonly string[], output: string) =>
  new SyncError('SCHEDULE_SYSTEMD' satisfies CliCode, `systemctl ${flags(kind, args).join(' ')} failed: ${output.trim().slice(0, 500)}`, {
    kind: 'config',
    hint: 'Run that command to see why. The unit files are written: once it works, run `dbsync schedule install` again.',
  })
