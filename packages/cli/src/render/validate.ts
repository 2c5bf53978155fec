import { printable, printableLines } from '../printable.ts'
import type { ValidateOutcome } from '../services/validate.ts'
import { plural } from './format.ts'
import { list } from './report.ts'

export function validateText({ valid, files, problems, warnings }: ValidateOutcome): string {
  const wrong = problems.map(
    ({ message, hint }) => `${printableLines(message, '    ')}${hint === undefined ? '' : `\n    Next: ${printableLines(hint, '          ')}`}`,
  )
  const verdict = valid ? 'The configuration is valid.' : `The configuration has ${plural(problems.length, 'problem')}.`
  const read = files.length === 0 ? 'No configuration file was found; the environment was read.' : `Read: ${files.map(printable).join(', ')}`
  return [read, list('Warnings', warnings.map(printable)), list('Problems', wrong), verdict].filter((part) => part !== '').join('\n\n')
}
