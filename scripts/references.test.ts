import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { COMMAND_REFERENCE, commandReference } from './command-reference.ts'
import { CONFIGURATION, configurationReference } from './configuration-reference.ts'
import { errorReference, REFERENCE, undeclared } from './error-reference.ts'
import { outputSchemas, writtenSchemas } from './output-schemas.ts'

test.each([
  [REFERENCE, errorReference],
  [CONFIGURATION, configurationReference],
  [COMMAND_REFERENCE, commandReference],
])('%s is what the code says (node scripts/docs.ts writes it)', async (file, made) => {
  expect(await readFile(file, 'utf8')).toBe(await made())
})

test('the schemas of the output are what the types say (node scripts/docs.ts writes them)', async () => {
  const [made, written] = [outputSchemas(), await writtenSchemas()]
  expect([...written.keys()]).toEqual([...made.keys()].toSorted())
  for (const [name, text] of made) expect(written.get(name), name).toBe(text)
})

test('every code that is thrown is declared, once, under a heading', async () => {
  expect(await undeclared()).toEqual([])
})
