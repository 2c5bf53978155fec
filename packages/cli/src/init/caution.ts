import { execFile } from 'node:child_process'
import { isAddress, parseAddress } from './address.ts'

/** Secrets that were seen on the way, or that are about to be given away. */
export async function cautions(cwd: string, given: ReadonlyMap<string, readonly string[]>, envFile: boolean): Promise<readonly string[]> {
  const addresses = [...(given.get('source') ?? []), ...(given.get('target') ?? []).map((text) => text.replace(/^[^=:/?]+=/, ''))]
  const typed = addresses.filter((text) => isAddress(text) && parseAddress(text).password !== undefined)
  return [
    ...(typed.length === 0
      ? []
      : ['a password on the command line can be seen by every user of this machine, and stays in the history of the shell: give a reference instead']),
    ...(envFile && (await isTracked(cwd)) ? ['.env holds secrets, and git does not ignore it: add it to .gitignore'] : []),
  ]
}

/** Whether git would take `.env` along. Without git, or outside of a repository, it would not. */
const isTracked = (cwd: string): Promise<boolean> =>
  new Promise((done) => {
    execFile('git', ['check-ignore', '-q', '.env'], { cwd, timeout: 5000 }, (error) => done(error !== null && error.code === 1))
  })
