import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Where Debian and others keep servers, which is not in every user's PATH. */
const MORE_PLACES = ['/usr/sbin', '/usr/local/sbin', '/usr/libexec', '/usr/local/bin', '/opt/homebrew/bin']

/** The path of one of MariaDB's programs. Throws, naming the package to install, when it is not there. */
export async function findProgram(...names: readonly string[]): Promise<string> {
  const places = [...(process.env.PATH ?? '').split(delimiter), ...MORE_PLACES]
  for (const name of names) {
    for (const place of places) {
      const path = join(place, name)
      if (place !== '' && (await isExecutable(path))) return path
    }
  }
  throw new Error(`${names.join(' or ')} was not found. Install MariaDB first, on Debian: apt-get install -y --no-install-recommends mariadb-server`)
}

/** The server's version as one word that is safe in a file name, such as `10.11.19-MariaDB`. */
export async function serverVersion(mariadbd: string): Promise<string> {
  const { stdout } = await run(mariadbd, ['--no-defaults', '--version'])
  return (/Ver (\S+)/.exec(stdout)?.[1] ?? 'unknown').replaceAll(/[^\w.-]/g, '_')
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
