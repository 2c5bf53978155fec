import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { findProgram } from './binaries.ts'
import type { ServerAddress } from './client.ts'

/**
 * Runs SQL files in a database, which must exist, with MariaDB's own client: it knows DELIMITER.
 * Statements that create, drop or choose a database are left out, and names that the file qualifies lose their database.
 */
export async function loadSql(server: ServerAddress, database: string, files: readonly string[]): Promise<void> {
  const client = await findProgram('mariadb', 'mysql')
  for (const file of files) {
    const sql = intoDatabase(await readFile(file, 'utf8'))
    const child = spawn(
      client,
      ['--no-defaults', `--socket=${server.socket}`, `--user=${server.user}`, '--default-character-set=utf8mb4', `--database=${database}`],
      {
        stdio: ['pipe', 'ignore', 'pipe'],
        env: { ...process.env, MYSQL_PWD: server.password },
      },
    )
    // The client ends before it has read everything when a statement fails: its message says more than EPIPE.
    child.stdin.on('error', () => {})
    child.stdin.end(sql)
    const [[code], message] = await Promise.all([once(child, 'close'), text(child.stderr)])
    if (code !== 0) throw new Error(`${file}: ${/^ERROR .*/m.exec(message)?.[0] ?? message}`)
  }
}

/** Leaves out what ties a dump to one database's name. Pure; statements are looked for at the beginning of a line, as dumps write them. */
export function intoDatabase(sql: string): string {
  const name = /^\s*USE\s+(`[^`]+`|\w+)\s*;/im.exec(sql)?.[1]
  const free = sql.replaceAll(/^[ \t]*(?:CREATE|DROP)\s+(?:DATABASE|SCHEMA)\b[^;\n]*;/gim, '').replaceAll(/^[ \t]*USE\s+(?:`[^`]+`|\w+)\s*;/gim, '')
  if (name === undefined) return free
  return name.startsWith('`') ? free.replaceAll(`${name}.`, '') : free.replaceAll(new RegExp(`(?<![\\w@.])${name}\\.(?=\\w)`, 'g'), '')
}
