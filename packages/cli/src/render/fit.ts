/** What is to be copied, statements and commands: a terminal that breaks such a line copies it as one, which a line break of ours would spoil. */
const COPIED = /^ *(?:`|\)|--|[A-Z]{3,}\b)|\b(?:GRANT|SET GLOBAL) |\b(?:Undo|kept): dbsync /

/** At a space, unless it is of a command in a sentence. */
const WORDS = /(?:`[^`]*`|[^ ])+/g

/** `Data     43.8 MB of rows`, `  missing  id=1`: what follows stays below its beginning. */
const LABEL = /^ *(?:[A-Za-z]+ {2,}(?=\S))?/

/** Sentences broken at spaces to the width of the terminal; in a list later lines are deeper than the first. Without a width, as for a pipe, nothing is broken. */
export const fit = (text: string, width: number | undefined): string =>
  width === undefined
    ? text
    : text
        .split('\n')
        .map((line) => (line.length <= width || COPIED.test(line) ? line : broken(line, width)))
        .join('\n')

function broken(line: string, width: number): string {
  const [label = ''] = LABEL.exec(line) ?? []
  const sentence = line.slice(label.length)
  // Columns of a table.
  if (/ {2}/.test(sentence)) return line
  const indent = ' '.repeat(label !== '' && label.trim() === '' ? label.length + 2 : label.length)
  const lines: string[] = []
  let current = ''
  for (const word of sentence.match(WORDS) ?? []) {
    const start = lines.length === 0 ? label : indent
    if (current !== '' && start.length + current.length + 1 + word.length > width) {
      lines.push(`${start}${current}`)
      current = word
    } else current = current === '' ? word : `${current} ${word}`
  }
  return [...lines, `${lines.length === 0 ? label : indent}${current}`].join('\n')
}
