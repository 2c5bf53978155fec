import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

export type Answer = { readonly ok: boolean; readonly detail: string; readonly attempts: number }

export type Patience = {
  readonly attempts: number
  /** Of one attempt. */
  readonly timeoutMs: number
  /** Before the second attempt; three times as long before each further one. */
  readonly waitMs: number
}

export const USUAL_PATIENCE: Patience = { attempts: 3, timeoutMs: 10_000, waitMs: 1000 }

/**
 * Posts JSON. With a secret, `X-Dbsync-Signature` is `sha256=` and the hex HMAC-SHA-256 of the timestamp in `X-Dbsync-Timestamp` (seconds), a
 * dot and the body, so that an old alert cannot be sent again by somebody else. Tries again where trying again may help. Never throws, and
 * says nothing of the address but its host: whoever knows an address may be able to write there.
 */
export async function post(url: string, body: string, secret: string | undefined, { attempts, timeoutMs, waitMs }: Patience): Promise<Answer> {
  const parsed = URL.parse(url)
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return { ok: false, detail: 'the address is no http or https URL', attempts: 0 }
  if (parsed.username !== '' || parsed.password !== '')
    return { ok: false, detail: 'the address holds a user or a password, which is not supported', attempts: 0 }
  let detail = ''
  for (let attempt = 1; attempt <= attempts; attempt++) {
    if (attempt > 1) await sleep(waitMs * 3 ** (attempt - 2))
    const answer = await once(parsed, body, secret, timeoutMs)
    if (answer.ok || !answer.again) return { ok: answer.ok, detail: answer.detail, attempts: attempt }
    detail = answer.detail
  }
  return { ok: false, detail, attempts }
}

async function once(url: URL, body: string, secret: string | undefined, timeoutMs: number) {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signature = secret === undefined ? {} : { 'X-Dbsync-Signature': signatureOf(body, timestamp, secret) }
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'User-Agent': 'dbsync', 'X-Dbsync-Timestamp': timestamp, ...signature },
      body,
      // An address that has moved is to be corrected: what is sent is meant for this one.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    await response.body?.cancel()
    const { status } = response
    return { ok: response.ok, detail: `answered ${status}`, again: status >= 500 || status === 408 || status === 429 }
  } catch (error) {
    return { ok: false, detail: reasonOf(error, timeoutMs), again: true }
  }
}

export const signatureOf = (body: string, timestamp: string, secret: string): string =>
  `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`

/** `fetch` hides the reason in the cause, and puts the address into some messages. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`
  const cause = error instanceof Error ? error.cause : undefined
  if (!(cause instanceof Error)) return 'cannot be reached'
  return `cannot be reached (${'code' in cause ? String(cause.code) : cause.message.slice(0, 100)})`
}
