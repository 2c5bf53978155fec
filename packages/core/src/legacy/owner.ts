/**
 * Whose table a file of an older tool speaks of. Its name is `<database>_<table>`, and both may hold underscores: only together with the `table_name`
 * that stands in the file, and with the names of the databases that there are, is it clear where one ends.
 */
export type Owner =
  | { readonly kind: 'one'; readonly database: string; readonly table: string }
  | { readonly kind: 'several'; readonly databases: readonly string[] }
  /** `database`: what the name says, and is no database that is known. */
  | { readonly kind: 'none'; readonly database: string | undefined }

export type Known = {
  readonly names: ReadonlySet<string>
  /** Whether a database may exist under a name that nobody has confirmed. */
  readonly plausible: (database: string) => boolean
}

/** `name`: the file's, without its ending. */
export function ownerOf(name: string, table: string, { names, plausible }: Known): Owner {
  const database = before(name, table)
  if (database !== undefined && (names.has(database) || plausible(database))) return { kind: 'one', database, table }
  const alike = [...names].filter((known) => known !== '' && table !== '' && composed(`${known}_${table}`) === composed(name))
  // Some tools write the whole name into the file as well.
  const prefixes = alike.length === 0 && table === name ? [...names].filter((known) => after(name, known) !== undefined) : alike
  const [only, ...others] = prefixes
  if (only === undefined) return { kind: 'none', database }
  if (others.length > 0) return { kind: 'several', databases: prefixes.toSorted() }
  return { kind: 'one', database: only, table: alike.length === 0 ? (after(name, only) ?? table) : table }
}

function before(name: string, table: string): string | undefined {
  const end = name.length - table.length - 1
  return end > 0 && table !== '' && name.slice(end) === `_${table}` ? name.slice(0, end) : undefined
}

function after(name: string, database: string): string | undefined {
  return database !== '' && name.startsWith(`${database}_`) && name.length > database.length + 1 ? name.slice(database.length + 1) : undefined
}

/** Some file systems take the accents of a name apart. */
const composed = (text: string): string => text.normalize('NFC')
