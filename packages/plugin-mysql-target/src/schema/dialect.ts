import type { ServerFacts } from '@dbsync/mysql'

/** What the statements of a definition depend on. */
export type Dialect = {
  readonly flavour: 'mariadb' | 'mysql'
  readonly renamesIndexes: boolean
  readonly renamesColumns: boolean
  readonly dropCheck: 'DROP CONSTRAINT' | 'DROP CHECK'
  /** Names of databases and tables are the same in capitals and in small letters. */
  readonly foldsNames: boolean
}

export function dialectOf({ flavour, versionNumber, lowerCaseTableNames }: Pick<ServerFacts, 'flavour' | 'versionNumber' | 'lowerCaseTableNames'>): Dialect {
  const mysql = flavour === 'mysql'
  return {
    flavour,
    renamesIndexes: versionNumber >= (mysql ? 50700 : 100502),
    renamesColumns: versionNumber >= (mysql ? 80000 : 100502),
    foldsNames: lowerCaseTableNames !== 0,
    dropCheck: mysql && versionNumber < 80019 ? 'DROP CHECK' : 'DROP CONSTRAINT',
  }
}
