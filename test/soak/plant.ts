import { type DatabaseOf, quote } from '@dbsync/testkit'
import type { Chance } from '../corpus/random.ts'
import type { Project } from '../project.ts'
import type { Mix } from './mix.ts'

/** Changes rows of the copy behind dbsync's back; the answer says which. */
export async function plant(mix: Mix): Promise<string> {
  mix.planted = true
  forgetJournals(mix)
  const statements = await changeRows(mix.work, mix.chance)
  mix.log(`target: ${statements}`)
  return statements
}

/** Something wrote to the copy that is in no journal: they stop where it did, and keep what it did elsewhere. */
export function forgetJournals(mix: Mix): void {
  const { points } = mix
  mix.outsideAt = Date.now()
  for (const name of points.keys()) if (name.includes('.journal')) points.delete(name)
}

async function changeRows({ target }: Project, chance: Chance): Promise<string> {
  const tables = await target.server.query(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ? AND table_type = 'BASE TABLE' AND table_name NOT LIKE '\\_dbsync%' ORDER BY 1",
    [target.database],
  )
  const statements: string[] = []
  // A copy that a killed run has just begun may have nothing to change.
  for (let tries = 0; tables.length > 0 && tries < (statements.length === 0 ? 50 : 2); tries++) {
    const name = `${quote(target.database)}.${quote(String(chance.pick(tables)['name']))}`
    const [found] = await target.server.query(`SHOW COLUMNS FROM ${name} WHERE Field IN ('v', 'n', 't', 'c', 'text', 'code')`)
    const column = found === undefined ? undefined : quote(String(found['Field']))
    const update = column === undefined ? [] : [`UPDATE IGNORE ${name} SET ${column} = IF(${column} <=> 77, 78, 77) LIMIT ${1 + chance.below(3)}`]
    const sql = chance.pick([`DELETE FROM ${name} LIMIT ${1 + chance.below(3)}`, ...update])
    const rows = await changed(target, sql)
    if (rows > 0) statements.push(sql)
  }
  return statements.join('; ')
}

async function changed({ server }: DatabaseOf, sql: string): Promise<number> {
  const at = await server.connect()
  try {
    await at.query('SET foreign_key_checks = 0')
    const [result] = await at.query(sql)
    return (result as { readonly affectedRows: number }).affectedRows
  } finally {
    at.destroy()
  }
}
