import { type ServerClient, startServer } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { chance } from '../corpus/random.ts'
import { type Project, project } from '../project.ts'
import { runner } from './commands.ts'
import { openLog } from './log.ts'
import { anAction, type Mix } from './mix.ts'
import { forgetJournals } from './plant.ts'
import { nothingIsLeft, quietPoint } from './quiet-point.ts'
import { sourceLife } from './source-life.ts'

/** Longer: `DBSYNC_SOAK_MINUTES=30 pnpm soak`. */
const MINUTES = Number(process.env.DBSYNC_SOAK_MINUTES ?? 2)
/** The same seed does the same things in the same order; how they meet in time is up to the machine. */
const SEED = Number(process.env.DBSYNC_SOAK_SEED ?? Date.now() % 1_000_000)
/** Actions between two quiet points, at most. */
const ACTIONS = 16

test(`everything at once, for ${MINUTES} minutes (DBSYNC_SOAK_SEED=${SEED})`, { timeout: (MINUTES + 8) * 60_000 }, async () => {
  const log = openLog(SEED)
  await using source = await startServer({ timeZone: '-05:00', binlog: true })
  // The target writes a binary log: that is how a run that writes nothing is known. Triggers want the other setting then.
  await using target = await startServer({ timeZone: '+09:00', binlog: true, settings: { log_bin_trust_function_creators: '1' } })
  await using work = await soakedProject(source, target)
  await using life = await sourceLife(work, SEED, log)
  const run = runner(work, log)
  const mix: Mix = {
    work,
    target,
    planted: false,
    chance: chance(SEED),
    run: async (command) => {
      const ended = await run(command)
      if (command.args.includes('--no-backup')) forgetJournals(mix)
      return ended
    },
    outsideAt: 0,
    totals: { runs: 0, kills: 0, rollbacks: 0, cuts: 0, quietPoints: 0 },
    points: new Map(),
    log: log.line,
    lasts: new Map(),
  }
  // Whatever comes first finds a copy: a backup point of nothing is refused. A definition that changes under a table that is read again would stop it.
  await life.pause()
  await work.sync()
  try {
    const end = performance.now() + MINUTES * 60_000
    while (performance.now() < end) {
      life.resume()
      for (let actions = 1 + mix.chance.below(ACTIONS); actions > 0 && performance.now() < end; actions--) await anAction(mix)
      await life.pause()
      log.line('quiet point')
      await quietPoint(mix)
      mix.totals.quietPoints++
    }
    await nothingIsLeft(mix)
  } catch (error) {
    const text = `DBSYNC_SOAK_SEED=${SEED}; the whole log is ${log.path}. Its last lines:\n${log.last(100)}`
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${text}`, { cause: error })
  }
  expect(mix.totals.quietPoints).toBeGreaterThan(0)
  const { runs, kills, cuts, rollbacks, quietPoints } = mix.totals
  process.stdout.write(
    `Soak of ${MINUTES} minutes, DBSYNC_SOAK_SEED=${SEED}: ${runs} runs, ${life.rows()} rows written, ${life.definitions()} changes of definitions, ${kills} kills, ${cuts} connections cut, ${rollbacks} rollbacks, ${quietPoints} quiet points\n`,
  )
  log.remove()
})

async function soakedProject(source: ServerClient, target: ServerClient): Promise<Project> {
  const work = await project({
    backups: true,
    servers: { source, target },
    sourceRights: 'SELECT, SHOW VIEW, TRIGGER',
    params: { lookback_minutes: 1 },
    config: { objects: ['views', 'triggers'], backup_settings: { keep_last: 6, keep_daily: 1, keep_weekly: 1 } },
  })
  for (const databases of ['\\_dbsync\\_restore\\_%', '\\_dbsync\\_check\\_%']) await target.query(`GRANT ALL ON \`${databases}\`.* TO ${work.targetUser}@'%'`)
  return work
}
