import type { Mutant } from './mutants.ts'

const src = 'packages/core/src'
const strategy = [`${src}/plan/strategy.test.ts`]
const engine = [`${src}/run/engine.test.ts`]
const guards = [`${src}/run/guards.test.ts`]
const pump = [`${src}/run/pump.test.ts`]
const backups = [`${src}/run/run-backups.test.ts`]

export const core: readonly Mutant[] = [
  {
    name: 'tables that collide with another are made all the same',
    file: 'packages/core/src/plan/assemble.ts',
    find: 'makes === undefined || !own.has(name)',
    replace: 'makes === undefined',
    tests: ['test/duckdb/duckdb.test.ts'],
    only: 'differ only by case',
    built: true,
  },
  {
    name: 'the position is saved before the rows are committed',
    file: `${src}/run/pump.ts`,
    find: `    for (const writer of open) {
      const receipt = await writer.commit()
      committed?.(receipt)
    }
    if (last !== undefined) await save(last)
`,
    replace: `    if (last !== undefined) await save(last)
    for (const writer of open) {
      const receipt = await writer.commit()
      committed?.(receipt)
    }
`,
    tests: pump,
    only: 'loses nothing',
  },
  {
    name: 'a position is saved for rows that nobody commits',
    file: `${src}/run/pump.ts`,
    find: '      open.add(writer)\n',
    replace: '',
    tests: pump,
    only: 'loses nothing',
  },
  {
    name: 'the failure of the last run is forgotten, and the table goes on by time',
    file: `${src}/plan/strategy.ts`,
    find: "if (state.sync_status === 'FAILED') return 'the last run failed'",
    replace: '',
    tests: strategy,
  },
  {
    name: 'the position of one server is taken for that of another one',
    file: `${src}/plan/strategy.ts`,
    find: 'if (!facts.sameServers) return',
    replace: 'if (false) return',
    tests: strategy,
  },
  {
    name: 'a column that a foreign key rewrites is trusted to move its timestamp',
    file: `${src}/plan/strategy.ts`,
    find: '(key) => key.rewritesRows',
    replace: '() => false',
    tests: strategy,
  },
  {
    name: 'a comparison that is due right now waits for the next run',
    file: `${src}/plan/strategy.ts`,
    find: '>= reconcileEveryMs',
    replace: '> reconcileEveryMs',
    tests: strategy,
  },
  {
    name: 'the position goes beyond the earlier clock',
    file: `${src}/plan/time-columns.ts`,
    find: 'clock.utc < clock.local ? clock.utc : clock.local',
    replace: 'clock.utc > clock.local ? clock.utc : clock.local',
    tests: strategy,
  },
  {
    name: 'no lookback behind the saved position',
    file: `${src}/plan/time-columns.ts`,
    find: ': minus(saved, minutes))',
    replace: ': saved)',
    tests: strategy,
  },
  {
    name: 'a wall clock that is set back by an hour loses that hour',
    file: `${src}/plan/time-columns.ts`,
    find: "(column.type.kind === 'timestamp' ? 0 : 60)",
    replace: '0',
    tests: strategy,
  },
  {
    name: 'a position later than the clock of the source is believed',
    file: `${src}/plan/time-columns.ts`,
    find: "(since[name] ?? '') > (bounds[name] ?? '')",
    replace: 'since[name] === bounds[name]',
    tests: strategy,
  },
  {
    name: 'rows of transactions that are still open are skipped: the clock counts, not what is settled',
    file: `${src}/run/write.ts`,
    find: 'clock.settled ?? clock',
    replace: 'clock',
    tests: [`${src}/run/schedules.test.ts`],
  },
  {
    name: 'deletes that no timestamp shows go unseen',
    file: `${src}/run/sync-table.ts`,
    find: 'theirs !== ours + fresh - (await known)',
    replace: 'theirs > ours + fresh - (await known)',
    tests: engine,
  },
  {
    name: 'a table that was emptied at the source keeps its rows',
    file: `${src}/run/copy-in-full.ts`,
    find: `    // An empty batch first: it opens the writer, and a table without rows is replaced too.
    yield { table: plan.wanted.table }
`,
    replace: '',
    tests: [...engine, ...guards],
  },
  {
    name: 'the guard is told of what differs and not asked before it is written',
    file: `${src}/run/sync-table.ts`,
    find: `  guard.check()
  yield* fetched(held)
`,
    replace: `  yield* fetched(held)
`,
    tests: guards,
  },
  {
    name: 'rows are written although the lock was lost while they were read',
    file: `${src}/run/write.ts`,
    find: `        mayWrite?.()
        return writer
`,
    replace: `        return writer
`,
    tests: engine,
  },
  {
    name: 'a source without a row is as good as any other',
    file: `${src}/run/guards.ts`,
    find: 'if (source === 0 && target > 0 && !deletesAllowed) throw sourceEmpty(plan, target)',
    replace: '',
    tests: guards,
  },
  {
    name: 'one row more than always may go is deleted without a question',
    file: `${src}/run/guards.ts`,
    find: 'rows <= ALWAYS_DELETABLE',
    replace: 'rows <= ALWAYS_DELETABLE + 1',
    tests: guards,
  },
  {
    name: 'exactly the percentage that is allowed is refused',
    file: `${src}/run/guards.ts`,
    find: 'rows * 100 <= there * maxDeletePercent',
    replace: 'rows * 100 < there * maxDeletePercent',
    tests: guards,
  },
  {
    name: 'rows of somebody else are overwritten as long as none is deleted',
    file: `${src}/run/guards.ts`,
    find: 'suspicious && deleted + overwritten > 0',
    replace: 'suspicious && deleted > 0',
    tests: guards,
  },
  {
    name: 'the last of the retries is left out',
    file: `${src}/run/run-table.ts`,
    find: 'attempt <= job.prepared.config.maxRetries',
    replace: 'attempt < job.prepared.config.maxRetries',
    tests: engine,
  },
  {
    name: 'a server that cannot be reached is no reason to try again',
    file: `${src}/run/retry.ts`,
    find: "kind === 'transient' || kind === 'connection'",
    replace: "kind === 'transient'",
    tests: engine,
  },
  {
    name: 'a retry goes on with the snapshot of the attempt that failed',
    file: `${src}/run/run-table.ts`,
    find: 'const sameMoment = attempt === 1 && prepared.locks.unbroken(job.place)',
    replace: 'const sameMoment = prepared.locks.unbroken(job.place)',
    tests: engine,
  },
  {
    name: 'what was read before the lock was lost is written after it was taken again',
    file: `${src}/run/run-locks.ts`,
    find: '    place.lost = true\n',
    replace: '',
    tests: engine,
  },
  {
    name: 'a run that is killed between a definition and its rows goes on by time',
    file: `${src}/run/execute.ts`,
    find: "...(table.changes.length > 0 && table.strategy.kind !== 'time' ? { position: null } : {}),",
    replace: '',
    tests: engine,
  },
  {
    name: 'the first rows are written before the state is on disk',
    file: `${src}/run/execute.ts`,
    find: '  await Promise.all([...prepared.recorders.values()].map((recorder) => recorder.flush()))\n',
    replace: '',
    tests: [...guards, ...engine],
  },
  {
    name: 'older backup points are removed after a run that failed',
    file: `${src}/run/execute.ts`,
    find: "runStatus(prepared, done) === 'ok' ?",
    replace: "runStatus(prepared, done) !== 'cancelled' ?",
    tests: backups,
  },
  {
    name: 'a table that was never synced at one target counts as synced at all',
    file: `${src}/state/records.ts`,
    find: 'a === null || b === null ? null : a < b ? a : b',
    replace: "(a ?? '') < (b ?? '') ? b : a",
    tests: [`${src}/state/records.test.ts`],
  },
  {
    name: 'the part of the state that another run has written is lost',
    file: `${src}/state/recorder.ts`,
    find: 'this.#state = entry === undefined ? undefined : parseDatabaseState(this.database, entry.value)',
    replace: '',
    tests: engine,
  },
  {
    name: 'rows that cannot be compared are replaced, whoever they belong to',
    file: `${src}/run/guards.ts`,
    find: 'if (suspicious && rows > 0)',
    replace: 'if (suspicious && rows < 0)',
    tests: [`${src}/run/table-guard.test.ts`],
  },
  {
    name: 'what a plan needs is asked for once too seldom',
    file: `${src}/run/retry.ts`,
    find: 'attempt > config.maxRetries',
    replace: 'attempt >= config.maxRetries',
    tests: [`${src}/run/retry.test.ts`],
  },
  {
    name: 'a definition that changes in the middle of what is followed is passed over',
    file: `${src}/run/pump.ts`,
    find: "if (chunk.type === 'schema') {",
    replace: "if (chunk.type === 'schema') continue\n    if (chunk.type !== 'rows') {",
    tests: pump,
    only: 'stops where the definition changes',
  },
  {
    name: 'a position that says nothing is read as one',
    file: `${src}/state/records.ts`,
    find: "  isPosition(value['position'])\n",
    replace: "  value['position'] !== undefined\n",
    tests: [`${src}/state/records.test.ts`],
  },
  {
    name: 'two tables whose names the target does not tell apart are written over each other',
    file: `${src}/plan/collisions.ts`,
    find: 'others.length === 0 ? plan',
    replace: 'others.length >= 0 ? plan',
    tests: ['test/faults/definitions.test.ts'],
    only: 'tell apart',
    built: true,
  },
]
