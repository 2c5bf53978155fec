import { SyncError } from '@dbsync/core/plugin'
import type { CliCode } from '../codes.ts'

/** `mysql://user:password@host:3306/database?key=value`, taken apart; what is not said is left out. */
export type Address = {
  readonly type: string
  readonly host?: string
  readonly port?: number
  readonly user?: string
  readonly password?: string
  /** Everything after the slash. */
  readonly path?: string
  readonly query: ReadonlyMap<string, string>
}

/** Throws `INIT_ANSWER`, without the text: it may hold a password. */
export function parseAddress(text: string): Address {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw notAnAddress()
  }
  const decoded = (part: string): string => {
    try {
      return decodeURIComponent(part)
    } catch {
      throw notAnAddress()
    }
  }
  const host = decoded(url.hostname).replace(/^\[(.*)\]$/, '$1')
  const path = decoded(url.pathname.replace(/^\//, ''))
  const query = new Map([...new Set(url.searchParams.keys())].map((key) => [key, url.searchParams.get(key) ?? '']))
  return {
    type: url.protocol.slice(0, -1),
    ...(host === '' ? {} : { host }),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(url.username === '' ? {} : { user: decoded(url.username) }),
    ...(url.password === '' ? {} : { password: decoded(url.password) }),
    ...(path === '' ? {} : { path }),
    query,
  }
}

/** Whether a text is meant as an address, and not as a host or a path. */
export const isAddress = (text: string): boolean => /^[a-z][a-z0-9+-]*:\/\//i.test(text)

const notAnAddress = (): SyncError =>
  new SyncError('INIT_ANSWER' satisfies CliCode, 'That is no address that can be read.', {
    kind: 'config',
    hint: 'Write it like mysql://user@host:3306/database. In a password and in names, `@`, `:`, `/`, `?`, `#` and `%` are written as %40, %3A, %2F, %3F, %23 and %25.',
  })
