import { type Token, tokens } from './tokens.ts'

/** What the line of a column in SHOW CREATE TABLE says besides its type, character set and nullability, which `Column` has. */
export type ColumnDefinition = {
  /** The type as it is written, without the character set: `varchar(20)`, `enum('a','b')`. */
  readonly type: string
  /** As an expression; `undefined`: none, or NULL where the column takes it. */
  readonly default: string | undefined
  readonly onUpdate: string | undefined
  readonly generated: string | undefined
  readonly comment: string | undefined
  readonly check: string | undefined
  readonly autoIncrement: boolean
  readonly invisible: boolean
  readonly notNull: boolean
  /** All else, in a fixed order: COMPRESSED, SRID, WITHOUT SYSTEM VERSIONING, attributes of an engine. */
  readonly other: string
}

/** Reads a column's line. The order of the attributes does not matter, nor how the server spells the current time. */
export function parseColumn(definition: string): ColumnDefinition {
  const all = tokens(definition).slice(1)
  let at = 0
  const words = (...wanted: string[]): boolean => {
    const fits = wanted.every((word, i) => all[at + i]?.kind === 'word' && all[at + i]?.text.toUpperCase() === word)
    if (fits) at += wanted.length
    return fits
  }
  const next = (): string => {
    const token = all[at++]
    return token === undefined ? '' : token.text
  }
  const expression = (): string => {
    const first = all[at]
    let text = next()
    // A sign and its number, an introducer and its string, a function and its arguments.
    const goesOn = (token: Token | undefined) =>
      token !== undefined && first?.kind === 'word' && (token.kind === 'group' || token.kind === 'string' || /^[-+]$/.test(text))
    while (goesOn(all[at])) text += next()
    return canonicalExpression(text)
  }

  let type = next()
  const MORE = /^(unsigned|signed|zerofill|varying|precision)$/i
  while (at < all.length && (all[at]?.kind === 'group' || (all[at]?.kind === 'word' && MORE.test(all[at]?.text ?? '')))) {
    type += all[at]?.kind === 'group' ? next() : ` ${next()}`
  }
  const found: { -readonly [K in keyof ColumnDefinition]: ColumnDefinition[K] } = {
    type,
    default: undefined,
    onUpdate: undefined,
    generated: undefined,
    comment: undefined,
    check: undefined,
    autoIncrement: false,
    invisible: false,
    notNull: false,
    other: '',
  }
  const other: string[] = []
  while (at < all.length) {
    if (words('CHARACTER', 'SET') || words('CHARSET') || words('COLLATE')) next()
    else if (words('NOT', 'NULL')) found.notNull = true
    else if (words('NULL')) continue
    else if (words('DEFAULT')) {
      const text = expression()
      found.default = /^null$/i.test(text) ? undefined : text
    } else if (words('ON', 'UPDATE')) found.onUpdate = expression()
    else if (words('GENERATED', 'ALWAYS', 'AS') || words('AS')) {
      const text = all[at]?.kind === 'group' ? inner(next()) : next()
      const how = next().toUpperCase()
      found.generated = `${text} ${how === 'PERSISTENT' ? 'STORED' : how}`
    } else if (words('COMMENT')) found.comment = next()
    else if (words('CHECK')) found.check = inner(next())
    else if (words('AUTO_INCREMENT')) found.autoIncrement = true
    else if (words('INVISIBLE')) found.invisible = true
    else if (words('VISIBLE')) continue
    else {
      const token = all[at]
      other.push(token?.kind === 'name' ? `\`${next()}\`` : next())
    }
  }
  return { ...found, other: other.join(' ') }
}

/** One spelling for what servers print in several: the current time, and parentheses around the whole. */
export function canonicalExpression(text: string): string {
  const bare = inner(text)
  const now = /^(?:current_timestamp|now|localtime|localtimestamp)(?:\((\d*)\))?$/i.exec(bare)
  return now === null ? bare : `current_timestamp(${now[1] === '0' ? '' : (now[1] ?? '')})`
}

/** Without parentheses around the whole, however many. */
function inner(text: string): string {
  let bare = text.trim()
  for (;;) {
    const all = tokens(bare)
    if (all.length !== 1 || all[0]?.kind !== 'group') return bare
    bare = bare.slice(1, -1).trim()
  }
}
