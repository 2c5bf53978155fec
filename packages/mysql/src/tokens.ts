/**
 * A piece of a definition: a quoted name (unquoted here), a string (with its quotes), a group in parentheses (with them), or a bare
 * word, number or sign. What stands in a versioned comment is read as if it stood outside.
 */
export type Token = { readonly kind: 'name' | 'string' | 'group' | 'word'; readonly text: string }

/** Splits a column, a key or the options of SHOW CREATE TABLE. Never throws: what is not closed ends with the text. */
export function tokens(text: string): readonly Token[] {
  const found: Token[] = []
  for (let at = 0; at < text.length; ) {
    const char = text[at] as string
    const opening = /^\/\*M?!\d*\s?/.exec(text.slice(at, at + 12))
    if (/\s/.test(char)) at++
    else if (opening !== null) at += opening[0].length
    else if (text.startsWith('*/', at)) at += 2
    else {
      const end = tokenEnd(text, at)
      const piece = text.slice(at, end)
      if (char === '`') found.push({ kind: 'name', text: piece.slice(1, -1).replaceAll('``', '`') })
      else found.push({ kind: char === "'" || char === '"' ? 'string' : char === '(' ? 'group' : 'word', text: piece })
      at = end
    }
  }
  return found
}

/** The parts of a group, split at its own commas. */
export function groupItems(group: string): readonly string[] {
  const items: string[] = []
  let from = 1
  for (let at = 1; at < group.length; at = tokenEnd(group, at)) {
    if (group[at] !== ',' && at < group.length - 1) continue
    const item = group.slice(from, at).trim()
    if (item !== '') items.push(item)
    from = at + 1
  }
  return items
}

/** The offset after the token that begins at `at`. */
function tokenEnd(text: string, at: number): number {
  const char = text[at] as string
  if (char === '`' || char === "'" || char === '"') return quotedEnd(text, at)
  if (char === '(') return groupEnd(text, at)
  const word = /^[\w.$@]+/u.exec(text.slice(at, at + 256))
  return at + (word?.[0].length ?? 1)
}

function groupEnd(text: string, open: number): number {
  let depth = 0
  for (let at = open; at < text.length; ) {
    const char = text[at] as string
    if (char === '`' || char === "'" || char === '"') {
      at = quotedEnd(text, at)
      continue
    }
    if (char === '(') depth++
    if (char === ')') depth--
    at++
    if (depth === 0) return at
  }
  return text.length
}

function quotedEnd(text: string, at: number): number {
  const quote = text[at]
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\' && quote !== '`') i++
    else if (text[i] === quote) {
      if (text[i + 1] !== quote) return i + 1
      i++
    }
  }
  return text.length
}

/** The text of a string token. */
export const stringValue = (text: string): string =>
  text.slice(1, -1).replace(/\\([\s\S])|''|""/g, (both, escaped?: string) => (escaped === undefined ? both.slice(1) : (ESCAPES[escaped] ?? escaped)))

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '0': '\0', Z: '\x1a', b: '\b' }
