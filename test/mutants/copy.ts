import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { command } from './command.ts'

export type Copy = AsyncDisposable & { readonly root: string }

/** The workspace as it is now, without what git ignores, in a folder of its own, installed and built. */
export async function copyOf(workspace: string, signal: AbortSignal): Promise<Copy> {
  const root = await mkdtemp(join(tmpdir(), 'dbsync-mutants-'))
  const remove = () => rm(root, { recursive: true, force: true })
  try {
    const listed = await promisify(execFile)('git', ['-C', workspace, 'ls-files', '-z', '-co', '--exclude-standard'], { signal, maxBuffer: 1 << 26 })
    for (const path of new Set(listed.stdout.split('\0').filter((each) => each !== ''))) {
      await cp(join(workspace, path), join(root, path), { verbatimSymlinks: true }).catch((error: NodeJS.ErrnoException) => {
        // Git still lists a file that was deleted just now.
        if (error.code !== 'ENOENT') throw error
      })
    }
    await must(root, ['npx', '-y', 'pnpm@12', 'install', '--prefer-offline', '--frozen-lockfile'], signal)
    await build(root, signal)
    return { root, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Without a bundle, so that the program runs what tsc wrote. */
export async function build(root: string, signal: AbortSignal): Promise<void> {
  await must(root, [join(root, 'node_modules/.bin/tsc'), '-b'], signal, (code) => WRONG_TYPES.includes(code ?? -1))
}

/** What tsc says of wrong types, having written everything, or having had nothing to write: tests do not look at types, and a fault need not have the right ones. */
const WRONG_TYPES: readonly number[] = [1, 2]

async function must(root: string, [program = '', ...args]: readonly string[], signal: AbortSignal, tolerated = (_code: number | null) => false): Promise<void> {
  const { code, output } = await command(program, args, { cwd: root, signal })
  if (code !== 0 && !tolerated(code)) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${output.slice(-4000)}`)
}
