import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Mutant } from './mutants.ts'

/** When a mutant was last run, and which test caught it; by `nameOf`. */
export type Results = ReadonlyMap<string, Result>
export type Result = { readonly by: string; readonly seconds: number; readonly date: string }

/** A mutant that was changed since has no result. */
export const nameOf = (mutant: Mutant): string => createHash('sha256').update(JSON.stringify(mutant)).digest('hex')

export async function readResults(path: string): Promise<Results> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return '[]'
  })
  return new Map(JSON.parse(text) as [string, Result][])
}

export async function keepResult(path: string, mutant: Mutant, result: Result | undefined): Promise<void> {
  const results = new Map(await readResults(path))
  if (result === undefined) results.delete(nameOf(mutant))
  else results.set(nameOf(mutant), result)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, JSON.stringify([...results], undefined, 1))
}
