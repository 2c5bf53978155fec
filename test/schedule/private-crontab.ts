import { spawnSync } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const SPOOL = '/var/spool/cron/crontabs'

export type PrivateCrontab = {
  /** To be the first folder of PATH. */
  readonly bin: string
  /** Whether it is the machine's own program `crontab`. */
  readonly real: boolean
  read(): Buffer | undefined
  write(content: Buffer): void
}

/**
 * A `crontab` that keeps its files below `folder`. It is the real program, where the machine has it and root may give it a mount namespace of
 * its own, in which that folder lies over the spool: it starts only when that has worked, so that no real crontab can be reached. Elsewhere
 * and with `real: false` it is a script that does what POSIX asks of `crontab -l`, `-r` and `-`.
 */
export async function privateCrontab(folder: string, { real: wanted = true } = {}): Promise<PrivateCrontab> {
  const bin = join(folder, 'bin')
  const spool = join(folder, 'spool')
  await mkdir(bin, { recursive: true })
  await mkdir(spool)
  const program = join(bin, 'crontab')
  const run = (...args: readonly string[]) => spawnSync(program, args)
  const crontab = (real: boolean): PrivateCrontab => ({
    bin,
    real,
    read: () => {
      const { status, stdout } = run('-l')
      return status === 0 ? stdout : undefined
    },
    write: (content) => {
      const { status, stderr } = spawnSync(program, ['-'], { input: content })
      if (status !== 0) throw new Error(`crontab -: ${stderr.toString()}`)
    },
  })
  const { stdout } = spawnSync('sh', ['-c', 'command -v crontab'], { encoding: 'utf8' })
  if (wanted && stdout.trim() !== '') {
    // The program insists on these.
    await chmod(spool, 0o1730)
    spawnSync('chgrp', ['crontab', spool])
    await script(program, `exec unshare --mount sh -c 'mount --bind "$0" ${SPOOL} && exec "$@"' '${spool}' '${stdout.trim()}' "$@"`)
    const works = crontab(true)
    const line = Buffer.from('0 0 1 1 * true\n')
    if (spawnSync(program, ['-'], { input: line }).status === 0 && works.read()?.equals(line) && run('-r').status === 0) return works
  }
  await script(
    program,
    `file='${spool}/crontab'
case "$1" in
  -l) [ -e "$file" ] || { echo 'no crontab for tester' >&2; exit 1; }; cat "$file" ;;
  -r) rm "$file" ;;
  -) cat >"$file.new" && mv "$file.new" "$file" ;;
esac`,
  )
  return crontab(false)
}

async function script(path: string, commands: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${commands}\n`)
  await chmod(path, 0o755)
}
