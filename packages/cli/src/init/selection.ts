import { matcher, nameMatcher, patternFault, type TableSchema } from '@dbsync/core'
import { printable } from '../printable.ts'
import type { Known } from './answers.ts'
import type { Desk } from './desk.ts'
import { badAnswer } from './question.ts'

/** The tables of the chosen databases, as far as they were described. */
export function databaseTables({ databases = [] }: Known, { source }: Desk): readonly TableSchema[] {
  const wanted = nameMatcher(databases)
  return [...(source?.tables ?? [])].flatMap(([database, tables]) => (wanted(database) ? tables : []))
}

/** Those of them that are copied. */
export function chosenTables(known: Known, desk: Desk): readonly TableSchema[] {
  const { tables = [], exclude = [] } = known
  const [included, excluded] = [matcher(tables), matcher(exclude)]
  return databaseTables(known, desk).filter(({ table: { database, name } }) => (tables.length === 0 || included(database, name)) && !excluded(database, name))
}

/** The patterns, if all of them can be used. Throws `INIT_ANSWER`. */
export function patternFaults(flag: string, patterns: readonly string[]): readonly string[] {
  for (const pattern of patterns) {
    const fault = patternFault(pattern)
    if (fault !== undefined) throw badAnswer(flag, `has the pattern ${printable(pattern)}, which ${fault}.`)
  }
  return patterns
}
