import { createHash } from 'node:crypto'
import type { Column, TableRef } from '@dbsync/core/plugin'
import {
  type ConstraintPart,
  type CreateTableParts,
  type MysqlNative,
  parseColumn,
  parseCreateTable,
  parseKey,
  quoteId,
  renderCreateTable,
  type TablePart,
} from '@dbsync/mysql'
import { mapCode, unquoted } from './definition.ts'

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

type Rule = { readonly in: 'column' | 'key' | 'options'; readonly what: RegExp; readonly becomes: string; readonly since?: number; readonly of?: RegExp }

/** What the one flavour writes and the other reads in another way, or not at all. Nothing in names and strings is touched. */
const RULES: Readonly<Record<Flavour, readonly Rule[]>> = {
  mariadb: [
    { in: 'column', what: /\/\*!80023 INVISIBLE \*\//, becomes: 'INVISIBLE' },
    { in: 'column', what: /\/\*!80003 SRID (\d+) \*\//, becomes: 'REF_SYSTEM_ID=$1' },
    { in: 'column', what: /\s*\/\*!50606 (?:COLUMN_FORMAT|STORAGE) \w+ \*\//, becomes: '' },
    // A column that is computed takes NULL there, always.
    { in: 'column', what: /\s+NOT NULL/, becomes: '', of: /\bGENERATED ALWAYS AS\b/ },
    { in: 'key', what: /\s*\/\*!80000 INVISIBLE \*\//, becomes: ' IGNORED', since: 100600 },
    { in: 'options', what: /\s*(?:\/\*!\d+ )?(?:ENCRYPTION|COMPRESSION|SECONDARY_ENGINE|AUTOEXTEND_SIZE)=(?:'[^']*'|\w+)(?: \*\/)?/, becomes: '' },
  ],
  mysql: [
    { in: 'column', what: /\bINVISIBLE\b/, becomes: '/*!80023 INVISIBLE */' },
    { in: 'column', what: /\bREF_SYSTEM_ID=(\d+)/, becomes: '/*!80003 SRID $1 */' },
    { in: 'column', what: /\s*\/\*M!\d+ COMPRESSED\*\//, becomes: '' },
    { in: 'column', what: /\s+WITHOUT SYSTEM VERSIONING/, becomes: '' },
    // A default that is a function needs parentheses, and so does any default of a long type.
    { in: 'column', what: /DEFAULT (?!current_timestamp)([a-z_]\w*\((?:[^()]|\([^()]*\))*\))/i, becomes: 'DEFAULT ($1)' },
    { in: 'column', what: /DEFAULT ('(?:[^'\\]|''|\\.)*')/, becomes: 'DEFAULT ($1)', of: /^ *(?:tiny|medium|long)?(?:text|blob)\b/i },
    { in: 'key', what: /\bIGNORED\b/, becomes: '/*!80000 INVISIBLE */' },
    { in: 'options', what: /\s*\bWITH SYSTEM VERSIONING\b/, becomes: '' },
    { in: 'options', what: /\s*\b(?:PAGE_CHECKSUM|TRANSACTIONAL|IETF_QUOTES)=\S+/i, becomes: '' },
    { in: 'options', what: /\bENGINE=Aria\b/, becomes: 'ENGINE=InnoDB' },
  ],
}

/** The text of a SHOW CREATE TABLE in the words of the other flavour; the same flavour gets it as it is. */
export function translateDefinition(create: string, table: TableRef, { from, to, toVersion }: Dialects): string {
  if (from === to) return create
  const apply = (text: string, where: Rule['in']): string => {
    const collated = mapCode(text, (code) => code.replaceAll(/\b[a-z0-9]+(?:_[a-z0-9]+)+\b/gi, (word) => translateCollation(word, to, toVersion)))
    const code = unquoted(text)
    const rules = RULES[to].filter((rule) => rule.in === where && (rule.of === undefined || rule.of.test(code)))
    return rules.reduce((now, { what, becomes, since = 0 }) => replaceOutside(now, what, toVersion >= since ? becomes : ''), collated)
  }
  const parts = parseCreateTable(create)
  const columns = parts.columns.map((part) => ({ ...part, definition: apply(part.definition, 'column') }))
  const shared = {
    ...parts,
    options: apply(parts.options, 'options'),
    keys: parts.keys.map((part) => ({ ...part, definition: apply(part.definition, 'key') })),
  }
  return renderCreateTable(table, to === 'mariadb' ? forMariadb({ ...shared, columns }) : forMysql({ ...shared, columns }, table))
}

/** JSON is a text with a check, an index over an expression does not exist, and neither does a check that is not applied. */
function forMariadb(parts: CreateTableParts): CreateTableParts {
  const json = (part: TablePart): TablePart => {
    const name = quoteId(part.name)
    if (!part.definition.startsWith(`${name} json`)) return part
    const rest = part.definition.slice(name.length + ' json'.length)
    return { ...part, definition: `${name} longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin${rest} CHECK (json_valid(${name}))` }
  }
  return {
    ...parts,
    columns: parts.columns.map(json),
    keys: parts.keys.filter((key) => parseKey(key.definition).parts.every(({ column }) => column !== undefined)),
    constraints: parts.constraints.filter(({ definition: text }) => !/\bNOT ENFORCED\b/.test(unquoted(text))),
  }
}

/** A check of a column is one of the table there, under a name that no other table of the database has; an engine's own attributes are unknown. */
function forMysql(parts: CreateTableParts, table: TableRef): CreateTableParts {
  const checks: ConstraintPart[] = []
  const columns = parts.columns.map((part) => {
    const { check } = parseColumn(part.definition)
    if (check === undefined) return part
    const name = `dbsync_chk_${createHash('sha1').update(`${table.name}\0${part.name}`).digest('hex').slice(0, 16)}`
    checks.push({ kind: 'check', name, definition: `CONSTRAINT ${quoteId(name)} CHECK (${check})` })
    return { ...part, definition: replaceOutside(part.definition, /\s*\bCHECK \((?:[^()`'"]|`[^`]*`|'[^']*'|"[^"]*"|\((?:[^()]|\([^()]*\))*\))*\)$/, '') }
  })
  const options = parts.options.replace(/\s*`[^`]+`=(?:'[^']*'|\w+)/g, '')
  return { ...parts, columns, options, constraints: [...parts.constraints, ...checks] }
}

/** Replaces what begins outside of names and strings. */
const replaceOutside = (text: string, what: RegExp, becomes: string): string =>
  text.replace(new RegExp(`\`(?:[^\`]|\`\`)*\`|'(?:[^'\\\\]|''|\\\\.)*'|(?<found>${what.source})`, `gs${what.flags}`), (...found) => {
    const match = found[0] as string
    const groups = found.at(-1) as { readonly found?: string }
    return groups.found === undefined ? match : match.replace(what, becomes)
  })

/** A column as the other flavour describes it once the translated definition is there. */
export function translateColumn(column: Column, { from, to, toVersion }: Dialects): Column {
  if (from === to) return column
  const computed = to === 'mariadb' && column.generated !== undefined ? { nullable: true } : {}
  if (column.type.kind === 'json' && to === 'mariadb') return { ...column, ...computed, native: 'longtext', charset: 'utf8mb4', collation: 'utf8mb4_bin' }
  // MariaDB's JSON is a LONGTEXT with a check, and stays one.
  const type = column.type.kind === 'json' ? ({ kind: 'text' } as const) : column.type
  const native = to === 'mysql' && column.native !== undefined ? { native: column.native.replace(/\s*\/\*M!\d+ COMPRESSED\*\//, '') } : {}
  return {
    ...column,
    ...computed,
    ...native,
    type,
    ...(column.collation === undefined ? {} : { collation: translateCollation(column.collation, to, toVersion) }),
  }
}

/** The nearest that this flavour has. */
export function translateCollation(name: string, to: Flavour, toVersion: number): string {
  const found = COLLATIONS[to].get(name)
  if (found === undefined) return name
  return to === 'mariadb' && toVersion < BEFORE_UCA1400 && found.includes('uca1400') ? 'utf8mb4_unicode_520_nopad_ci' : found
}
