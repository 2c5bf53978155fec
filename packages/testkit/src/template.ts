import { execFile } from 'node:child_process'
import { chmod, lstat, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findProgram, serverVersion } from './binaries.ts'

const run = promisify(execFile)

/** Size of the redo log. Smaller ones are copied quicker, and with 16M a server was seen to come to a halt under rows of 12 MB. */
export const REDO_LOG = '96M'

/**
 * A freshly initialised data folder of the installed MariaDB: made once per user and version, and then only copied.
 * Two processes may ask at once: each makes its own and the first rename wins.
 */
export async function templateFolder(mariadbd: string): Promise<string> {
  const cache = await cacheFolder()
  const template = join(cache, `template-2-${await serverVersion(mariadbd)}`)
  if (await exists(template)) return template
  const draft = await mkdtemp(join(cache, 'draft-'))
  const [data, temporary] = [join(draft, 'data'), join(draft, 'tmp')]
  try {
    await Promise.all([mkdir(data), mkdir(temporary)])
    const install = await findProgram('mariadb-install-db', 'mysql_install_db')
    await run(install, [
      '--no-defaults',
      `--datadir=${data}`,
      // Of its own: two of them at work in one folder remove each other's temporary tables.
      `--tmpdir=${temporary}`,
      `--innodb-log-file-size=${REDO_LOG}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--skip-name-resolve',
      ...asRoot(),
    ])
    await rename(data, template)
  } catch (error) {
    // A rename onto a template that another process has finished meanwhile fails: then there is one.
    if (!(await exists(template))) throw error
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return template
}

/** mariadbd refuses to run as root unless told to. */
export const asRoot = (): readonly string[] => (process.getuid?.() === 0 ? ['--user=root'] : [])

/** Per user, and nobody else's: a folder that somebody else prepared under this name is refused. */
async function cacheFolder(): Promise<string> {
  const uid = process.getuid?.() ?? 0
  const folder = join(tmpdir(), `dbsync-mariadb-${uid}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const found = await lstat(folder)
  if (!found.isDirectory() || found.uid !== uid) throw new Error(`${folder} is not a folder of this user: remove it, or set TMPDIR to another folder`)
  await chmod(folder, 0o700)
  return folder
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
