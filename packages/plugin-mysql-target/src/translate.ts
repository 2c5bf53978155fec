import type { Column } from '@dbsync/core/plugin'
import type { MysqlNative } from '@dbsync/mysql'
import { mapCode } from './definition.ts'

type Flavour = MysqlNative['flavour']

/**
 * What one flavour calls otherwise or lacks, and the nearest that the other one has. Names only; a value never changes.
 * MySQL's `utf8mb4_0900_*` do not pad, and neither do MariaDB's `nopad` collations of the same Unicode version or a later one.
 */
const COLLATIONS: Readonly<Record<Flavour, ReadonlyMap<string, string>>> = {
  mariadb: new Map([
    ['utf8mb4_0900_ai_ci', 'utf8mb4_uca1400_nopad_ai_ci'],
    ['utf8mb4_0900_as_ci', 'utf8mb4_uca1400_nopad_as_ci'],
    ['utf8mb4_0900_as_cs', 'utf8mb4_uca1400_nopad_as_cs'],
    ['utf8mb4_0900_bin', 'utf8mb4_nopad_bin'],
  ]),
  mysql: new Map([
    ['utf8mb4_uca1400_ai_ci', 'utf8mb4_0900_ai_ci'],
    ['utf8mb4_uca1400_as_ci', 'utf8mb4_0900_as_ci'],
    ['utf8mb4_uca1400_as_cs', 'utf8mb4_0900_as_cs'],
    ['utf8mb4_uca1400_nopad_ai_ci', 'utf8mb4_0900_ai_ci'],
    ['utf8mb4_uca1400_nopad_as_ci', 'utf8mb4_0900_as_ci'],
    ['utf8mb4_uca1400_nopad_as_cs', 'utf8mb4_0900_as_cs'],
    ['utf8mb4_unicode_520_nopad_ci', 'utf8mb4_0900_ai_ci'],
    ['utf8mb4_nopad_bin', 'utf8mb4_0900_bin'],
  ]),
}

/** MariaDB took up the Unicode 14 collations in 10.10. */
const BEFORE_UCA1400 = 101000

export type Dialects = { readonly from: Flavour; readonly to: Flavour; readonly toVersion: number }

/** The text of a SHOW CREATE TABLE in the words of the other flavour; the same flavour gets it as it is. */
export function translateDefinition(create: string, { from, to, toVersion }: Dialects): string {
  if (from === to) return create
  return mapCode(create, (code) => {
    const renamed = code.replaceAll(/\b[a-z0-9]+(?:_[a-z0-9]+)+\b/gi, (word) => translateCollation(word, to, toVersion))
    return to === 'mysql' ? renamed.replaceAll(/\s+(?:PAGE_CHECKSUM|TRANSACTIONAL|IETF_QUOTES)=\S+/gi, '') : renamed
  })
}

/** A column as the other flavour describes it once the translated definition is there. */
export function translateColumn(column: Column, { from, to, toVersion }: Dialects): Column {
  if (from === to) return column
  if (column.type.kind === 'json' && to === 'mariadb') return { ...column, native: 'longtext', charset: 'utf8mb4', collation: 'utf8mb4_bin' }
  // MariaDB's JSON is a LONGTEXT with a check, and stays one.
  const type = column.type.kind === 'json' ? ({ kind: 'text' } as const) : column.type
  return { ...column, type, ...(column.collation === undefined ? {} : { collation: translateCollation(column.collation, to, toVersion) }) }
}

function translateCollation(name: string, to: Flavour, toVersion: number): string {
  const found = COLLATIONS[to].get(name)
  if (found === undefined) return name
  return to === 'mariadb' && toVersion < BEFORE_UCA1400 && found.includes('uca1400') ? 'utf8mb4_unicode_520_nopad_ci' : found
}
