import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mutant } from './mutants.ts'

export const occurrences = (text: string, part: string): number => text.split(part).length - 1

/** Puts the fault into the copy of the workspace; disposing takes it out again. */
export async function apply(root: string, { name, file, find, replace }: Mutant): Promise<AsyncDisposable> {
  const path = join(root, file)
  const text = await readFile(path, 'utf8')
  const found = occurrences(text, find)
  if (found !== 1) throw new Error(`${name}: its text stands ${found} times in ${file}`)
  // A function: `$` means nothing in what it returns.
  await writeFile(
    path,
    text.replace(find, () => replace),
  )
  return { [Symbol.asyncDispose]: () => writeFile(path, text) }
}
