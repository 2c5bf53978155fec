// C0 and C1 controls, DEL, marks that turn the direction of text, line separators, and halves of surrogate pairs.
const HARMFUL = /\p{Cc}|\p{Surrogate}|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const escaped = (char: string): string => SHORT[char] ?? `\\u{${char.codePointAt(0)?.toString(16)}}`

/** Text from outside as one line that cannot move the cursor, change colours or turn the direction of what follows. */
export const printable = (text: string): string => text.replace(HARMFUL, escaped)

/** JSON as it was, with what a terminal would obey spelled out: inside a text every character may be. */
export const printableJson = (json: string): string =>
  json.replace(HARMFUL, (char) => (char === '\n' ? char : `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`))

/** The same for messages of several lines: every line after the first is indented, so that a name cannot pretend to be a line of ours. */
export const printableLines = (text: string, indent = '  '): string => text.split('\n').map(printable).join(`\n${indent}`)
