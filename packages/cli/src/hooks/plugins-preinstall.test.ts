import { expect, test } from 'vitest'
import { warningsOf } from './plugins-preinstall.ts'

test('a version is pinned, a tag, a range and a branch are not', () => {
  const lines = (tag: string) => warningsOf({ type: 'npm', name: 'dbsync-plugin-x', tag }).length
  expect(['1.2.3', '2.0.0-beta.1'].map(lines)).toEqual([1, 1])
  expect(['latest', 'next', '^1.2.3', '1', '1.2', 'x'].map(lines)).toEqual([2, 2, 2, 2, 2, 2])
  expect(warningsOf({ type: 'repo', url: 'file:///x.tgz' })).toHaveLength(1)
  expect(warningsOf({ type: 'repo', url: 'https://git.example/x\u001b[2J' })).toEqual([
    expect.stringContaining('https://git.example/x\\u{1b}[2J will run with your rights'),
    expect.stringContaining('#COMMIT'),
  ])
})
