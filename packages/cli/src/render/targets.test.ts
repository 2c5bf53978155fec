import { expect, test } from 'vitest'
import { targetsText } from './targets.ts'

const installed = [
  {
    role: 'target',
    type: 'mysql',
    summary: 'A server.',
    plugin: '@dbsync/plugin-mysql-target',
    version: '1.0.0',
    options: [
      { name: 'host', kind: 'string', description: 'Name or address of the server, which may be rather long', required: true },
      { name: 'mode', kind: 'string', description: 'How\u001b', choices: ['a', 'b'], default: 'a' },
    ],
  },
] as const

test('options, with what is required, chosen and assumed', async () => {
  expect(await targetsText(installed)).toBe(
    [
      'target "mysql": A server.',
      '  from @dbsync/plugin-mysql-target 1.0.0',
      '  Option  Kind    Required  Default  What it is',
      '  host    string  yes                Name or address of the server, which may be rather long',
      '  mode    a|b               a        How\\u{1b}',
    ].join('\n'),
  )
})

test('on a terminal no line is broken in a word', async () => {
  const text = await targetsText(installed, 60)
  expect(text).toContain('  host    string  yes                Name or address of the\n')
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(60)
})

test('nothing installed', async () => {
  expect(await targetsText([])).toBe('No plugin brings a source, a target or a state store.')
})
