/** Broken at spaces, later lines indented; a word that is longer than a line stays whole. Lines of its own stay. */
export function wrap(text: string, width: number, indent = '  '): string {
  return text
    .split('\n')
    .map((line) => wrapLine(line, width, indent))
    .join('\n')
}

function wrapLine(text: string, width: number, indent: string): string {
  const lines: string[] = []
  let line = /^ */.exec(text)?.[0] ?? ''
  const start = line.length
  for (const word of text.slice(start).split(' ')) {
    const isEmpty = line.trim() === ''
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line)
      line = `${indent}${word}`
    } else line = isEmpty ? `${line}${word}` : `${line} ${word}`
  }
  return [...lines, line].join('\n')
}
