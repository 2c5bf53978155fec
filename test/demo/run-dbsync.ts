import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { command } from './say.ts'

const PROGRAM = join(import.meta.dirname, '../../node_modules/.bin/dbsync')

/** Runs the built program in a folder, its output as it comes. Throws unless it exits 0. */
export async function runDbsync(folder: string, args: readonly string[]): Promise<void> {
  command(`dbsync ${args.join(' ')}`)
  const child = spawn(PROGRAM, args, { cwd: folder, stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`dbsync ${args.join(' ')} exited ${code}`)
}
