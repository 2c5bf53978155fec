import { printable } from '../printable.ts'
import type { DoctorOutcome, FindingGroup, ShownFinding, ShownFix } from '../services/doctor.ts'
import { plural } from './format.ts'

const LEVEL_WIDTH = 10
const INDENT = ' '.repeat(LEVEL_WIDTH + 2)
const NARROWEST = 40

/** Sentences are wrapped to the width. What is to be copied is not: a terminal that breaks the line copies it as one. */
export function doctorText({ groups, summary }: DoctorOutcome, width: number): string {
  const sections = groups.map((group) => [printable(group.title), ...group.findings.map((finding) => findingText(finding, group, width))].join('\n'))
  const counts = [
    ...(summary.failure === 0 ? [] : [plural(summary.failure, 'failure')]),
    ...(summary.warning === 0 ? [] : [plural(summary.warning, 'warning')]),
    ...(summary.note === 0 ? [] : [plural(summary.note, 'note')]),
    ...(summary.unchecked === 0 ? [] : [`${summary.unchecked} not checked`]),
    `${summary.ok} ok`,
  ].join(', ')
  const verdict =
    summary.failure > 0
      ? 'Runs will fail, or data is in danger'
      : summary.unchecked > 0
        ? 'Not everything could be checked'
        : summary.warning > 0
          ? 'It works, and could be better'
          : 'All is well'
  return [...sections, `${verdict}: ${counts}.`].join('\n\n')
}

function findingText({ level, message, fix }: ShownFinding, group: FindingGroup, width: number): string {
  const text = `  ${level.padEnd(LEVEL_WIDTH)}${wrapped(printable(message), width)}`
  return fix === undefined ? text : `${text}\n${fixLines(fix, group, width).join('\n')}`
}

function fixLines(fix: ShownFix, group: FindingGroup, width: number): readonly string[] {
  const exact = (lines: readonly string[]) => lines.map((line) => `${INDENT}  ${printable(line)}`)
  switch (fix.by) {
    case 'hand':
      return [`${INDENT}${wrapped(`Fix: ${printable(fix.text)}`, width)}`]
    case 'command':
      return [`${INDENT}Fix, in a shell:`, ...exact(fix.commands)]
    case 'setting':
      return [`${INDENT}Fix, in ${fix.file}:`, ...exact(Object.entries(fix.value).map(([key, value]) => `${JSON.stringify(key)}: ${spaced(value)}`))]
    case 'sql': {
      const keep = fix.keep === undefined ? [] : [`${INDENT}and in its option file, so that it lasts:`, ...exact([fix.keep])]
      return [`${INDENT}Fix, as an administrator of ${printable(serverOf(group))}:`, ...exact(fix.statements), ...keep]
    }
  }
}

const serverOf = ({ end }: FindingGroup): string => (end === undefined ? 'the server' : end.role === 'source' ? 'the source' : `target ${end.name}`)

/** JSON in one line with room to breathe. */
const spaced = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value)
  return entries.length === 0 ? '{}' : `{ ${entries.map(([key, item]) => `${JSON.stringify(key)}: ${spaced(item)}`).join(', ')} }`
}

/** At spaces, indented after the first line; a word that is longer than a line stays whole. */
function wrapped(text: string, width: number): string {
  const room = Math.max(NARROWEST, width) - INDENT.length
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${INDENT}`)
}
