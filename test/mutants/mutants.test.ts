import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { occurrences } from './apply.ts'
import { mutants } from './mutants.ts'

test('there are many, each under a name of its own', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(45)
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
})

test('the text of each stands exactly once in its file, and its tests are there', async () => {
  const stale: string[] = []
  for (const { name, file, find, replace, tests } of mutants) {
    const found = occurrences(await read(file), find)
    if (found !== 1) stale.push(`${name}: ${found} times in ${file}`)
    if (find === replace) stale.push(`${name}: changes nothing`)
    for (const path of tests) if ((await read(path)) === '') stale.push(`${name}: no ${path}`)
  }
  expect(stale).toEqual([])
})

const texts = new Map<string, Promise<string>>()

function read(path: string): Promise<string> {
  const text = texts.get(path) ?? readFile(new URL(`../../${path}`, import.meta.url), 'utf8').catch(() => '')
  texts.set(path, text)
  return text
}
