import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { errorReference, REFERENCE, undeclared } from './error-reference.ts'

test('docs/errors.md is what the codes.ts files say (node scripts/errors.ts writes it)', async () => {
  expect(await readFile(REFERENCE, 'utf8')).toBe(await errorReference())
})

test('every code that is thrown is declared, once, under a heading', async () => {
  expect(await undeclared()).toEqual([])
})
