import { expect, test } from 'vitest'
import type { DoctorOutcome } from '../services/doctor.ts'
import { doctorText } from './doctor.ts'

const outcome = (findings: DoctorOutcome['groups'][number]['findings']): DoctorOutcome => ({
  groups: [{ id: 'target', title: 'Target copy', end: { role: 'target', name: 'copy' }, findings }],
  summary: { ok: 0, note: 0, warning: 1, failure: 0, unchecked: 0 },
  exit: 0,
})

test('sentences are wrapped, and what is to be copied is not', () => {
  const sql = `GRANT SELECT ON \`${'x'.repeat(90)}\`.* TO 'u'@'%';`
  const fix = { by: 'sql', statements: [sql], keep: 'local_infile = 1' } as const
  expect(doctorText(outcome([{ level: 'warning', id: 'x', message: 'a sentence of words '.repeat(6).trim(), fix }]), 60)).toBe(
    [
      'Target copy',
      '  warning   a sentence of words a sentence of words a',
      '            sentence of words a sentence of words a sentence',
      '            of words a sentence of words',
      '            Fix, as an administrator of target copy:',
      `              ${sql}`,
      '            and in its option file, so that it lasts:',
      '              local_infile = 1',
      '',
      'It works, and could be better: 1 warning, 0 ok.',
    ].join('\n'),
  )
})

test('a hostile name moves no cursor, and a setting is JSON', () => {
  const fix = { by: 'setting', file: 'params.json', value: { targets: { copy: { ssl: { ca: 'a"b' } } }, list: [1, {}] } } as const
  const text = doctorText(outcome([{ level: 'failure', id: 'x', message: 'a\u001b[2Jb', fix }]), 80)
  expect(text).toContain('a\\u{1b}[2Jb')
  expect(text).toContain('"targets": { "copy": { "ssl": { "ca": "a\\"b" } } }\n              "list": [1, {}]')
})
