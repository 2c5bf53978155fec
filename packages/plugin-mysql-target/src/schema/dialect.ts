import type { ServerFacts } from '@dbsync/mysql'

/** What the statements of a definition depend on. */
export type Dialect = {
  readonly flavour: 'mariadb' | 'mysql'
  readonly renamesIndexes: boolean
  readonly renamesColumns: boolean
  readonly dropCheck: 'DROP CONSTRAINT' | 'DROP CHECK'
}

export function dialectOf({ flavour, versionNumber }: Pick<ServerFacts, 'flavour' | 'versionNumber'>): Dialect {
  const mysql = flavour === 'mysql'
  return {
    flavour,
    renamesIndexes: versionNumber >= (mysql ? 50700 : 100502),
    renamesColumns: versionNumber >= (mysql ? 80000 : 100502),
    dropCheck: mysql && versionNumber < 80019 ? 'DROP CHECK' : 'DROP CONSTRAINT',
  }
}
