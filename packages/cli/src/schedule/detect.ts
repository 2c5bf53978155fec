import { constants, existsSync, statSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { SyncError } from '@dbsync/core'
import type { CliCode } from '../codes.ts'
import { cronScheduler } from './crontab.ts'
import type { Scheduler, SchedulerKind } from './scheduler.ts'
import { systemdScheduler } from './systemd.ts'

/** What the machine has. */
export type Machine = {
  readonly uid: number
  readonly user: string
  readonly env: NodeJS.ProcessEnv
  readonly hasCrontab: boolean
  readonly systemdRuns: boolean
  /** The systemd of this user can be reached. */
  readonly userSystemdRuns: boolean
  /** The user's timers run while nobody is logged in. */
  readonly lingers: boolean
}

export async function thisMachine(env: NodeJS.ProcessEnv): Promise<Machine> {
  const { uid, username } = userInfo()
  return {
    uid,
    user: username,
    env,
    hasCrontab: await isProgram('crontab', env),
    systemdRuns: existsSync('/run/systemd/system'),
    userSystemdRuns: existsSync('/run/systemd/system') && existsSync(join(runtimeFolder(uid, env), 'systemd')),
    lingers: existsSync(join('/var/lib/systemd/linger', username)),
  }
}

/** What runs jobs on this machine, the best first: a user's own systemd only where it outlives the login. */
export function usable(machine: Machine): readonly SchedulerKind[] {
  const { uid, hasCrontab, systemdRuns, userSystemdRuns, lingers } = machine
  const cron = hasCrontab ? (['cron'] as const) : []
  if (uid === 0) return [...(systemdRuns ? (['systemd-system'] as const) : []), ...cron]
  const user = userSystemdRuns ? (['systemd-user'] as const) : []
  return lingers ? [...user, ...cron] : [...cron, ...user]
}

export function scheduler(kind: SchedulerKind, machine: Machine, directory: string): Scheduler {
  const { uid, user, env } = machine
  if (kind === 'cron') return cronScheduler(user)
  if (kind === 'systemd-system') {
    const owner = statSync(directory).uid
    return systemdScheduler({ kind, folder: '/etc/systemd/system', running: machine.systemdRuns, ...(owner === 0 ? {} : { user: String(owner) }), notes: [] })
  }
  const home = env.XDG_CONFIG_HOME ?? join(env.HOME ?? userInfo().homedir, '.config')
  const notes = machine.lingers ? [] : [`The timers run only while ${user} is logged in. To have them always: loginctl enable-linger ${user}`]
  return systemdScheduler({
    kind,
    folder: join(home, 'systemd', 'user'),
    env: { XDG_RUNTIME_DIR: runtimeFolder(uid, env) },
    running: machine.userSystemdRuns,
    notes,
  })
}

export const nothingUsable = () =>
  new SyncError('SCHEDULE_NONE' satisfies CliCode, 'This machine has neither a running systemd nor the program crontab.', {
    kind: 'config',
    hint: 'Install cron (on Debian: apt-get install cron), or print the entries with `dbsync schedule install --print --with cron` (or `--with systemd-system`) and put them there by hand.',
  })

const runtimeFolder = (uid: number, env: NodeJS.ProcessEnv): string => env.XDG_RUNTIME_DIR ?? `/run/user/${uid}`

async function isProgram(name: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const found = await access(join(folder, name), constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found && folder !== '') return true
  }
  return false
}
