import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type Owner, thisProcess } from './owner.ts'
import { openStore } from './store.ts'

const { signal } = new AbortController()
let folder = ''
let lockFile = ''
const open = () => openStore({ status: folder, sync: folder }, signal)

beforeEach(async () => {
  const made = await mkdtemp(join(tmpdir(), 'dbsync-state-'))
  folder = made
  lockFile = join(made, '.dbsync', '%locks', 'run.lock')
  await mkdir(join(made, '.dbsync', '%locks'), { recursive: true })
  onTestFinished(async () => await rm(made, { recursive: true }))
})

/** A process of its own that has the store open as `store`; `say` writes a line for the test. */
function child(code: string): ChildProcess & { readonly said: string[] } {
  const script = `
    import { openStore } from ${JSON.stringify(new URL('./store.ts', import.meta.url).href)}
    const store = await openStore(${JSON.stringify({ status: folder, sync: folder })}, new AbortController().signal)
    const say = (line) => process.stdout.write(line + '\\n')
    ${code}`
  const process_ = spawn(process.execPath, ['--conditions=dbsync-source', '--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const said: string[] = []
  process_.stdout?.setEncoding('utf8').on('data', (text: string) => said.push(...text.split('\n').filter((line) => line !== '')))
  onTestFinished(() => void process_.kill('SIGKILL'))
  return Object.assign(process_, { said })
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(5)
}

async function killed(process_: ChildProcess): Promise<void> {
  process_.kill('SIGKILL')
  if (process_.exitCode === null && process_.signalCode === null) await once(process_, 'exit')
}

const holdLock = `
  await store.lock('run')
  say('held')
  setInterval(() => {}, 1000)`

const owner = async (change: Partial<Owner>) => JSON.stringify({ ...(await thisProcess()), token: 'someone', ...change })

describe('a killed writer', () => {
  it('leaves the old document or the new one, never half, and what it left is removed', async () => {
    const size = 2_000_000
    for (let round = 0; round < 10; round++) {
      const writer = child(`
        let entry = await store.read('database/a')
        for (let n = entry?.value.n ?? 0; ; n++) {
          entry = await store.write('database/a', { n, text: String(n % 10).repeat(${size}) }, entry?.revision)
          say('' + n)
        }`)
      await until(() => writer.said.length > 0)
      const store = await open()
      for (let reads = 0; reads < 5; reads++) expect(await store.read('database/a')).toBeDefined()
      await sleep(round)
      await killed(writer)
      await open()
      const value = (await store.read('database/a'))?.value as { readonly n: number; readonly text: string }
      expect(value.n).toBeGreaterThanOrEqual(Number(writer.said.at(-1)))
      expect(value.text).toBe(String(value.n % 10).repeat(size))
      expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([])
    }
  })
})

describe('processes that write at the same moment', () => {
  it('lose no change', async () => {
    const writers = Array.from({ length: 4 }, () =>
      child(`
        for (let done = 0; done < 15; ) {
          const entry = await store.read('database/a')
          try {
            await store.write('database/a', { n: (entry?.value.n ?? 0) + 1 }, entry?.revision)
            done++
          } catch (error) { if (error.code !== 'STATE_CONFLICT') throw error }
        }`),
    )
    const codes = await Promise.all(writers.map(async (writer) => (await once(writer, 'exit'))[0]))
    expect(codes).toEqual([0, 0, 0, 0])
    expect((await (await open()).read('database/a'))?.value).toEqual({ n: 60 })
  })
})

describe('a lock', () => {
  it('names the process that has it, and is free at once when that is killed', async () => {
    const holder = child(holdLock)
    await until(() => holder.said.includes('held'))
    const store = await open()
    const expected = { code: 'RUN_LOCKED', kind: 'locked', message: expect.stringContaining(`process ${holder.pid} on ${hostname()}, since 20`) }
    await expect(store.lock('run')).rejects.toMatchObject(expected)
    await killed(holder)
    await using _ = await store.lock('run')
    expect(JSON.parse(await readFile(lockFile, 'utf8'))).toMatchObject({ pid: process.pid })
  })

  // Eight a process: as many attempts as 200 starts at once, at the cost of 25.
  it.each(['free', 'of a dead process'])('that is %s goes to one of 200 that ask at the same moment', async (before) => {
    const dead = child('')
    await once(dead, 'exit')
    const content = await owner({ pid: dead.pid ?? 0, started: '1' })
    const contenders = Array.from({ length: 25 }, () =>
      child(`
        process.stdin.once('data', async () => {
          const answers = await Promise.allSettled(Array.from({ length: 8 }, () => store.lock('run')))
          for (const answer of answers) say(answer.status === 'fulfilled' ? 'won' : answer.reason.code)
          process.stdin.on('end', () => process.exit())
        })
        say('ready')`),
    )
    await until(() => contenders.every(({ said }) => said.includes('ready')))
    if (before !== 'free') await writeFile(lockFile, content)
    for (const { stdin } of contenders) stdin?.write('go\n')
    await until(() => contenders.every(({ said }) => said.length === 9))
    const answers = contenders.flatMap(({ said }) => said.slice(1))
    expect(answers.filter((answer) => answer === 'won')).toHaveLength(1)
    expect(answers.filter((answer) => answer === 'RUN_LOCKED')).toHaveLength(199)
    await Promise.all(contenders.map(killed))
    expect(await readdir(join(folder, '.dbsync', '%locks'))).toEqual(['run.lock'])
  })

  it('is taken over where the process is gone, or another one has its pid now', async () => {
    const store = await open()
    const dead = child('')
    await once(dead, 'exit')
    for (const change of [{ pid: dead.pid ?? 0 }, { started: '1' }]) {
      await writeFile(lockFile, await owner(change))
      await using _ = await store.lock('run')
    }
    expect(await readdir(join(folder, '.dbsync', '%locks'))).toEqual([])
  })

  it('of a dead process is taken over even where another died while it took it over', async () => {
    await writeFile(lockFile, await owner({ started: '1' }))
    await writeFile(`${lockFile}.takeover`, await owner({ started: '2' }))
    await using _ = await (await open()).lock('run')
    expect(await readdir(join(folder, '.dbsync', '%locks'))).toEqual(['run.lock'])
  })

  it('of another host is taken over after a minute without a sign of life, and not before', async () => {
    const store = await open()
    await writeFile(lockFile, await owner({ machine: 'another', host: 'far', pid: 1 }))
    await ageBy(50)
    await expect(store.lock('run')).rejects.toMatchObject({ code: 'RUN_LOCKED', message: expect.stringContaining('process 1 on far') })
    await ageBy(70)
    await using _ = await store.lock('run')
  })

  it('that was cut off while it was written is taken over after a moment', async () => {
    const store = await open()
    for (const content of ['', '{"pid":', '\0\0\0', '{}', '{"pid":-1}', 'null']) {
      await writeFile(lockFile, content)
      await ageBy(4)
      await expect(store.lock('run')).rejects.toMatchObject({ code: 'RUN_LOCKED' })
      await ageBy(6)
      await using _ = await store.lock('run')
    }
  })

  it('shows a sign of life every few seconds', async () => {
    await using _ = await (await open()).lock('run')
    const content = await readFile(lockFile, 'utf8')
    await ageBy(70)
    await until(async () => Date.now() - (await stat(lockFile)).mtimeMs < 10_000)
    expect(await readFile(lockFile, 'utf8')).toBe(content)
  })

  it('that another has taken meanwhile is left alone on release', async () => {
    const lock = await (await open()).lock('run')
    const content = await owner({ token: 'another' })
    await rm(lockFile)
    await writeFile(lockFile, content)
    await lock[Symbol.asyncDispose]()
    expect(await readFile(lockFile, 'utf8')).toBe(content)
  })

  it('does not keep the process alive', async () => {
    const holder = child(`await store.lock('run'); say('held')`)
    const [code] = await once(holder, 'exit')
    expect([code, holder.said]).toEqual([0, ['held']])
  })
})

async function ageBy(seconds: number): Promise<void> {
  const time = Date.now() / 1000 - seconds
  await utimes(lockFile, time, time)
}
