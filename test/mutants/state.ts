import type { Mutant } from './mutants.ts'

const src = 'packages/plugin-state-json/src'
const cli = 'packages/cli/src'

export const state: readonly Mutant[] = [
  {
    name: 'the state is overwritten in place, and half of it is there when the power fails',
    file: `${src}/files.ts`,
    find: `    await writeNew(temporary, text)
    await rename(temporary, path)
`,
    replace: `    await removeFile(path)
    await writeNew(path, text)
`,
    tests: [`${src}/processes.test.ts`],
    only: 'killed writer',
  },
  {
    name: 'the state is renamed before its bytes are on disk',
    file: `${src}/files.ts`,
    find: '  await file.sync()\n',
    replace: '',
    tests: [`${src}/files.test.ts`],
    only: 'power cut',
  },
  {
    name: 'what another process has written meanwhile is overwritten',
    file: `${src}/store.ts`,
    find: 'if (found?.revision !== expected) throw conflict(place)',
    replace: '',
    tests: [`${src}/store.test.ts`],
  },
  {
    name: 'two processes write at the same moment',
    file: `${src}/store.ts`,
    find: 'return await whileLocked(folderLock((await placeOf(folders, key)).folders[0]), signal, async () => work(await placeOf(folders, key)))',
    replace: 'return await work(await placeOf(folders, key))',
    tests: [`${src}/processes.test.ts`],
    only: 'lose no change',
  },
  {
    name: 'a lock that a living process has just taken over is removed',
    file: `${src}/lock.ts`,
    find: 'if (found !== undefined && !found.alive) await unlink(path)',
    replace: 'await unlink(path)',
    tests: [`${src}/processes.test.ts`],
    only: 'a lock',
  },
  {
    name: 'a lock is taken from a process that lives',
    file: `${src}/lock.ts`,
    find: 'return { owner, alive: known }',
    replace: 'return { owner, alive: false }',
    tests: [`${src}/processes.test.ts`],
    only: 'a lock',
  },
  {
    name: 'two databases whose names differ in case have one file',
    file: `${src}/names.ts`,
    find: "style === 'kept' ? /[A-Za-z0-9_.-]/ : /[a-z0-9_.-]/",
    replace: '/[A-Za-z0-9_.-]/',
    tests: [`${src}/names.test.ts`],
  },
  {
    name: 'a name leaves its folder',
    file: `${src}/names.ts`,
    find: '(i !== first && plain.test(char) ? char : escaped(char))',
    replace: "(i !== first && (plain.test(char) || char === '/') ? char : escaped(char))",
    tests: [`${src}/names.test.ts`],
  },
  {
    name: 'a copy that is different ends a verification with 0',
    file: `${cli}/failure.ts`,
    find: "status === 'equal' ? 0 : status === 'different' ? DIFFERENT_EXIT_CODE : 1",
    replace: "status === 'equal' || status === 'different' ? 0 : 1",
    tests: [`${cli}/failure.test.ts`],
  },
  {
    name: 'a configuration that is wrong ends the program as a table that failed does',
    file: `${cli}/failure.ts`,
    find: '  config: 2,',
    replace: '  config: 1,',
    tests: ['test/bad-input.test.ts'],
    only: 'JSON that is none',
    built: true,
  },
  {
    name: 'a run in which a table failed ends with 0',
    file: `${cli}/failure.ts`,
    find: "return report.status === 'ok' ? 0 : 1",
    replace: "return report.status === 'ok' ? 0 : 0",
    tests: [`${cli}/failure.test.ts`, `${cli}/services/run.test.ts`],
  },
  {
    name: 'a password is shown in the hint of an error',
    file: `${cli}/failure.ts`,
    find: '{ hint: context.redact(fullHint) }',
    replace: '{ hint: fullHint }',
    tests: [`${cli}/failure.test.ts`],
  },
  {
    name: 'a name can turn the direction of the text behind it',
    file: `${cli}/printable.ts`,
    find: '\\u2028-\\u202e',
    replace: '\\u2028-\\u2029',
    tests: [`${cli}/printable.test.ts`],
  },
]
