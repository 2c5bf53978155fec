import { join } from 'node:path'
import { codeOf, namesIn, removeFile, statsOf } from './files.ts'
import { MANIFEST_SUFFIX, madeAt, parseTemporaryName } from './point-names.ts'

/** Nobody writes to one file for so long without a byte; needed only where it cannot be asked whether its writer lives. */
const ABANDONED_MS = 24 * 3_600_000

/** Removes what killed runs left: files that were still written, and manifests whose point never got its name. */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await namesIn(folder)
  const writing = new Set<string>()
  for (const name of names) {
    const owner = parseTemporaryName(name)
    if (owner === undefined) continue
    if (await isAlive(join(folder, name), owner.pid)) writing.add(owner.stem)
    else await removeFile(join(folder, name))
  }
  for (const name of names) {
    const stem = name.slice(0, -MANIFEST_SUFFIX.length)
    // A second point of the same second takes the name of the first with a number: then its writer is not found by name.
    const orphan = name.endsWith(MANIFEST_SUFFIX) && madeAt(stem) !== undefined && !names.some((other) => other !== name && other.startsWith(`${stem}.`))
    if (orphan && ![...writing].some((other) => sameSecond(other, stem))) await removeFile(join(folder, name))
  }
}

const sameSecond = (one: string, other: string): boolean => madeAt(one)?.at.getTime() === madeAt(other)?.at.getTime()

async function isAlive(path: string, pid: number | undefined): Promise<boolean> {
  const stats = await statsOf(path)
  if (stats === undefined) return false
  if (Date.now() - stats.mtimeMs > ABANDONED_MS) return false
  if (pid === undefined) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}
