import { tokens } from './tokens.ts'
import { charsetName, collationName } from './types.ts'

/** What follows the columns in SHOW CREATE TABLE. */
export type TableOptions = {
  /** By upper-case name (`DEFAULT CHARSET` is `CHARSET`); an engine's own attributes as they are, in backticks. Values as they are written. */
  readonly options: ReadonlyMap<string, string>
  readonly versioned: boolean
  /** From `PARTITION BY` on, without a versioned comment around it. */
  readonly partitions: string | undefined
}

export function parseTableOptions(text: string): TableOptions {
  const start = partitionStart(text)
  const options = new Map<string, string>()
  let versioned = false
  const all = tokens(start === undefined ? text : text.slice(0, start))
  for (let at = 0; at < all.length; at++) {
    const token = all[at]
    if (token === undefined) break
    const word = token.text.toUpperCase()
    if (token.kind === 'word' && (word === 'DEFAULT' || word === 'CHARACTER')) continue
    if (token.kind === 'word' && word === 'WITH' && all[at + 1]?.text.toUpperCase() === 'SYSTEM') {
      versioned = true
      at += 2
    } else if (all[at + 1]?.text === '=') {
      const value = all[at + 2]?.text ?? ''
      const name = token.kind === 'name' ? `\`${token.text.toLowerCase()}\`` : word === 'SET' ? 'CHARSET' : word
      options.set(name, name === 'CHARSET' ? charsetName(value) : name === 'COLLATE' ? collationName(value) : value)
      at += 2
    }
  }
  return { options, versioned, partitions: start === undefined ? undefined : partitionText(text.slice(start)) }
}

/** Names and strings could hold the words: they are passed over as tokens. */
function partitionStart(text: string): number | undefined {
  const all = [...text.matchAll(/`(?:[^`]|``)*`|'(?:[^'\\]|''|\\[\s\S])*'|"(?:[^"\\]|""|\\[\s\S])*"|(\bPARTITION\s+BY\b)/gi)]
  return all.find((match) => match[1] !== undefined)?.index
}

const partitionText = (text: string): string => text.replace(/\s*\*\/\s*$/, '').trim()
