import type { FlagOverrides } from '@dbsync/core'
import * as Flags from '@oclif/core/flags'
import type { ProjectFlags } from './load-project.ts'

const several = (summary: string, helpValue: string) =>
  Flags.string({ summary: `${summary}; may be given several times.`, helpValue, helpGroup: 'SELECTION', multiple: true, multipleNonGreedy: true })

export const targetsFlag = several('Only this target', 'NAME')

/** A selection that has to be made: nothing happens to what was not named. */
export const namedDatabasesFlag = several('This database, by its name at the source', 'NAME')

/** What a command is about, of all that is configured. */
export const selectionFlags = {
  target: targetsFlag,
  database: several('Only databases that match, by their names at the source', 'GLOB'),
  table: several('Only tables (table, or database.table) that match', 'GLOB'),
}

type Selection = {
  readonly target?: readonly string[] | undefined
  readonly database?: readonly string[] | undefined
  readonly table?: readonly string[] | undefined
}

/** The flags that were given, as what they override. */
export const selection = ({ target, database, table }: Selection): Pick<FlagOverrides, 'targets' | 'databases' | 'tables'> => ({
  ...(target === undefined ? {} : { targets: target }),
  ...(database === undefined ? {} : { databases: database }),
  ...(table === undefined ? {} : { tables: table }),
})

/** The project, narrowed to what was selected. */
export const selecting = (project: ProjectFlags, flags: Selection): ProjectFlags => ({
  ...project,
  overrides: { ...project.overrides, ...selection(flags) },
})
