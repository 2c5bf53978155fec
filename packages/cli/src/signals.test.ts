import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

// Signals are sent to a process of its own: nothing else must hear them.
const script = `
  import { interruptible } from ${JSON.stringify(fileURLToPath(new URL('./signals.ts', import.meta.url)))}
  const { signal, received, onStop } = interruptible()
  const alive = setInterval(() => {}, 1000)
  onStop(() => console.log('draining'))
  signal.addEventListener('abort', () => {
    console.log(received(), signal.reason.kind, signal.reason.code)
    if (process.env.DRAINS) clearInterval(alive)
  })
  console.log('ready')
`

async function child(env: NodeJS.ProcessEnv, signals: readonly (readonly [NodeJS.Signals, number])[]) {
  const running = spawn(process.execPath, ['--conditions=dbsync-source', '--input-type=module', '-e', script], { env: { ...process.env, ...env } })
  let output = ''
  running.stdout.on('data', (chunk) => {
    output += chunk
  })
  await once(running.stdout, 'data')
  for (const [signal, pause] of signals) {
    running.kill(signal)
    await new Promise((done) => setTimeout(done, pause))
  }
  const [code] = running.exitCode === null ? await once(running, 'exit') : [running.exitCode]
  return { code, output }
}

test('the first signal aborts, and the process ends by itself', async () => {
  const { code, output } = await child({ DRAINS: '1' }, [['SIGTERM', 0]])
  expect(output).toBe('ready\nSIGTERM cancelled CANCELLED\ndraining\n')
  expect(code).toBe(0)
})

test('a second one ends it at once', async () => {
  const { code } = await child({}, [
    ['SIGINT', 700],
    ['SIGINT', 0],
  ])
  expect(code).toBe(130)
})

test('the same keypress twice is one', async () => {
  const { code } = await child({}, [
    ['SIGINT', 50],
    ['SIGINT', 700],
    ['SIGTERM', 0],
  ])
  expect(code).toBe(143)
})
