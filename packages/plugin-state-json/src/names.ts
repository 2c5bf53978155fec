import { createHash } from 'node:crypto'

/**
 * Names of databases, tables and locks as file names. Letters, digits and `_-.` stand for themselves, all else is
 * percent-encoded, so that no name leaves its folder, is hidden, or is a device on Windows.
 *
 * - `kept`: capitals stay, so that tools find `ShopDB.json`. Two names may then differ only in case.
 * - `escaped`: capitals are encoded too. No two names differ only in case.
 * - `apart`: the first character is encoded as well: the way out for a name whose `kept` form is taken on a disk that ignores case.
 */
export type Style = 'kept' | 'escaped' | 'apart'

/** Encrypted home folders allow 143 bytes; suffixes come on top of this. */
const MAX_LENGTH = 110
const HASH_MARK = '%~'
/** Devices of Windows, and the file of the last run: `status_dir` and `sync_dir` may be one folder. */
const RESERVED = /^(?:(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)|sync-state$)/i
const DECODABLE = /^(?:[A-Za-z0-9_.-]|%[0-9A-F]{2}|%u[0-9A-F]{4})+$/

export function encodeName(name: string, style: Style): string {
  if (name === '') return '%'
  const plain = style === 'kept' ? /[A-Za-z0-9_.-]/ : /[a-z0-9_.-]/
  const first = style === 'apart' || RESERVED.test(name) || /^[_.-]/.test(name) ? 0 : -1
  const encoded = Array.from(name, (char, i) => (i !== first && plain.test(char) ? char : escaped(char))).join('')
  return encoded.length <= MAX_LENGTH ? encoded : hashed(name)
}

/** The folder of a group of keys, without dots, so that it never has the name of a file; `undefined` where the name is too long for one. */
export function encodeFolder(name: string): string | undefined {
  const encoded = encodeName(name, 'escaped').replaceAll('.', '%2E')
  return isHashed(encoded) || encoded.length > MAX_LENGTH ? undefined : encoded
}

/** The name behind an encoded one; `undefined` where `encodeName` would never have written this. Not for hashed names. */
export function decodeName(encoded: string): string | undefined {
  if (encoded === '%') return ''
  if (!DECODABLE.test(encoded)) return undefined
  const name = encoded.replace(/%u([0-9A-F]{4})|(?:%[0-9A-F]{2})+/g, (run, unit: string | undefined) =>
    unit === undefined ? Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8') : String.fromCharCode(Number.parseInt(unit, 16)),
  )
  const styles: readonly Style[] = ['kept', 'escaped', 'apart']
  return styles.some((style) => encodeName(name, style) === encoded) ? name : undefined
}

/** Whether the name was too long for a file and only its hash is left: a `.name` file beside it then holds the name. */
export const isHashed = (encoded: string): boolean => encoded.includes(HASH_MARK)

function hashed(name: string): string {
  const head = Array.from(name.slice(0, 40), (char) => (/[a-z0-9]/.test(char) ? char : '-'))
    .join('')
    .replace(/-+/g, '-')
  const text = JSON.stringify(name)
  return `${RESERVED.test(head) || head.startsWith('-') ? 'long' : ''}${head}${HASH_MARK}${createHash('sha256').update(text).digest('hex').slice(0, 40)}`
}

function escaped(char: string): string {
  const code = char.charCodeAt(0)
  const loneSurrogate = char.length === 1 && code >= 0xd800 && code <= 0xdfff
  if (loneSurrogate) return `%u${code.toString(16).toUpperCase()}`
  return Array.from(Buffer.from(char, 'utf8'), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}
