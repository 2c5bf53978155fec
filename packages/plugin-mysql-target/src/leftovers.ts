import type { TableRef } from '@dbsync/core/plugin'
import { quoteTable } from '@dbsync/mysql'
import { parseStagingName, stagingName } from './names.ts'

/**
 * The statements that put a database right after a killed run, from the names of its tables. Staging tables go; a table that was
 * swapped out comes back where the one that should stand in its place is missing, and stays where that cannot be told.
 */
export function leftoverStatements(database: string, tables: readonly string[]): readonly string[] {
  const there = new Set(tables)
  const expected = new Set(tables.filter((name) => parseStagingName(name) === undefined).map((name) => stagingName(name, 'old')))
  const gone: TableRef[] = []
  const back: string[] = []
  for (const name of tables) {
    const staging = parseStagingName(name)
    if (staging === undefined) continue
    const { role, owner } = staging
    if (role !== 'old' || expected.has(name) || (owner !== undefined && there.has(owner))) gone.push({ database, name })
    else if (owner !== undefined) back.push(`RENAME TABLE ${quoteTable({ database, name })} TO ${quoteTable({ database, name: owner })}`)
  }
  return [...back, ...(gone.length === 0 ? [] : [`DROP TABLE IF EXISTS ${gone.map(quoteTable).join(', ')}`])]
}
