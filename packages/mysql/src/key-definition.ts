import { groupItems, tokens } from './tokens.ts'

/** The line of a key in SHOW CREATE TABLE. */
export type KeyDefinition = {
  readonly parts: readonly KeyColumn[]
  /** IGNORED or INVISIBLE: kept up to date, and not used. */
  readonly ignored: boolean
  readonly comment: string | undefined
  /** All else: USING, KEY_BLOCK_SIZE, WITH PARSER. */
  readonly other: string
}

export type KeyColumn = {
  /** `undefined`: an expression, or a period. */
  readonly column: string | undefined
  readonly expression: string
  readonly length: number | undefined
  readonly descending: boolean
}

export function parseKey(definition: string): KeyDefinition {
  const all = tokens(definition)
  const group = all.findIndex((token) => token.kind === 'group')
  const parts = groupItems(all[group]?.text ?? '()').map(keyColumn)
  let ignored = false
  let comment: string | undefined
  const other: string[] = []
  for (let at = group + 1; at < all.length; at++) {
    const token = all[at]
    const word = token?.text.toUpperCase() ?? ''
    if (word === 'IGNORED' || word === 'INVISIBLE') ignored = true
    else if (word === 'COMMENT') comment = all[++at]?.text
    else other.push(token?.kind === 'word' ? word : (token?.text ?? ''))
  }
  return { parts, ignored, comment, other: other.join(' ') }
}

function keyColumn(text: string): KeyColumn {
  const [first, ...rest] = tokens(text)
  const length = rest.find((token) => token.kind === 'group')
  return {
    column: first?.kind === 'name' ? first.text : undefined,
    expression: text,
    length: length === undefined || first?.kind !== 'name' ? undefined : Number(length.text.slice(1, -1)),
    descending: rest.some((token) => token.kind === 'word' && token.text.toUpperCase() === 'DESC'),
  }
}
