import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const shell = promisify(execFile)
const program = join(import.meta.dirname, '../node_modules/.bin/dbsync')

test('the installed program runs from anywhere, on the Node that the workspace brings', async () => {
  const { stdout } = await shell(program, ['--version'], { cwd: '/' })
  expect(stdout).toMatch(/@dbsync\/cli\/\d+\.\d+\.\d+ \S+ node-v24/)
})

test('a reader that goes away early is no error', async () => {
  const { stdout } = await shell('bash', ['-o', 'pipefail', '-c', `'${program}' help run | head -n 1`], { cwd: '/' })
  expect(stdout.trim()).not.toBe('')
})
