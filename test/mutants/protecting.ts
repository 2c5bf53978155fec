import type { Mutant } from './mutants.ts'

const src = 'packages/core/src'
const backups = [`${src}/run/run-backups.test.ts`]
const retention = [`${src}/backup/retention.test.ts`]
const rollback = [`${src}/rollback/rollback.test.ts`]

export const protecting: readonly Mutant[] = [
  {
    name: 'a table is written although its backup point could not be made',
    file: `${src}/run/run-backups.ts`,
    find: `        this.#options.failed(error)
      }
      throw error
`,
    replace: `        this.#options.failed(error)
      }
      return { kind: 'dump' } as never
`,
    tests: backups,
  },
  {
    name: 'a backup point for which there was no room counts as made',
    file: `${src}/run/run-backups.ts`,
    find: `        this.#options.failed(error)
      }
      throw error
`,
    replace: `        return { kind: 'dump' } as never
      }
      throw error
`,
    tests: ['test/faults/folders.test.ts'],
    only: 'there is no room',
    built: true,
  },
  {
    name: 'nobody waits until the backup point is made',
    file: `${src}/run/run-backups.ts`,
    find: 'return await place.made',
    replace: "return { kind: 'dump' } as never",
    tests: backups,
  },
  {
    name: 'the newest backup point that was proved may be removed',
    file: `${src}/backup/retention.ts`,
    find: "typeof manifest?.restoredAt === 'string'",
    replace: 'manifest === null',
    tests: retention,
  },
  {
    name: 'a week begins on Sunday',
    file: `${src}/backup/retention.ts`,
    find: 'dayOf(point) + 3',
    replace: 'dayOf(point) + 4',
    tests: retention,
  },
  {
    name: 'a backup point of a run that is still at work may be removed',
    file: `${src}/backup/retention.ts`,
    find: 'age(point) < UNFINISHED_MS',
    replace: 'age(point) > UNFINISHED_MS',
    tests: retention,
  },
  {
    name: 'the same rollback typed twice undoes itself',
    file: `${src}/rollback/choose-point.ts`,
    find: 'manifest !== undefined && !isRollbackNote(manifest.state)',
    replace: 'manifest !== undefined',
    tests: rollback,
  },
  {
    name: 'a journal is gone back to although a run has written since',
    file: `${src}/rollback/overtaken.ts`,
    find: 'reach(now) === reach(point)',
    replace: "reach(now) !== ''",
    tests: rollback,
  },
  {
    name: 'after a rollback a table is still taken for unchanged',
    file: `${src}/rollback/positions.ts`,
    find: '[[table, withoutPrint(saved)]]',
    replace: '[[table, saved]]',
    tests: [`${src}/rollback/positions.test.ts`],
  },
  {
    name: 'of two secrets that overlap the end of one is shown',
    file: `${src}/errors/redact.ts`,
    find: 'done = Math.max(done, end)',
    replace: 'done = Math.max(done, start)',
    tests: [`${src}/errors/redact.test.ts`],
  },
  {
    name: 'a place that several databases came to is purged for one of them',
    file: `${src}/purge/purge.ts`,
    find: 'return there.length === 1 && there[0]?.name === source',
    replace: 'return there.some(({ name }) => name === source)',
    tests: [`${src}/purge/one-place.test.ts`],
  },
  {
    name: 'what was synced under another template stays when a database is purged',
    file: `${src}/purge/purge.ts`,
    find: ', ...stored.filter(({ name }) => name === source).flatMap((document) => placesIn(document, at.name))',
    replace: '',
    tests: [`${src}/purge/plan.test.ts`],
  },
  {
    name: 'a secret whose codes are written small is shown',
    file: `${src}/errors/redact.ts`,
    find: '`[${digit}${digit.toUpperCase()}]`',
    replace: 'digit.toUpperCase()',
    tests: [`${src}/errors/redact-encodings.test.ts`],
  },
  {
    name: 'older backup points go after a run that could not do everything',
    file: `${src}/run/execute.ts`,
    find: "runStatus(prepared, done) === 'ok'",
    replace: "runStatus(prepared, { ...done, incomplete: false }) === 'ok'",
    tests: backups,
  },
]
