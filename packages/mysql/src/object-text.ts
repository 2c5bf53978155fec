import { type ObjectType, SyncError } from '@dbsync/core/plugin'
import { nameOf, type Quoting, sqlTokens, type Token } from './sql-tokens.ts'

export type ObjectText = {
  /** `ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW`, `PROCEDURE`: all between CREATE and the name, without the definer. */
  readonly head: string
  /** All that follows the name; of a trigger what follows FOR EACH ROW. An event's says DISABLE. */
  readonly body: string
  /** `user@host`. */
  readonly definer: string
}

const TYPES = new Set(['VIEW', 'TRIGGER', 'PROCEDURE', 'FUNCTION', 'EVENT'])

/**
 * Takes the answer of SHOW CREATE VIEW, TRIGGER, PROCEDURE, FUNCTION or EVENT apart. Names are left out, and the definer, and whether an
 * event is switched on: on a copy it never is. Throws `MYSQL_DEFINITION` for a text of another kind.
 */
export function parseObject(type: ObjectType, create: string, quoting: Quoting): ObjectText {
  const tokens = sqlTokens(create, quoting)
  const code = tokens.filter(({ kind }) => kind !== 'blank')
  const kind = code.findIndex((token) => token.kind === 'word' && TYPES.has(token.text.toUpperCase()))
  if (!isWord(code[0], 'CREATE') || kind < 1 || code[kind]?.text.toLowerCase() !== type) throw unknown(create)
  const { rest, definer } = withoutDefiner(code.slice(1, kind))
  const head = [...rest, type.toUpperCase()].join(' ').replaceAll(' = ', '=')
  const afterName = code[kind + 2]?.text === '.' ? kind + 4 : kind + 2
  if (type === 'trigger') return { head, definer, body: create.slice(triggerBody(code, afterName, create)) }
  const body = create.slice(end(code[afterName - 1], create))
  return { head, definer, body: type === 'event' ? switchedOff(body, quoting) : body }
}

/** DEFINER=`user`@`host`: the host is one token with its @. */
function withoutDefiner(code: readonly Token[]): { readonly rest: readonly string[]; readonly definer: string } {
  const at = code.findIndex((token, i) => isWord(token, 'DEFINER') && code[i + 1]?.text === '=')
  const text = code.map((token) => token.text)
  const user = code[at + 2]
  if (at < 0 || user === undefined) return { rest: text, definer: '' }
  const host = code[at + 3]?.kind === 'variable' ? code[at + 3] : undefined
  const rest = [...text.slice(0, at), ...text.slice(host === undefined ? at + 3 : at + 4)]
  return { rest, definer: host === undefined ? nameOf(user) : `${nameOf(user)}@${nameOf({ ...host, kind: 'name', text: host.text.slice(1) })}` }
}

/** Where the statement begins that a trigger executes: after FOR EACH ROW, and after the trigger that it follows or precedes. */
function triggerBody(code: readonly Token[], from: number, create: string): number {
  const row = code.findIndex((token, i) => i >= from && isWord(token, 'ROW') && isWord(code[i - 1], 'EACH') && isWord(code[i - 2], 'FOR'))
  if (row < 0) throw unknown(create)
  const ordered = isWord(code[row + 1], 'FOLLOWS') || isWord(code[row + 1], 'PRECEDES')
  return end(code[ordered ? row + 2 : row], create)
}

/** ENABLE, DISABLE or DISABLE ON SLAVE stands before the comment and DO. */
function switchedOff(body: string, quoting: Quoting): string {
  const code = sqlTokens(body, quoting).filter(({ kind }) => kind !== 'blank')
  const stop = code.findIndex((token) => isWord(token, 'DO'))
  const at = code.findIndex((token, i) => i < stop && (isWord(token, 'ENABLE') || isWord(token, 'DISABLE')))
  if (at < 0) throw unknown(body)
  const last = isWord(code[at + 1], 'ON') ? at + 2 : at
  return `${body.slice(0, code[at]?.at)}DISABLE${body.slice(end(code[last], body))}`
}

const isWord = (token: Token | undefined, word: string): boolean => token?.kind === 'word' && nameOf(token).toUpperCase() === word
const end = (token: Token | undefined, text: string): number => (token === undefined ? text.length : token.at + token.text.length)

const unknown = (text: string): SyncError =>
  new SyncError('MYSQL_DEFINITION', `the definition of an object is not understood: ${text.slice(0, 200)}`, {
    kind: 'bug',
    hint: 'Please report it with the output of SHOW CREATE.',
  })
