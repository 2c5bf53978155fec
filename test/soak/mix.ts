import { setTimeout as sleep } from 'node:timers/promises'
import type { TestServer } from '@dbsync/testkit'
import { expect } from 'vitest'
import type { Chance } from '../corpus/random.ts'
import { said } from '../dbsync.ts'
import type { Project, Report } from '../project.ts'
import { snapshot } from '../rollback/snapshot.ts'
import { type Command, type Ended, errorsIn, type Runner } from './commands.ts'
import { plant } from './plant.ts'

/** What a busy source and its changing definitions may make of single tables, and of the objects that name them. The run says so and the next one sets it right. */
const BUSY_SOURCE = ['SCHEMA_CHANGED', 'MYSQL_TABLE_CHANGED', 'SCHEMA_NARROWS', 'MYSQL_NO_TABLE', 'MYSQL_CONSTRAINT_NAME']
/** Refused until somebody allows it. */
const GUARDS = ['TOO_MANY_DELETES', 'SOURCE_EMPTY']
/** A rollback that cannot be had, because of what was done since the point. */
const NO_WAY_BACK = ['JOURNAL_CHAIN', 'BACKUP_POINT_UNKNOWN', 'MYSQL_RESTORE_NAME_TAKEN']
const CUT = ['MYSQL_CONNECTION_LOST', 'MYSQL_UNREACHABLE', 'RUN_LOCK_LOST']

export type Totals = { runs: number; kills: number; rollbacks: number; cuts: number; quietPoints: number }

export type Mix = {
  readonly work: Project
  readonly chance: Chance
  readonly run: Runner
  readonly totals: Totals
  /** The tables before the run that a point was made for, by the point's name. */
  readonly points: Map<string, { readonly tables: ReadonlyMap<string, string>; readonly planted: boolean }>
  readonly log: (text: string) => void
  readonly target: TestServer
  /** When something last wrote to the copy that is in no journal. */
  outsideAt: number
  /** Somebody has changed rows of the copy since both ends were last seen to be equal: no timestamp shows that. */
  planted: boolean
  /** How long the last undisturbed command of a kind took. */
  readonly lasts: Map<string, number>
}

type Action = (mix: Mix) => Promise<unknown>

export async function anAction(mix: Mix): Promise<void> {
  await mix.chance.pick(ACTIONS)(mix)
}

const ACTIONS: readonly Action[] = [
  ...times(6, (mix) => undisturbed(mix, aRun(mix))),
  ...times(4, killedRun),
  ...times(2, rollback),
  ...times(2, killedRollback),
  ...times(3, twoAtOnce),
  ...times(2, cut),
  ...times(2, killedOther),
  (mix) => mix.run({ args: ['verify', '--level', mix.chance.pick(['count', 'digest', 'rows'])], exits: [1, 5], codes: BUSY_SOURCE }),
  plantedRepair,
  crash,
  (mix) => mix.run({ args: ['backup', 'check', ...mix.chance.pick([[], ['latest', '--restore']])], exits: [2], codes: ['BACKUP_POINT_UNKNOWN'] }),
  (mix) => mix.run({ args: ['backup', 'prune'] }),
  (mix) => mix.run({ args: ['backup', 'create'] }),
  (mix) => mix.run({ args: ['run', '--dry-run', ...mix.chance.pick([[], ['--full'], ['--reconcile']])], exits: [1, 3], codes: [...BUSY_SOURCE, ...GUARDS] }),
  (mix) => mix.run({ args: ['status'], exits: [1], codes: 'any' }),
]

function times(count: number, action: Action): readonly Action[] {
  return Array.from({ length: count }, () => action)
}

/** Only who wrote around the journals can have made one that does not fit. */
function noWayBack({ outsideAt }: Mix, point: string): readonly string[] {
  const [, date = '', time = ''] = /_(\d{8})_(\d{6})/.exec(point) ?? []
  const madeAt = Date.parse(`${date.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time.replace(/(..)(..)(..)/, '$1:$2:$3')}Z`)
  return madeAt > outsideAt ? NO_WAY_BACK : [...NO_WAY_BACK, 'JOURNAL_ROWS_CHANGED']
}

function aRun(mix: Mix): Command {
  const { chance } = mix
  const mode = chance.pick([[], [], [], ['--full'], ['--reconcile']])
  const allow = chance.pick([[], ['--allow', 'deletes'], ['--allow', 'deletes', '--allow-destructive']])
  const backup = chance.below(12) === 0 ? ['--no-backup'] : []
  return {
    args: ['run', ...mode, ...allow, ...backup],
    env: { DBSYNC_BACKUP_MODE: chance.pick(['dump', 'journal']) },
    exits: [1],
    codes: [...BUSY_SOURCE, ...GUARDS],
  }
}

/** A run that nothing disturbs. Its point is what the tables were before. */
async function undisturbed(mix: Mix, command: Command): Promise<Ended> {
  const before = { tables: await snapshot(mix.work.target), planted: mix.planted }
  const ended = await mix.run(command)
  mix.totals.runs++
  mix.lasts.set('run', ended.ms)
  const { report } = (ended.json ?? {}) as { readonly report?: Report & { readonly backups?: readonly { readonly name: string }[] } }
  for (const { name } of report?.backups ?? []) mix.points.set(name, before)
  return ended
}

async function killedRun(mix: Mix): Promise<void> {
  const { chance, totals, run } = mix
  const signal = chance.pick(['SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGINT'] as const)
  const ended = await run({ ...aRun(mix), stop: { signal, afterMs: moment(mix, 'run') } })
  if (ended.code !== 0 && ended.code !== 1) totals.kills++
  if (chance.below(2) === 0) await undisturbed(mix, aRun(mix))
}

/** Any time while it is at work; the program itself takes a moment to start. */
function moment({ chance, lasts }: Mix, kind: string): number {
  return 250 + chance.below(Math.max(100, (lasts.get(kind) ?? 2500) - 250))
}

/** What writes beside runs and rollbacks. */
async function killedOther(mix: Mix): Promise<void> {
  const { chance, totals, run } = mix
  const command = chance.pick<() => Promise<Command>>([
    async () => ({ args: ['backup', 'create'] }),
    async () => ({ args: ['backup', 'check', 'latest', '--restore'], exits: [2], codes: ['BACKUP_POINT_UNKNOWN'] }),
    async () => ({ args: ['backup', 'prune'] }),
    async () => {
      await plant(mix)
      return { args: ['verify', '--repair', '--allow', 'deletes'], exits: [1, 5], codes: [...BUSY_SOURCE, ...GUARDS] }
    },
  ])
  const ended = await run({ ...(await command()), stop: { signal: 'SIGKILL', afterMs: 250 + chance.below(1500) } })
  if (ended.code === 'SIGKILL') totals.kills++
}

async function rollback(mix: Mix): Promise<void> {
  const point = await aPoint(mix)
  if (point === undefined) return
  const ended = await mix.run({ args: ['rollback', point, '--yes'], exits: [1, 2], codes: noWayBack(mix, point) })
  mix.lasts.set('rollback', ended.ms)
  if (ended.code !== 0) return
  mix.totals.rollbacks++
  await expectBack(mix, point, ended)
  if (mix.chance.below(4) > 0) await undisturbed(mix, aRun(mix))
}

async function expectBack(mix: Mix, point: string, ended: Ended): Promise<void> {
  const { work, points } = mix
  const then = points.get(point)
  mix.planted ||= then?.planted ?? true
  if (then === undefined) return
  const { report } = ended.json as { readonly report: { readonly tables: readonly { readonly name: string }[] } }
  const now = await snapshot(work.target)
  for (const { name } of report.tables) expect(now.get(name), `${name} after a rollback to ${point}\n${said(ended)}`).toBe(then.tables.get(name))
}

async function killedRollback(mix: Mix): Promise<void> {
  const { chance, totals, run } = mix
  const point = await aPoint(mix)
  if (point === undefined) return
  const afterMs = moment(mix, 'rollback')
  const ended = await run({
    args: ['rollback', point, '--yes'],
    exits: [1, 2],
    codes: noWayBack(mix, point),
    stop: { signal: chance.pick(['SIGKILL', 'SIGKILL', 'SIGTERM']), afterMs },
  })
  if (ended.code === 0 || ended.code === 1 || ended.code === 2) return
  totals.kills++
  await finishRollback(mix)
}

/** What was stopped in the middle keeps runs out, and is finished by the command that they name. */
async function finishRollback(mix: Mix): Promise<void> {
  const { run, totals } = mix
  const next = await run({ ...aRun(mix), codes: [...BUSY_SOURCE, ...GUARDS, 'ROLLBACK_UNFINISHED'] })
  if (!next.errors.includes('ROLLBACK_UNFINISHED')) return
  const hint = errorsIn(next.json).find(({ code }) => code === 'ROLLBACK_UNFINISHED')?.hint ?? ''
  const named = /dbsync rollback (\S+)/.exec(hint)?.[1]
  expect(named, hint).toBeDefined()
  const ended = await run({ args: ['rollback', named ?? '', '--yes'] })
  totals.rollbacks++
  await expectBack(mix, named ?? '', ended)
}

async function aPoint({ run, chance }: Mix): Promise<string | undefined> {
  const { json } = await run({ args: ['rollback', '--list'] })
  const { points } = json as { readonly points: readonly { readonly name: string }[] }
  return points.length === 0 ? undefined : chance.pick(points.slice(0, 5)).name
}

/** Each may find the other at work. */
async function twoAtOnce(mix: Mix): Promise<void> {
  const { chance, run, totals } = mix
  const point = chance.below(3) === 0 ? await aPoint(mix) : undefined
  const locked = (command: Command): Command => ({ ...command, exits: [...(command.exits ?? []), 4], codes: [...(command.codes ?? []), 'RUN_LOCKED'] })
  const other: Command = chance.pick<Command>([
    aRun(mix),
    aRun(mix),
    { args: ['verify', '--level', 'digest'], exits: [1, 5], codes: BUSY_SOURCE },
    { args: ['verify', '--repair', '--allow', 'deletes'], exits: [1, 5], codes: [...BUSY_SOURCE, ...GUARDS] },
    { args: ['backup', 'create'] },
    { args: ['backup', 'check'] },
    { args: ['backup', 'prune'] },
    { args: ['rollback', point ?? 'latest', '--yes'], exits: [1, 2], codes: [...noWayBack(mix, point ?? ''), 'ROLLBACK_OVERTAKEN'] },
  ])
  const pause = chance.below(2500)
  const stop = chance.below(4) === 0 ? { stop: { signal: 'SIGKILL' as const, afterMs: moment(mix, 'run') } } : {}
  const [one] = await Promise.all([run({ ...locked(aRun(mix)), ...stop }), sleep(pause).then(() => run(locked(other)))])
  totals.runs += 2
  if (one.code === 'SIGKILL') totals.kills++
}

/** Connections of a run or a rollback end, at either server. */
async function cut(mix: Mix): Promise<void> {
  const { work, chance, run, totals, log } = mix
  const point = chance.below(4) === 0 ? await aPoint(mix) : undefined
  const command: Command = point === undefined ? aRun(mix) : { args: ['rollback', point, '--yes'], codes: noWayBack(mix, point) }
  let ended = false
  const running = run({ ...command, exits: point === undefined ? [1, 3] : [1, 2, 3], codes: [...(command.codes ?? []), ...CUT] }).finally(() => {
    ended = true
  })
  const cutting = (async () => {
    await sleep(400)
    for (let cuts = 1 + chance.below(3); cuts > 0 && !ended; cuts--) {
      await sleep(chance.below(700))
      const [server, user] = chance.below(2) === 0 ? [work.source.server, work.sourceUser] : [work.target.server, work.targetUser]
      const [victim] = await server.query('SELECT id FROM information_schema.processlist WHERE user = ? ORDER BY RAND() LIMIT 1', [user])
      if (victim === undefined) continue
      // It may have gone by itself.
      const id = Number(victim['id'])
      await server.query(`KILL CONNECTION ${id}`).catch(() => {})
      log(`killed connection ${id} of ${user === work.sourceUser ? 'the source' : 'the target'}`)
      totals.cuts++
    }
  })()
  await Promise.all([running, cutting])
  if (point === undefined) totals.runs++
  else await finishRollback(mix)
}

/** Rows of the copy are changed by somebody else; while the source is at work, some of its rows are on their way when both ends are compared. */
async function plantedRepair(mix: Mix): Promise<void> {
  await plant(mix)
  await mix.run({ args: ['verify', '--repair', '--allow', 'deletes'], exits: [1, 5], codes: [...BUSY_SOURCE, ...GUARDS] })
}

/** The target's server dies in the middle of a run. */
async function crash(mix: Mix): Promise<void> {
  const { run, chance, target, totals, log, points } = mix
  const command = aRun(mix)
  const running = run({ ...command, exits: [1, 3], codes: [...(command.codes ?? []), ...CUT] })
  const crashing = sleep(300 + chance.below(1500)).then(() => target.restart())
  await Promise.all([running, crashing])
  log('the server of the target was killed and started again')
  totals.cuts++
  // A restart may set AUTO_INCREMENT counters back to what the rows say.
  points.clear()
}
