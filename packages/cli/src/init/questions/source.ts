import { SyncError } from '@dbsync/core/plugin'
import type { CliCode } from '../../codes.ts'
import { type Address, isAddress, parseAddress } from '../address.ts'
import { type Answers, NO_SECRET, type Secret, TLS_MODES, type TlsMode } from '../answers.ts'
import { type Desk, textOf } from '../desk.ts'
import { badAnswer, filled, onlyText, type Question, type Theme, wholeNumber } from '../question.ts'
import { askSecret, givenSecret } from '../secret.ts'
import { showSource } from '../show-source.ts'

/** What an address answers besides the host. Kept for the questions after it. */
const said = new WeakMap<Desk, Address>()

export const addressOf = (desk: Desk): Address | undefined => said.get(desk)

const host: Question<'host'> = {
  id: 'host',
  flag: 'source',
  summary: 'Where the source is: mysql://user@host:3306/database, a host, or the path of a socket.',
  helpValue: 'ADDRESS',
  required: true,
  parse: (given, desk) => hostOf(onlyText('source', given, filled), desk),
  fallback: (_known, desk) => textOf(desk, 'source.options.host') ?? textOf(desk, 'source.options.socket'),
  async ask(prompts, fallback, _known, desk) {
    const check = (text: string) => faultOf(() => hostOf(text, desk)) ?? filled(text)
    return hostOf(await prompts.text('Host, or an address like mysql://user@host:3306/database', { fallback, check }), desk)
  },
}

const port: Question<'port'> = {
  id: 'port',
  flag: 'source-port',
  summary: 'Its port. Default 3306.',
  helpValue: 'N',
  applies: ({ host: at }, desk) => at?.startsWith('/') !== true && addressOf(desk)?.port === undefined,
  parse: (given) => Number(onlyText('source-port', given, wholeNumber(1, 65_535))),
  fallback: (_known, desk) => addressOf(desk)?.port ?? Number(textOf(desk, 'source.options.port') ?? 3306),
  ask: async (prompts, fallback) => Number(await prompts.text('Port', { fallback: String(fallback ?? 3306), check: wholeNumber(1, 65_535) })),
}

const user: Question<'user'> = {
  id: 'user',
  flag: 'source-user',
  summary: 'The user there; SELECT is all that it needs.',
  helpValue: 'NAME',
  required: true,
  applies: (_known, desk) => addressOf(desk)?.user === undefined,
  parse: (given) => onlyText('source-user', given, filled),
  fallback: (_known, desk) => addressOf(desk)?.user ?? textOf(desk, 'source.options.user'),
  ask: (prompts, fallback) => prompts.text('User (SELECT is all it needs)', { fallback, check: filled }),
}

const password: Question<'password'> = {
  id: 'password',
  flag: 'source-password',
  summary: 'Where its password is: env:NAME, file:PATH or cmd:COMMAND.',
  helpValue: 'REFERENCE',
  applies: (_known, desk) => addressOf(desk)?.password === undefined,
  parse(given) {
    const reference = given.at(-1) ?? ''
    if (!/^(env|file|cmd):./.test(reference)) throw badAnswer('source-password', 'takes env:NAME, file:PATH or cmd:COMMAND: flags can be seen by every user.')
    return { kind: 'reference', reference }
  },
  fallback: (_known, desk) => sourcePassword(desk),
  ask: (prompts, fallback, _known, desk) => askSecret(prompts, desk, 'the password of the source', fallback),
}

function sourcePassword(desk: Desk): Secret {
  const given = addressOf(desk)?.password
  if (given !== undefined) return givenSecret(desk, given)
  const kept = textOf(desk, 'source.options.password')
  return kept === undefined || kept === '' ? NO_SECRET : { kind: 'reference', reference: kept }
}

const tls: Question<'tls'> = {
  id: 'tls',
  flag: 'source-tls',
  summary: `Encryption: ${TLS_MODES.join(', ')}. Left out: disabled on this machine, required elsewhere.`,
  helpValue: 'MODE',
  applies: ({ host: at }, desk) => !isLocal(at) && textOf(desk, 'source.options.ssl.mode') === undefined && !addressOf(desk)?.query.has('tls'),
  parse: (given) => tlsMode(given.at(-1) ?? ''),
  fallback({ host: at }, desk) {
    // Encryption that is set up without a mode is the strictest one.
    const unnamed = textOf(desk, 'source.options.ssl.ca') === undefined ? undefined : 'verify-identity'
    const set = addressOf(desk)?.query.get('tls') ?? textOf(desk, 'source.options.ssl.mode') ?? unnamed
    return set === undefined ? (isLocal(at) ? 'disabled' : 'required') : tlsMode(set)
  },
  ask: (prompts, fallback) =>
    prompts.one<TlsMode>(
      'Encrypt the connection?',
      [
        { value: 'required', name: 'Yes' },
        { value: 'verify-identity', name: "Yes, and check the server's certificate and name" },
        { value: 'verify-ca', name: "Yes, and check the server's certificate" },
        { value: 'disabled', name: 'No' },
      ],
      fallback,
    ),
}

function tlsMode(text: string): TlsMode {
  const mode = TLS_MODES.find((candidate) => candidate === text)
  if (mode === undefined) throw badAnswer('source-tls', `must be one of ${TLS_MODES.join(', ')}.`)
  return mode
}

const isLocal = (at: string | undefined): boolean => at === undefined || at.startsWith('/') || /^(localhost|127\.[\d.]+|::1)$/i.test(at)

function hostOf(text: string, desk: Desk): Answers['host'] {
  said.delete(desk)
  if (!isAddress(text)) return text.trim()
  const address = parseAddress(text.trim())
  if (address.type !== 'mysql' && address.type !== 'mariadb') throw badAnswer('source', 'must begin with mysql://')
  const at = address.host ?? address.query.get('socket')
  if (at === undefined) throw badAnswer('source', 'names no host.')
  if (address.password !== undefined) desk.session.secrets.add(address.password)
  said.set(desk, address)
  return at
}

function faultOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (!SyncError.is(error)) throw error
    return error.message
  }
}

export const SOURCE: Theme = {
  title: 'The source',
  questions: [host, port, user, password, tls],
  async tryOut(known, desk) {
    const { openSource } = await import('../found.ts')
    await desk.source?.[Symbol.asyncDispose]()
    desk.source = undefined
    const opened = await openSource(known, desk).catch((error: unknown) => {
      if (!SyncError.is(error) || !error.code.endsWith('_TLS')) throw error
      const { code, message, kind, hint = '' } = error
      throw new SyncError(code, message, { kind, hint: `${hint} In this command: --source-tls disabled.`.trim(), cause: error })
    })
    desk.source = opened
    if (opened.databases.length === 0) {
      throw new SyncError('INIT_NOTHING_SEEN' satisfies CliCode, `${opened.identity.label} answers, and shows this user no database.`, {
        kind: 'privilege',
        hint: `As an administrator there: GRANT SELECT ON \`DATABASE\`.* TO '${known.user}'@'…';`,
      })
    }
    showSource(opened, desk)
  },
}
