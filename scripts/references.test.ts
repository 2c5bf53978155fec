import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { COMMAND_REFERENCE, commandReference } from './command-reference.ts'
import { CONFIGURATION, configurationReference } from './configuration-reference.ts'
import { errorReference, REFERENCE, undeclared } from './error-reference.ts'

test.each([
  [REFERENCE, errorReference],
  [CONFIGURATION, configurationReference],
  [COMMAND_REFERENCE, commandReference],
])('%s is what the code says (node scripts/docs.ts writes it)', async (file, made) => {
  expect(await readFile(file, 'utf8')).toBe(await made())
})

test('every code that is thrown is declared, once, under a heading', async () => {
  expect(await undeclared()).toEqual([])
})
