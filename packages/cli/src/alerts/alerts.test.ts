import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type LoadedAlerts, redactor, SyncError } from '@dbsync/core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Alert, alertOf, slackText } from './alert.ts'
import { runCommand } from './command.ts'
import { sendAlert } from './send.ts'
import { post, signatureOf } from './webhook.ts'

const patience = { attempts: 3, timeoutMs: 10_000, waitMs: 10 }
/** For who does not answer. */
const hasty = { ...patience, timeoutMs: 300 }

type Received = { readonly headers: NodeJS.Dict<string | string[]>; readonly body: string; readonly path: string }

/** A real server that answers each request with the next of these; `undefined`: not at all. */
async function receiver(answers: readonly (number | undefined)[]) {
  const received: Received[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    received.push({ headers: request.headers, body: await text(request), path: request.url ?? '' })
    const status = answers[Math.min(received.length, answers.length) - 1]
    if (status !== undefined) response.writeHead(status, { Location: '/elsewhere' }).end('x'.repeat(100_000))
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/in/hunter2`
  return {
    url,
    received,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      server.closeAllConnections()
      server.close()
    },
  }
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dbsync-alerts-'))
})
afterAll(() => rm(folder, { recursive: true }))

const alert = alertOf({ event: 'test', directory: '/p', message: 'hello' }, redactor([]))

describe('a webhook', () => {
  it('gets the body, and a signature over time and body', async () => {
    await using server = await receiver([204])
    expect(await post(server.url, '{"a":"é"}', 'key', patience)).toEqual({ ok: true, detail: 'answered 204', attempts: 1 })
    const { headers, body } = server.received[0] as Received
    expect(body).toBe('{"a":"é"}')
    expect(headers['content-type']).toBe('application/json')
    const timestamp = String(headers['x-dbsync-timestamp'])
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(5)
    expect(headers['x-dbsync-signature']).toBe(signatureOf(body, timestamp, 'key'))
    // By another program: printf 1.b | openssl dgst -sha256 -hmac key
    expect(signatureOf('b', '1', 'key')).toBe('sha256=ac75094e6e04472ed13f55acc4c2c692a33eaa037ecc95f9779fc179733be167')
  })

  it('without a secret there is no signature', async () => {
    await using server = await receiver([200])
    await post(server.url, '{}', undefined, patience)
    expect(server.received[0]?.headers).not.toHaveProperty('x-dbsync-signature')
  })

  it.each([
    ['a passing fault is tried again', [503, 429, 200], { ok: true, detail: 'answered 200', attempts: 3 }],
    ['a lasting one ends after three attempts', [500], { ok: false, detail: 'answered 500', attempts: 3 }],
    ['a refusal is not tried again', [403], { ok: false, detail: 'answered 403', attempts: 1 }],
    ['nor is it sent on to another address', [307], { ok: false, detail: 'answered 307', attempts: 1 }],
    ['who does not answer is waited for and tried again', [undefined, 200], { ok: true, detail: 'answered 200', attempts: 2 }],
    ['not for ever', [undefined], { ok: false, detail: 'no answer within 0.3 s', attempts: 3 }],
  ] as const)('%s', async (_, answers, expected) => {
    await using server = await receiver(answers)
    expect(await post(server.url, '{}', 'key', answers.some((status) => status === undefined) ? hasty : patience)).toEqual(expected)
    expect(server.received).toHaveLength(expected.attempts)
  })

  it.each([
    ['http://127.0.0.1:1/x', 'cannot be reached'],
    ['http://no-such-host.invalid/x', 'cannot be reached (ENOTFOUND)'],
    ['file:///etc/passwd', 'no http or https URL'],
    ['hunter2', 'no http or https URL'],
    ['http://me:hunter2@h/', 'a user or a password'],
  ])('%s is an answer, not a fault', async (url, detail) => {
    const answer = await post(url, '{}', undefined, { ...patience, timeoutMs: 3000 })
    expect(answer).toMatchObject({ ok: false, detail: expect.stringMatching(detail.replaceAll(/[()]/g, '\\$&')) })
    expect(answer.detail).not.toContain('hunter2')
  })
})

describe('a command', () => {
  it('reads the alert from its standard input, in the folder of its file', async () => {
    expect(await runCommand('cat >got.json', '{"v":1}', { cwd: folder, timeoutMs: 5000 })).toEqual({ ok: true, detail: 'ended with 0', attempts: 1 })
    expect(await readFile(join(folder, 'got.json'), 'utf8')).toBe('{"v":1}')
  })

  it('says why it failed, and need not read', async () => {
    const big = 'x'.repeat(1_000_000)
    expect(await runCommand('echo no luck >&2; exit 3', big, { cwd: folder, timeoutMs: 5000 })).toEqual({
      ok: false,
      detail: 'ended with 3: no luck',
      attempts: 1,
    })
    // A secret that is cut in two could not be found any more.
    const redact = (text: string) => text.replaceAll('hunter2', '***')
    const cut = await runCommand(`printf 'hunter2%0497d' 0 >&2; exit 3`, '', { cwd: folder, timeoutMs: 5000, redact })
    expect(cut.detail).toBe(`ended with 3: ***${'0'.repeat(497)}`)
    expect(await runCommand('exit 0', big, { cwd: folder, timeoutMs: 5000 })).toMatchObject({ ok: true })
    expect(await runCommand('true', '', { cwd: join(folder, 'gone'), timeoutMs: 5000 })).toMatchObject({ ok: false, detail: 'could not be run (ENOENT)' })
  })

  it('is stopped with everything that it started, and what it leaves behind is not waited for', async () => {
    const started = performance.now()
    const slow = 'sleep 30 & echo $! >pid; sleep 30'
    expect(await runCommand(slow, '', { cwd: folder, timeoutMs: 200 })).toMatchObject({ ok: false, detail: 'stopped after 0.2 s' })
    const pid = (await readFile(join(folder, 'pid'), 'utf8')).trim()
    // Gone, or dead and not yet collected.
    await vi.waitFor(async () => expect(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z')).toContain(') Z'))
    expect(await runCommand('sleep 2 & exit 0', '', { cwd: folder, timeoutMs: 5000 })).toMatchObject({ ok: true })
    expect(performance.now() - started).toBeLessThan(1900)
  })
})

describe('an alert', () => {
  it('holds no secret, whole or cut, and stays small', () => {
    const redact = redactor(['hunter2'])
    const long = `${'x'.repeat(997)}hunter2`
    const tables = Array.from({ length: 500 }, (_, index) => ({ table: `t${index}`, outcome: 'failed', message: `${long}${long}` }))
    const made = alertOf({ event: 'job.failed', directory: '/hunter2', message: long, hint: 'hunter2', tables }, redact)
    const whole = JSON.stringify(made)
    expect(whole).not.toMatch(/hunt/)
    expect(whole.length).toBeLessThan(50_000)
    expect(made).toMatchObject({ moreTables: 480, job: null, exit: null })
    expect(slackText(made).length).toBeLessThan(3100)
  })

  it('cannot call the whole channel from a table’s name', () => {
    const made: Alert = { ...alert, event: 'job.failed', job: 'daily', exit: 1, tables: [{ table: '<!channel> & co', outcome: 'failed', message: 'x' }] }
    expect(slackText(made)).toContain('• &lt;!channel&gt; &amp; co failed: x')
  })
})

describe('all places', () => {
  it('are told, whatever happens to one of them', async () => {
    await using json = await receiver([200])
    await using slack = await receiver([200])
    const secret: LoadedAlerts['secret'] = async (value, key) => {
      if (value === 'env:GONE') throw new SyncError('CONFIG_SECRET', `${key} is not set`, { kind: 'config' })
      return value === 'env:KEY' ? 'the-key' : value
    }
    const webhooks = [
      { url: 'env:GONE', format: 'json', secret: undefined },
      { url: json.url, format: 'json', secret: 'env:KEY' },
      { url: slack.url, format: 'slack', secret: undefined },
    ] as const
    const secrets = new Set<string>()
    const alerts = { webhooks, command: 'exit 7', directory: folder }
    const answers = await sendAlert({ alerts, problems: [], secret }, alert, { secrets, patience })
    expect(answers.map(({ ok, detail }) => [ok, detail])).toEqual([
      [false, 'alerts.webhooks.0.url is not set'],
      [true, 'answered 200'],
      [true, 'answered 200'],
      [false, 'ended with 7'],
    ])
    expect(answers[1]?.place).toMatch(/^webhook 2 \(127\.0\.0\.1:\d+\)$/)
    expect(JSON.parse(json.received[0]?.body ?? '')).toMatchObject({ v: 1, event: 'test', message: 'hello', id: alert.id })
    expect(Object.keys(JSON.parse(slack.received[0]?.body ?? ''))).toEqual(['text'])
    expect([...secrets]).toEqual(expect.arrayContaining([json.url, 'the-key']))
  })
})
