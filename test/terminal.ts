import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

const BINARY = fileURLToPath(new URL('../packages/cli/bin/run.js', import.meta.url))

export const KEYS = { enter: '\r', ctrlC: '\u0003', up: '\u001b[A', down: '\u001b[B', space: ' ' } as const

/** `dbsync` at a real terminal of 80 columns. */
export interface Terminal extends AsyncDisposable {
  /** Waits until this was drawn after the last key. Throws with the screen when it never is. */
  sees(text: string | RegExp): Promise<void>
  press(...keys: readonly string[]): void
  /** The exit code, once it has ended. Throws with the screen when it does not. */
  ended(): Promise<number>
  /** Everything that was drawn, without colours. */
  screen(): string
}

const PATIENCE_MS = 30_000

/** `script` makes the terminal: it belongs to util-linux, and needs no module that would have to be compiled. */
export function terminal(args: readonly string[], { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> }): Terminal {
  const home = join(cwd, '..', '.home')
  const command = `stty cols 80 rows 40; exec ${[process.execPath, BINARY, ...args].map(shellWord).join(' ')}`
  const child = spawn('script', ['-qfec', command, '/dev/null'], {
    cwd,
    env: {
      PATH: process.env.PATH,
      SHELL: '/bin/sh',
      TERM: 'xterm',
      HOME: home,
      DBSYNC_DATA_DIR: join(home, 'data'),
      DBSYNC_CACHE_DIR: join(home, 'cache'),
      DBSYNC_CONFIG_DIR: join(home, 'config'),
      ...env,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let drawn = ''
  let seen = 0
  const waiting = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    drawn += text
    for (const look of waiting) look()
  })
  const ended = once(child, 'close').then(([code]) => Number(code))
  const ownEnd = async (): Promise<number> => {
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, PATIENCE_MS)
    const code = await ended
    clearTimeout(timer)
    if (late) throw new Error(`does not end\n--- screen\n${screen().slice(-3000)}`)
    return code
  }
  const screen = () => stripVTControlCharacters(drawn)
  const fresh = () => stripVTControlCharacters(drawn.slice(seen))
  const matches = (text: string | RegExp) => (typeof text === 'string' ? fresh().includes(text) : text.test(fresh()))
  return {
    ended: ownEnd,
    screen,
    press(...keys) {
      seen = drawn.length
      for (const key of keys) child.stdin.write(key)
    },
    sees: (text) =>
      new Promise((done, fail) => {
        const finish = (outcome: () => void) => {
          clearTimeout(timer)
          waiting.delete(look)
          outcome()
        }
        const look = () => {
          if (matches(text)) finish(done)
        }
        const lost = (why: string) => finish(() => fail(new Error(`${why}: ${String(text)}\n--- screen\n${screen().slice(-3000)}`)))
        const timer = setTimeout(() => lost('never drawn'), PATIENCE_MS)
        waiting.add(look)
        child.once('close', () => (matches(text) ? finish(done) : lost('ended before it was drawn')))
        look()
      }),
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      child.kill('SIGKILL')
      await ended
    },
  }
}

const shellWord = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
