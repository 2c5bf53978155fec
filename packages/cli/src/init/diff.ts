const CONTEXT = 2

/** What changes between two texts, line by line, with a little around it: `- ` goes, `+ ` comes. */
export function difference(before: string, after: string): readonly string[] {
  const [a, b] = [linesOf(before), linesOf(after)]
  const marked = compare(a, b)
  const near = (index: number) => marked.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((line) => !line.startsWith('  '))
  return marked.flatMap((line, index) => (near(index) ? [line] : index === 0 || near(index - 1) ? ['  …'] : []))
}

const linesOf = (text: string): readonly string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))

/** The longest common lines stay; files of settings are short enough for a table of all pairs. */
function compare(a: readonly string[], b: readonly string[]): readonly string[] {
  const common = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1))
  const at = (i: number, j: number): number => common[i]?.[j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    const row = common[i]
    if (row !== undefined) for (let j = b.length - 1; j >= 0; j--) row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  }
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(`  ${a[i]}`)
      i++
      j++
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) lines.push(`- ${a[i++]}`)
    else lines.push(`+ ${b[j++]}`)
  }
  return lines
}
